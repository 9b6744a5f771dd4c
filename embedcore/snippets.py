"""The few lines of plain PyTorch that do what a step of the Train page does, ready to copy.

Here belongs text that is code: a function a step, its numbers those of one run. Run one after
the other, in the order of this file, they do the whole way; the tests run these very lines.
Nothing here runs them, imports torch, or computes what they compute; the batch that the
step of training shows is drawn in `first_batch`. What a user typed goes in through `repr` only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

import regex

from embedcore.errors import TextProblem
from embedcore.first_batch import ExplicitBatch, ExplicitContexts
from embedcore.morphemes.snippet import code as morpheme_code
from embedcore.text import TOKENIZERS, split_sentences
from embedcore.training.initial import UNIFORM
from embedcore.vocab import PAD, UNK

TEXT_FILE = "text.txt"  # what a longer text is read from; the page offers it for download
MOST_TOKENS, _MOST_LETTERS = 50, 1_000  # of a sentence, and the letters of all but its first token
_MOST_CHARACTERS, _MOST_LINES = 300, 12  # of a text that stands in the code itself
_WIDTH = 100

_NEEDS_REGEX = regex.compile(r"[\p{M}\p{Regional_Indicator}\p{Emoji_Presentation}]")
_WORD_PATTERN = r"""
import regex  # pip install regex

WORD = regex.compile(
    r"\w[\w\p{M}]*(?:'\w[\w\p{M}]*)*"  # letters and digits with their marks, apostrophes inside
    r"|\p{Regional_Indicator}{2}"  # flags
    r"|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F)[\p{M}\p{Emoji_Modifier}]*"
    r"(?:\u200D\p{Extended_Pictographic}[\p{M}\p{Emoji_Modifier}]*)*"  # emoji joined into one
)
"""


def vocabulary(text: str, *, tokenizer: str = "words", min_count: int = 1, vocab_size: int) -> str:
    """From a text to `sentences`, `itos` and `stoi`, as `text.tokenize` and `Vocab.build` make them.

    A short text stands in the code; a longer one is read from TEXT_FILE, which should hold it
    as UTF-8. Raises TextProblem for a tokenizer that does not exist.
    """
    if tokenizer not in TOKENIZERS:
        raise TextProblem(f"There is no tokenizer “{tokenizer}”. There are: {', '.join(TOKENIZERS)}.")
    short = len(text) <= _MOST_CHARACTERS
    lines = [line for line in split_sentences(text) if TOKENIZERS[tokenizer](line)] if short else []
    imports, define, tokens = token_code(text, tokenizer)
    imports.append("from collections import Counter")
    if short and len(lines) <= _MOST_LINES:
        source = f"lines = {listed(map(repr, lines))}\nsentences = [{tokens} for line in lines]"
    else:
        imports.append("from pathlib import Path")
        source = f"""# The text is long, so it is read from a file: save this run's text as {TEXT_FILE}.
lines = Path("{TEXT_FILE}").read_text(encoding="utf-8").split("\\n")
sentences = [tokens for line in lines if (tokens := {tokens})]"""
    conditions = [f"count >= {min_count}"] if min_count > 1 else []
    if tokenizer == "whitespace" and (UNK in text or PAD in text):
        conditions.append(f'word not in ("{UNK}", "{PAD}")')
    kept = f" if {' and '.join(conditions)}" if conditions else ""
    rare = f"# Words seen fewer than {min_count} times get no integer: they read as <unk>.\n" if min_count > 1 else ""
    imported = "\n".join(sorted(imports, key=lambda line: (line.startswith("from"), line)))
    return f"""{imported}
{define}
{source}

# <unk> is 0 and <pad> is 1; then by falling count, ties by first appearance.
{rare}counts = Counter(token for sentence in sentences for token in sentence)
itos = ["{UNK}", "{PAD}"] + [word for word, count in counts.most_common(){kept}]
stoi = {{word: integer for integer, word in enumerate(itos)}}
print(len(itos))  # {vocab_size}
"""


def token_code(text: str, tokenizer: str) -> tuple[list[str], str, str]:
    """Imports, a definition, and an expression for the tokens of `line`: on `text`, the same as the tokenizer's."""
    if tokenizer == "whitespace":
        return [], "", "line.split()"
    return morpheme_code(text) if tokenizer == "morphemes" else _word_code(text)


