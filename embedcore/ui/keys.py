"""The keys of all widgets. Those that are bound to the URL are its parameters: they stay as they are."""

# Train, the form (in the URL)
SOURCE = "source"
SAMPLE = "sample"
TOKENIZER = "tokenizer"
SETTING = {
    name: name
    for name in ("dim", "epochs", "window", "negative", "min_count", "sample_rate", "lr", "batch", "seed", "init")
}
OBJECTIVE = "objective"
PRETRAINED = "pretrained"
FREEZE = "freeze"
SENTENCE = "sentence"
OTHER_SENTENCE = "sentence2"
# Train, the form (not in the URL: a text is no link)
PASTED = "pasted_text"
CHANGE_TEXT = "change_text"
UPLOAD = "uploaded_text"
ENCODING = "upload_encoding"
COLUMN = "upload_column"
JOIN_LINES = "join_lines"
START = "start_training"

# Train, a run
RUN = "run"
WITH = "with"  # the run that it is compared with
STOP = "stop_run"
WATCH = "watch"
ZOOM = "zoom"
FOLLOW = "follow"
REPLAY = "replay"
MAP = "word_map"
MAP_FRAGMENT = "map_fragment"
WORDS_FRAGMENT = "words_fragment"
NAME = "new_name"
KEEP_NAME = "keep_name"
KEEP = "keep_vectors"
FORMAT = "download_format"
DOWNLOAD = "download_vectors"
NEW_RUN = "new_run"
MOVED_ORDER = "moved_order"
LOSS_CHART = "loss_chart"
TABLE_CHART = "lookup_chart"
RUNS_PAGE = "runs_page"
ACTIONS = "actions"
RENAME = "rename_run"
PASSES = "passes_to_add"
ADD_PASSES = "add_passes"
OTHER_RUN = "other_run"
COMPARE_RUNS = "compare_runs"
CURVES_CHART = "two_loss_curves"
DELETE = "delete_run"

# Compare (in the URL)
VECTORS = "vectors"
OTHER_SET = "other"
ASK = "ask"  # which question
WORDS = "words"
WORD = "word"
ORDER = "order"
PAIRS = "pairs"  # which of them first
TEXT = "text"
OTHER_TEXT = "text2"
SPLIT = "split"  # how texts become words
AMONG = "among"
TOP = "top"
ONLY = "only"
EXPRESSION = "expression"
METHOD = "method"  # how words are combined
AXIS = "axis"
OTHER_AXIS = "axis2"
OVER = "over"  # which words two sets are compared over
NEAR = "near"  # among how many words their neighbours are looked for
SORT = "sort"  # which of these words come first
PACKED = "link"  # of Compare and Map, bound to no input: all that a link from one to the other says
# Compare (not in the URL)
FIND_WORD = "find_word"
PASTE_LIST = "paste_list"
PASTED_WORDS = "pasted_words"
SWAP_SETS = "swap_sets"
ADD_PASTED = "add_pasted_words"
SHARE = "share"
CSV = "csv"
TAKE_PASTED = "take_pasted_words"
OPEN_WORD = "open_word"  # the beginning of the keys of buttons, each with its place

# Map (in the URL, with VECTORS, OTHER_SET, WORDS, WORD, TOP, AXIS and RUN)
WHICH = "which"  # words
COUNT = "count"
AROUND = "around"  # how many neighbours of each
LAYOUT = "layout"
DIMENSIONS = "dimensions"
MAP_SEED = "map_seed"  # parameters of a layout are called after both, such as umap_n_neighbors
COLOR = "color"
FIND_BY = "find_by"  # how clusters are found
GROUPS = "groups"
LEAST = "least"  # words of a cluster
LIKE = "like"  # the word whose similarity is the colour
# Map (not in the URL)
BIG_MAP = "big_map"  # the chart
MAKE_MAP = "make_map"
STOP_MAP = "stop_map"
MAP_NEAR = "map_neighborhood"
FIND_GROUPS = "find_groups_again"
PICKED = "picked_words"  # the beginning of the keys of what can be done with words drawn around
PICKED_NAME = "picked_name"
PICKED_SET = "picked_set"  # whose vectors, of two sets
PICKED_KEEP = "picked_keep"
PICKED_EXPORT = "picked_export"
PICKED_FORMAT = "picked_format"
PICKED_MAP = "picked_map"
COORDINATES = "coordinates"
MAPS_PAGE = "maps_page"
DELETE_MAP = "delete_map"

