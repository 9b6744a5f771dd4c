"""The lines of plain PyTorch that make the fits of an experiment, ready to copy.

Here belongs text that is code, with the numbers of one experiment: texts to integers, the three
embeddings, the network, and learning. Run one after the other they come to the accuracies that the
page shows; the tests run these very lines. Nothing here runs them or imports torch. What others
wrote goes in through `repr` only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from embedcore.snippets import drawn, listed, token_code
from embedcore.snippets_pretrained import numbers_by_word
from embedcore.training.initial import UNIFORM
from embedcore.transfer.config import AVERAGE, AVERAGED, FROZEN, LOOK_STEPS, SCRATCH, TUNED, WIDTHS, TransferConfig
from embedcore.transfer.encoding import MOST_TOKENS
from embedcore.transfer.labelled import PARTS, TRAIN, LabelledTexts
from embedcore.transfer.splitting import Split, in_order
from embedcore.vocab import PAD, UNK

TEXTS_FILE = "divided_texts.jsonl"  # what the lines read; `texts_file` makes it, and the page offers it for download

_IMPORTS = [
    "import copy", "import json", "from collections import Counter", "import numpy as np", "import torch",
    "from torch import nn", "from torch.nn import functional", "from torch.optim.swa_utils import AveragedModel",
]  # fmt: skip
_OTHERS = ("numpy", "torch", "kiwipiepy")
_NEWLINE = "\n"

_SCRATCH = """    # Only the words of these training texts have a row, and it starts small, at random.
    "scratch": nn.Embedding.from_pretrained(torch.from_numpy(start[:learned]), freeze=False, padding_idx=1),"""
_FROZEN = """    # No row learns; only the network on top of it does.
    "frozen": nn.Embedding.from_pretrained(torch.from_numpy(weight), freeze=True, padding_idx=1),"""
_TUNED = """    # The rows of the training texts' words learn, too.
    "tuned": nn.Embedding.from_pretrained(torch.from_numpy(weight.copy()), freeze=False, padding_idx=1),"""
_LAYERS = {SCRATCH: _SCRATCH, FROZEN: _FROZEN, TUNED: _TUNED}


@dataclass(frozen=True)
class Fits:
    """The fits of one size and of the experiment's first seed.

    Attributes:
        config: the experiment's settings.
        classes: (C) its labels, in the order of their numbers.
        size: training texts.
        dim: numbers in a vector.
        validation: texts that say when to stop; 0: there are none.
        accuracies: the share of the test that each start got right, by start; of those to be shown.
    """

    config: TransferConfig
    classes: tuple[str, ...]
    size: int
    dim: int
    validation: int
    accuracies: Mapping[str, float]

    @property
    def starts(self) -> list[str]:
        """The starts that are shown, in the experiment's order."""
        return [start for start in self.config.starts if start in self.accuracies]

    @property
    def from_set(self) -> bool:
        """Whether one of them starts from a vector set."""
        return bool({FROZEN, TUNED} & {*self.starts})


def texts_file(data: LabelledTexts, split: Split, seed: int) -> str:
    """The texts as the lines read them, a JSON object a line: those for training in the order that a seed draws."""
    places = {TRAIN: in_order(data.labels, split.train, seed), "validation": split.validation, "test": split.test}
    return "".join(
        json.dumps(
            {"text": data.texts[place], "label": data.classes[data.labels[place]], "part": part}, ensure_ascii=False
        )
        + "\n"
        for part in PARTS
        for place in places[part].tolist()
    )


def all_lines(fits: Fits, text: str, name: str | None, *, lowercased: bool) -> str:
    """Everything in one file, in the order in which it runs."""
    return "\n\n".join(
        [integers(fits, text), embeddings(fits, name, lowercased=lowercased), network(fits), learning(fits)]
    )