def embedding(vocab_size: int, dim: int, seed: int, init: str = UNIFORM) -> str:
    """The layer, with the run's first weight as `training.initial_weight` draws it, bit for bit."""
    about, draw = drawn(vocab_size, dim, seed, init)
    return f"""import numpy as np
import torch
from torch import nn

embedding = nn.Embedding(num_embeddings={vocab_size}, embedding_dim={dim}, padding_idx=1)

# This run's first weight: from its seed, {about}, and zeros for <pad>.
start = {draw}
start[1] = 0
with torch.no_grad():
    embedding.weight.copy_(torch.from_numpy(start))
print(embedding.weight.shape)  # torch.Size([{vocab_size}, {dim}])
"""


def drawn(vocab_size: int | str, dim: int, seed: int, init: str) -> tuple[str, str]:
    """How a first weight is drawn at random: in words, and as code; `vocab_size` may be code, too."""
    generator, shape = f"np.random.default_rng({seed})", f"({vocab_size}, {dim}), dtype=np.float32"
    if init == UNIFORM:
        return f"within 0.5 / {dim} of zero", f"({generator}.random({shape}) - 0.5) / {dim}"
    return "from N(0, 1), as nn.Embedding draws it", f"{generator}.standard_normal({shape})"


def look_up(sentences: Sequence[Sequence[str]], *, vocab_size: int, dim: int) -> str:
    """Integers, dense vectors and the one-hot check of a sentence; the padded batch, if there are more.

    Follows `vocabulary` and `embedding`. `sentences` are lists of tokens, of which at
    most the first 50 of each go in. Raises TextProblem if the first sentence has none.
    """
    if not sentences or not sentences[0]:
        raise TextProblem("The sentence has no words to look up.")
    kept = [_beginning(sentence) for sentence in sentences]
    size, longest = len(kept[0]), max(map(len, kept))
    cut = [len(part) for part, sentence in zip(kept, sentences, strict=True) if len(part) < len(sentence)]
    note = f"# Of a longer sentence, its first {' and '.join(map(str, cut))} tokens.\n" if cut else ""
    lists = [listed(map(repr, part)) for part in kept]
    code = f"""{note}tokens = {lists[0]}
ids = torch.tensor([stoi.get(token, 0) for token in tokens])  # ({size},), a word not in the vocabulary is 0
vectors = embedding(ids)  # ({size}, {dim})
print(ids, vectors)

# The same as a product with one-hot rows.
one_hot = nn.functional.one_hot(ids, num_classes={vocab_size}).float()  # ({size}, {vocab_size})
print((one_hot @ embedding.weight - vectors).abs().max().item())  # 0.0
"""
    if len(sentences) == 1:
        return code
    count = len(sentences)
    more = "".join(f"    {tokens.replace(chr(10), chr(10) + '    ')},\n" for tokens in lists[1:])
    return f"""{code}
# Sentences of different length become one batch, the shorter ones filled up with <pad>, which is 1.
others = [
{more}]
rows = [ids] + [torch.tensor([stoi.get(token, 0) for token in other], dtype=torch.long) for other in others]
batch = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=1)  # ({count}, {longest})
padded = embedding(batch)  # ({count}, {longest}, {dim}), zeros at <pad>
print(batch)
"""