# Transfer, the form (in the URL, with TOKENIZER and VECTORS; none of the others is a name of Train's, since what
# is set on one page is still there on the next)
LABELLED_FROM = "texts"
LABELLED_SAMPLE = "labelled"
DIVIDE = "divide"  # by a seed, or by what the texts say
SPLIT_SEED = "split_seed"
VALIDATION = "validation"  # per cent
TEST = "test"  # per cent
WITHOUT_LEAKS = "without_leaks"
MODEL = "model"
STARTS = "starts"
SIZES = "sizes"
SEEDS = "seeds"
FIT = {
    name: f"fit_{name}"
    for name in ("seed", "dim", "hidden", "word_dropout", "dropout", "lr", "batch", "epochs", "patience", "min_count")
}
# Transfer, the form (not in the URL)
LABELLED = "labelled_text"
CHANGE_LABELLED = "change_labelled_text"
LABELLED_FILE = "labelled_file"
TEST_FILE = "labelled_test_file"
LABELLED_ENCODING = "labelled_encoding"
TEST_ENCODING = "labelled_test_encoding"
TEXT_COLUMN = "text_column"
LABEL_COLUMN = "label_column"
PART_COLUMN = "part_column"
START_EXPERIMENT = "start_experiment"

# Transfer, an experiment (in the URL, with RUN)
MEASURE = "measure"
MIXED_START = "mixed"  # whose answers are looked at
MIXED_SIZE = "mixed_at"
# Transfer, an experiment (not in the URL)
TRANSFER_CHART = "transfer_curves"
MIXED_CHART = "mixed_up_chart"
EXPERIMENT_TABLE = "experiment_table"
RESUME = "resume_experiment"
EMBED_EXPERIMENT = "embed_experiment"
EXPERIMENTS_PAGE = "experiments_page"

# Transfer, inside an experiment (in the URL, with RUN)
MOVED_SIZE = "moved_at"
PULL_START = "pulls_of"
PULL_LABEL = "pulls_to"
TRY = "try"
TRY_SIZE = "try_at"
CODE_SIZE = "code_at"
# Transfer, inside an experiment (not in the URL)
EXAMPLE = "try_example"  # the beginning of the keys of buttons, each with its number
LIKELY_CHART = "likely_labels"  # the beginning of the keys of charts, each with its start
PULLS_CHART = "pulls_chart"  # each with its label's number
KEEP_SIZE = "keep_at"
TEXTS_DOWNLOAD = "download_texts"

# Library (in the URL; the job that a link shows is RUN)
SET = "set"
FIND_SETS = "sets"
FIND = "find"
FAMILY = "family"
LANGUAGE = "language"
DIMS = "dims"
IMPORT_FROM = "from"
IMPORT_FILE = "file"
# Library (not in the URL)
SETS_PAGE = "sets_page"
SET_DETAILS = "set_details"
SET_ACTIONS = "set_actions"
SET_NAME = "set_name"
RENAME_SET = "rename_set"
DELETE_SET = "delete_set"
EXPORT_FORMAT = "export_format"
EXPORT_DOWNLOAD = "export_download"
EXPORT_START = "export_start"
JOB_STOP = "stop_job"
JOB_RESUME = "resume_job"
JOB_REMOVE = "remove_job"
CATALOG_PAGE = "catalog_page"
FETCH = "fetch"
FETCHED_REMOVE = "remove_fetched"
IMPORT_UPLOAD = "uploaded_vectors"
IMPORT_CHOICE = "import_choice"
IMPORT_URL = "import_url"
FETCH_URL = "fetch_url"
IMPORT_FORMAT = "import_format"
IMPORT_MEMBER = "import_member"
IMPORT_NAME = "import_name"
IMPORT_LICENCE = "import_licence"
IMPORT_SOURCE = "import_source"
IMPORT_START = "start_import"