def integers(fits: Fits, text: str) -> str:
    """From TEXTS_FILE to tokens, labels, and the integers of the words that the training texts have.

    `text` is all texts, one a line: how they are split has to know which characters they have.
    """
    config = fits.config
    imports, define, tokens = token_code(text, config.tokenizer)
    order = sorted({*imports, *_IMPORTS}, key=lambda line: (line.startswith("from"), line))
    conditions = [f"count >= {config.min_count}"] if config.min_count > 1 else []
    if config.tokenizer == "whitespace" and (UNK in text or PAD in text):
        conditions.append(f'word not in ("{UNK}", "{PAD}")')
    kept = f" if {' and '.join(conditions)}" if conditions else ""
    return f"""{_NEWLINE.join(line for line in order if not _other(line))}

{_NEWLINE.join(filter(_other, order))}
{define}
# The texts of this experiment, those for training in the order in which its first seed takes them.
with open("{TEXTS_FILE}", encoding="utf-8") as lines:
    texts = [json.loads(line) for line in lines]
classes = {listed(map(repr, fits.classes))}
tokens, labels = {{}}, {{}}
for part in ("train", "validation", "test"):
    its = [text for text in texts if text["part"] == part]
    if part == "train":
        its = its[:{fits.size}]
    tokens[part] = [{tokens}[:{MOST_TOKENS}] for line in (text["text"] for text in its)]
    labels[part] = torch.tensor([classes.index(text["label"]) for text in its])  # (N,)

# The vocabulary is that of the training texts: <unk> is 0 and <pad> is 1, then by falling count.
counts = Counter(word for words in tokens["train"] for word in words)
itos = ["{UNK}", "{PAD}"] + [word for word, count in counts.most_common(){kept}]
learned = len(itos)
"""


def _other(line: str) -> bool:
    """Whether a line imports what is not Python's own."""
    return line.split()[1].split(".")[0] in _OTHERS


def embeddings(fits: Fits, name: str | None, *, lowercased: bool) -> str:
    """The three layers, with the first weights of the fits, bit for bit; `name` is the vector set's.

    Follows `integers`. `lowercased`: the set has no capital letters, and finds its words for those that have.
    """
    about, draw = drawn("len(itos)", fits.dim, fits.config.seed, UNIFORM)
    layers = "\n".join(_LAYERS[start] for start in fits.starts)
    made = f"# padding_idx=1: the row of <pad> stays zero.\nembeddings = {{\n{layers}\n}}\n"
    if not fits.from_set:
        return f"""# The first weight: from the seed, {about}, and zeros for <pad>.
start = {draw}
start[1] = 0
stoi = {{word: integer for integer, word in enumerate(itos)}}
{made}"""
    # The tokens of the other tokenizer are composed and lower-case already.
    exact = not lowercased or fits.config.tokenizer == "words"
    wanted, row = ("{*everything}", "rows.get(word)") if exact else (
        "{*everything, *map(str.lower, everything)}", "rows.get(word) or rows.get(word.lower())"
    )  # fmt: skip
    return f"""everything = dict.fromkeys(
    word for part in ("train", "validation", "test") for words in tokens[part] for word in words
)
{numbers_by_word(name, wanted)}
# A word that no training text has keeps the set's row, as if the whole set stood in the table.
known = {{*itos}}
itos += [word for word in everything if word not in known and {row if exact else f"({row})"}]
stoi = {{word: integer for integer, word in enumerate(itos)}}

# Rows are gathered by word: where it stands in the set has nothing to do with its integer here.
# What the set does not have starts at random, {about}; <pad> is zeros.
start = {draw}
start[1] = 0
weight = start.copy()  # (V, {fits.dim})
for integer, word in enumerate(itos[2:], start=2):
    numbers = {row}
    if numbers:
        weight[integer] = np.array(numbers, dtype=np.float32)

{made}"""


def network(fits: Fits) -> str:
    """The classifier, as a class that takes one of the layers. Follows `integers`."""
    return _average(fits) if fits.config.model == AVERAGE else _convolution(fits)


def learning(fits: Fits) -> str:
    """Learning from the training texts, and asking the test. Follows all the others."""
    config = fits.config
    model = "DeepAverage" if config.model == AVERAGE else "Convolution"
    found = ", ".join(f"{start} {fits.accuracies[start]:.3f}" for start in fits.starts)
    return f"""ids = {{
    part: [torch.tensor([stoi.get(word, 0) for word in words], dtype=torch.long) for words in tokens[part]]
    for part in tokens
}}


def batch(part, places, embedding):
    rows = [ids[part][place] for place in places]
    filled = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=1)  # (B, L)
    return filled.masked_fill(filled >= embedding.num_embeddings, 0)  # no row of its own: <unk>


@torch.no_grad()
def scores(model, part):
    model.eval()
    some = torch.arange(len(ids[part])).split(256)
    return torch.cat([model(batch(part, places, model.embedding)) for places in some])  # (N, {len(fits.classes)})


def fit(embedding):
    torch.manual_seed({config.seed})
    model = {model}(embedding)
    optimizer = torch.optim.Adam(model.parameters(), lr={config.lr!r}, fused=True)
    # What is asked and kept is the mean of the weights over about the last hundred steps.
    averaged = AveragedModel(
        model, avg_fn=lambda mean, now, steps: now + min({AVERAGED}, (steps + 1) / (steps + 11)) * (mean - now)
    )
    between = max(1, {LOOK_STEPS} // -(-{fits.size} // {config.batch}))  # passes over the texts
{_rounds(fits)}

torch.set_num_threads(1)  # so small a network is quicker on one
found = {{}}
for name, embedding in embeddings.items():
    found[name] = fit(embedding)
    right = scores(found[name], "test").argmax(1) == labels["test"]
    print(name, right.float().mean().item())
# In this experiment: {found}
"""