def skipgram_step(batch: ExplicitBatch, *, vocab_size: int, dim: int) -> str:
    """One step of skip-gram with negative sampling on explicit pairs: loss, gradients, new weights.

    Follows `embedding`. The loss is that of `training.skipgram`, summed over the batch.
    """
    count, drawn, negative = len(batch.left), len(batch.negatives), batch.negative
    return f"""{_windows(batch)}
pairs = [(positions[i], positions[j]) for i in range({count}) for j in reach[i] if j != i]
words, neighbors = torch.tensor(pairs).T  # (N,) each
# Words drawn at random by count ** 0.75; all pairs share these {drawn}, each for {negative} of them.
negatives = torch.tensor({listed(map(str, batch.negatives))})
{_context(vocab_size, dim)}
def skipgram_loss():
    u = embedding(words)  # (N, {dim})
    true = (u * context(neighbors)).sum(1)  # (N,)
    false = u @ context(negatives).T  # (N, {drawn})
    log_sigmoid = nn.functional.logsigmoid
    return -log_sigmoid(true).sum() - log_sigmoid(-false).sum() * {negative} / {drawn}


loss = skipgram_loss()
loss.backward()
print(loss.item() / len(pairs))  # (1 + {negative}) * log(2) a pair, while the output weights are zero
print(context.weight.grad)  # for the same reason, embedding.weight.grad is still zero in this first step
{_down_the_gradient(batch)}"""


def cbow_step(batch: ExplicitBatch, *, vocab_size: int, dim: int) -> str:
    """One step of CBOW with negative sampling on explicit positions: loss, gradients, new weights.

    Follows `embedding`. The loss is that of `training.cbow`, summed over the batch.
    """
    count, drawn, negative = len(batch.left), len(batch.negatives), batch.negative
    return f"""{_windows(batch)}
around = [[positions[j] for j in reach[i] if j != i] for i in range({count})]
words = torch.tensor([positions[i] for i in range({count}) if around[i]])  # (N,), where any word is around
rows = [torch.tensor(row) for row in around if row]
seen = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=1)  # (N, most), filled up with <pad>
sizes = torch.tensor([[len(row)] for row in rows])  # (N, 1)
# Words drawn at random by count ** 0.75; all positions share these {drawn}, each for {negative} of them.
negatives = torch.tensor({listed(map(str, batch.negatives))})
{_context(vocab_size, dim)}
def cbow_loss():
    mean = embedding(seen).sum(1) / sizes  # (N, {dim}), <pad> adds zeros
    true = (mean * context(words)).sum(1)  # (N,)
    false = mean @ context(negatives).T  # (N, {drawn})
    log_sigmoid = nn.functional.logsigmoid
    return -log_sigmoid(true).sum() - log_sigmoid(-false).sum() * {negative} / {drawn}


loss = cbow_loss()
loss.backward()
print(loss.item() / len(words))  # (1 + {negative}) * log(2) a position, while the output weights are zero
print(context.weight.grad)  # for the same reason, embedding.weight.grad is still zero in this first step
{_down_the_gradient(batch)}"""


def _windows(batch: ExplicitBatch) -> str:
    """The positions of a batch and what each sees."""
    count = len(batch.left)
    return f"""# {count} positions of the text, and how many words each looks at on its left and on its right:
# from 1 to {batch.window}, drawn anew for each, and fewer at the ends of its sentence.
positions = {listed(map(str, batch.ids))}
left = {listed(map(str, batch.left))}
right = {listed(map(str, batch.right))}
reach = [range(i - left[i], i + right[i] + 1) for i in range({count})]"""


def _context(vocab_size: int, dim: int) -> str:
    """The output weights."""
    return f"""
context = nn.Embedding({vocab_size}, {dim}, padding_idx=1)  # the output weights start at zero
nn.init.zeros_(context.weight)

"""


def _down_the_gradient(batch: ExplicitBatch) -> str:
    """The step, once the gradients are there."""
    return f"""
# Down the gradient. Where a word occurs often in one batch, a run moves it less than this.
torch.optim.SGD([embedding.weight, context.weight], lr={batch.lr!r}).step()
"""


