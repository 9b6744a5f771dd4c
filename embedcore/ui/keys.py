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
WORDS = "words"