def _rounds(fits: Fits) -> str:
    """The loop of a fit: until the validation texts say that nothing more is gained, or a few rounds without them."""
    config = fits.config
    step = f"""        model.train()
        for _ in range(between):
            for places in torch.randperm({fits.size}).split({config.batch}):
                answers = model(batch("train", places, embedding))  # (B, {len(fits.classes)})
                optimizer.zero_grad()
                functional.cross_entropy(answers, labels["train"][places]).backward()
                optimizer.step()
                averaged.update_parameters(model)"""
    if not fits.validation:  # as `fitting._learn` does without them
        return f"""    for _ in range({min(config.epochs, config.patience + 1)}):
{step}
    return averaged.module
"""
    return f"""    lowest, best = float("inf"), 0
    for look in range({config.epochs}):
{step}
        loss = functional.cross_entropy(scores(averaged.module, "validation"), labels["validation"]).item()
        if loss < lowest:
            lowest, best, kept = loss, look, copy.deepcopy(averaged.module)
        elif look - best >= {config.patience}:
            break
    return kept
"""


def _average(fits: Fits) -> str:
    config = fits.config
    left_out = f"""        if self.training:  # some words are left out of the mean at each step
            counted *= torch.rand(ids.shape) >= {config.word_dropout!r}
"""
    return f"""class DeepAverage(nn.Module):
    \"""The mean of the vectors of a text's words, a hidden layer, softmax (Iyyer et al. 2015).\"""

    def __init__(self, embedding):
        super().__init__()
        self.embedding = embedding
        self.hidden = nn.Linear({fits.dim}, {config.hidden})
        self.output = nn.Linear({config.hidden}, {len(fits.classes)})

    def forward(self, ids):  # (B, L)
        counted = (ids != 1).float()  # (B, L) <pad> is no word
{left_out * (config.word_dropout > 0)}\
        mean = (self.embedding(ids) * counted[:, :, None]).sum(1)  # (B, {fits.dim})
        mean = mean / counted.sum(1, keepdim=True).clamp(min=1)
        units = torch.relu(self.hidden(mean))  # (B, {config.hidden})
{_dropout(config)}\
        return self.output(units)  # (B, {len(fits.classes)})
"""


def _convolution(fits: Fits) -> str:
    config, most = fits.config, max(WIDTHS)
    return f"""class Convolution(nn.Module):
    \"""Filters over {listed(map(str, WIDTHS))[1:-1]} words in a row, of each the strongest answer (Kim 2014).\"""

    def __init__(self, embedding):
        super().__init__()
        self.embedding = embedding
        self.filters = nn.ModuleList(nn.Conv1d({fits.dim}, {config.hidden}, width) for width in {WIDTHS})
        self.output = nn.Linear({len(WIDTHS) * config.hidden}, {len(fits.classes)})

    def forward(self, ids):  # (B, L)
        ids = functional.pad(ids, (0, max(0, {most} - ids.shape[1])), value=1)  # at least as long as a filter
        vectors = self.embedding(ids).transpose(1, 2)  # (B, {fits.dim}, L)
        length = torch.where(ids != 1, torch.arange(1, ids.shape[1] + 1), 0).amax(1)  # (B,) up to the last word
        strongest = []
        for layer in self.filters:
            answers = torch.relu(layer(vectors))  # (B, {config.hidden}, windows)
            windows = (length - layer.kernel_size[0] + 1).clamp(min=1)  # (B,) that lie whole within the text
            beyond = torch.arange(answers.shape[2]) >= windows[:, None]  # (B, windows)
            strongest.append(answers.masked_fill(beyond[:, None], 0).amax(2))
        units = torch.cat(strongest, dim=1)  # (B, {len(WIDTHS) * config.hidden})
{_dropout(config)}\
        return self.output(units)  # (B, {len(fits.classes)})
"""


def _dropout(config: TransferConfig) -> str:
    """Dropout, written out: `nn.Dropout` draws otherwise, and would come to another accuracy."""
    if not config.dropout:
        return ""
    return f"""        if self.training:  # as nn.Dropout({config.dropout!r}) does, with the experiment's draws
            units = units * (torch.rand(units.shape) >= {config.dropout!r}) / (1 - {config.dropout!r})
"""