def next_word_step(batch: ExplicitContexts, *, vocab_size: int, dim: int, seed: int) -> str:
    """One step of guessing the next word from the last n: loss, gradients, new weights.

    Follows `embedding`. The loss is that of `training.nextword`, summed over the batch.
    """
    count, n = len(batch.before), len(batch.before[0])
    return f"""# The last {n} words before {count} positions of the text; <pad>, which is 1, where there are fewer.
before = torch.tensor({listed(map(str, batch.before))})  # ({count}, {n})
following = torch.tensor({listed(map(str, batch.following))})  # ({count},), the words that come next

linear = nn.Linear({n * dim}, {vocab_size})  # a score for each word of the vocabulary, specials included
# This run's own start: from its seed, within sqrt(3 / {dim}) of zero, the same for each of the {n} places.
generator = np.random.default_rng(np.random.SeedSequence({seed}, spawn_key=(0,)))
start = (generator.random(({vocab_size}, {dim}), dtype=np.float32) - 0.5) * (12 / {dim}) ** 0.5
with torch.no_grad():
    linear.weight.copy_(torch.from_numpy(np.tile(start, {n})))
    linear.bias.zero_()


def next_word_loss():
    side_by_side = embedding(before).flatten(1)  # ({count}, {n * dim})
    scores = linear(side_by_side)  # ({count}, {vocab_size})
    return nn.functional.cross_entropy(scores, following, reduction="sum")


loss = next_word_loss()
loss.backward()
print(loss.item() / {count})  # about log({vocab_size}) at first: every word is as likely as any other
print(embedding.weight.grad)  # zeros for <pad>

# Down the gradient. Where a word occurs often in one batch, a run moves it less than this.
torch.optim.SGD([embedding.weight, linear.weight, linear.bias], lr={batch.lr!r}).step()
"""


def cosine_similarity(a: str, b: str, *, file: str | None = None, header: bool = False) -> str:
    """The cosine similarity of two words, from `embedding.weight` as it stands, or from a file.

    Without `file` it follows `vocabulary` and `embedding`; with the name of a downloaded file
    it stands alone. `header`: the file begins with a line of counts (word2vec text; GloVe has none).
    """
    if file is None:
        return f"""a, b = embedding.weight[stoi[{a!r}]], embedding.weight[stoi[{b!r}]]  # (D,) each
print(nn.functional.cosine_similarity(a, b, dim=0).item())
"""
    skip = "    next(lines)  # how many words, how many numbers each\n" if header else ""
    return f"""import torch
from torch import nn

vectors = {{}}
with open({file!r}, encoding="utf-8", newline="\\n") as lines:
{skip}    for line in lines:
        word, *numbers = line.split(" ")
        vectors[word] = torch.tensor([float(number) for number in numbers])

a, b = vectors[{a!r}], vectors[{b!r}]
print(nn.functional.cosine_similarity(a, b, dim=0).item())
"""


def _word_code(text: str) -> tuple[list[str], str, str]:
    """Imports, a definition, and an expression for the words of `line`: on `text`, the same as `tokenize_words`."""
    lowered = text.replace("\u2019", "'").lower()
    composed = unicodedata.normalize("NFC", lowered)
    characters = "".join(set(composed))
    # Without marks and emoji, a word is a run of letters and digits; where both modules agree
    # on which those are (they know different versions of Unicode), the standard one will do.
    plain = not _NEEDS_REGEX.search(characters) and re.findall(r"\w", characters) == regex.findall(r"\w", characters)
    if plain and composed == text.lower():
        return ["import re"], "", r"""re.findall(r"\w+(?:'\w+)*", line.lower())"""
    found = r"""re.findall(r"\w+(?:'\w+)*", line)""" if plain else "WORD.findall(line)"
    define = f"""

def tokenize(line):
    line = unicodedata.normalize("NFC", line.replace("’", "'").lower())
    return {found}

"""
    imports = ["import unicodedata", *(["import re"] if plain else [])]
    return imports, define if plain else _WORD_PATTERN + define, "tokenize(line)"


def _beginning(sentence: Sequence[str]) -> list[str]:
    """As much of a sentence as can be written out, at least its first token."""
    kept = list(sentence[:MOST_TOKENS])
    while len(kept) > 1 and sum(map(len, kept[1:])) > _MOST_LETTERS:
        kept.pop()
    return kept


def listed(items: Iterable[str]) -> str:
    """Code for a list of what `items` are the code for, on as many lines as it takes."""
    parts = list(items)
    if len(line := f"[{', '.join(parts)}]") <= _WIDTH:
        return line
    lines, line = [], "   "
    for part in parts:
        if len(line) + len(part) + 2 > _WIDTH and line.strip():
            lines.append(line)
            line = "   "
        line += f" {part},"
    return "[\n" + "\n".join([*lines, line]) + "\n]"
