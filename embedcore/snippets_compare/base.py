"""What the lines of all questions have in common: opening a set, and naming words.

Here belongs how a set comes into the lines; what they ask of it belongs to `alike`, `searches` and
`two`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from shlex import quote

import numpy as np

from embedcore.search import unit
from embedcore.snippets import listed
from embedcore.vectors import WordVectors

SetWords = tuple[WordVectors, Sequence[str]]  # a set, and words as it spells them
OURS = "from embedcore import open_vectors"
NUMPY = "import numpy as np\n\n" + OURS
TORCH = "import torch\nfrom torch import nn"
_NAMED = 20  # of the words that are not in a file


@dataclass(frozen=True)
class Lines:
    """The lines for one question.

    Attributes:
        embedcore: with this package, for who has the set in a library.
        pytorch: in plain PyTorch, for who has the set as a file.
    """

    embedcore: str
    pytorch: str


@dataclass(frozen=True)
class Block:
    """The lines that ask one set, once it is open.

    Attributes:
        vectors: the set.
        embedcore: they know it as `vectors`.
        pytorch: they know its weight as `embedding`, and its words as `itos` and `stoi`; empty where the
            file alone cannot answer.
        missing: words that the file does not have, since their vectors are built from their parts.
    """

    vectors: WordVectors
    embedcore: str
    pytorch: str
    missing: Sequence[str] = ()


def lines(blocks: Iterable[Block], *imports: str) -> Lines | None:
    """The lines that ask one set after the other; None where there is nothing to ask.

    `imports` are what the lines with this package import besides `open_vectors`, in order.
    """
    asked = list(blocks)
    if not asked:
        return None
    ours = [code(f"vectors = open_vectors({name(block.vectors)!r})", block.embedcore) for block in asked]
    theirs = [opened(block.vectors) + code(not_in_file(block.missing), block.pytorch) for block in asked]
    return Lines(finished(code(*imports or [OURS]), *ours), finished(TORCH, *theirs))


def finished(*pieces: str) -> str:
    """Pieces of code with a line between them, ready to be shown."""
    return "\n\n".join(piece.strip("\n") for piece in pieces if piece) + "\n"


def joined(parts: Sequence[Lines | None]) -> Lines | None:
    """Several questions, one after the other, as one; None if none of them has lines."""
    some = [part for part in parts if part is not None]
    if not some:
        return None
    return Lines(_run_on([part.embedcore for part in some]), _run_on([part.pytorch for part in some]))


def _run_on(codes: Sequence[str]) -> str:
    """Codes one after the other, each without the beginning that it shares with the one before, such as imports."""
    pieces = [text.split("\n\n") for text in codes]
    kept = pieces[0][:]
    for before, its in itertools.pairwise(pieces):
        shared = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(before, its, strict=False))
        kept[-1] = kept[-1].rstrip("\n")
        kept += its[len(list(shared)) :]
    return "\n\n".join(kept).rstrip("\n") + "\n"


def code(*parts: str) -> str:
    """Pieces of code, one below the other, without those that are empty."""
    return "\n".join(part for part in parts if part)


def opened(vectors: WordVectors, before: str = "") -> str:
    """Lines that read a set from a file of `torch.save`, as `<before>embedding`, `<before>itos`, `<before>stoi`."""
    file = f"{name(vectors)}.pt"
    return f"""# The set as a file for PyTorch. This makes it:
# python -m embedcore vectors export {quote(name(vectors))} --format torch --out {quote(file)}
state = torch.load({file!r}, weights_only=True)
{before}embedding = nn.Embedding.from_pretrained(state["weight"])  # ({len(vectors)}, {vectors.dim})
{before}itos = state._metadata[""]["itos"]  # the words, by row
{before}stoi = {{word: row for row, word in enumerate({before}itos)}}

"""


def directions(vectors: WordVectors, before: str = "") -> str:
    """A line that gives all rows of a set the length 1, as `<before>unit`."""
    weight, shape = f"{before}embedding.weight", f"({len(vectors)}, {vectors.dim})"
    if not undirected(vectors):
        return f"{before}unit = nn.functional.normalize({weight})  # {shape}"
    return f"""{before}unit = {weight} / {weight}.norm(dim=1, keepdim=True)  # {shape}
{before}unit = {before}unit.nan_to_num(0, 0, 0)  # zeros for rows without a direction"""


def undirected(vectors: WordVectors) -> int:
    """How many rows of a set have no direction. They may be among the nearest by number, and are no answers."""
    return len(vectors) - int(((vectors.norms > 0) & (vectors.norms < np.inf)).sum())


def if_directed(row: str, count: int) -> str:
    """The end of a comprehension that leaves out rows without a direction, if there are any."""
    return f" if unit[{row}].any()" if count else ""


def in_file(vectors: WordVectors, tokens: Sequence[str]) -> tuple[list[str], list[str]]:
    """Those tokens that have a row, and so are in a file of the set; and those that are built from their parts."""
    rows = vectors.tokens.rows(tokens).tolist()
    have = [token for token, row in zip(tokens, rows, strict=True) if row >= 0]
    return have, [token for token, row in zip(tokens, rows, strict=True) if row < 0]


def not_in_file(words: Sequence[str]) -> str:
    """A remark that names words whose vectors are built from their parts; nothing if there are none."""
    if not words:
        return ""
    named = ", ".join(map(repr, words[:_NAMED])) + (", …" if len(words) > _NAMED else "")
    return f"# Not in the file, since embedcore builds their vectors from parts of words: {named}"


def with_direction(vectors: WordVectors, tokens: Sequence[str]) -> list[str]:
    """Those tokens whose vectors can be compared."""
    directions = unit(np.array([vectors.vector(token) for token in tokens]).reshape(-1, vectors.dim))  # (n, D)
    return [tokens[place] for place in np.flatnonzero(np.isfinite(directions).all(axis=1)).tolist()]


def named(variable: str, words: Sequence[str]) -> str:
    """A line, or several, that name words."""
    return f"{variable} = {listed(map(repr, words))}"


def looked_up(variable: str) -> str:
    """An expression for the rows of the words of a variable: (n, D)."""
    return f"embedding(torch.tensor([stoi[word] for word in {variable}]))"


def name(vectors: WordVectors) -> str:
    """What a set is called in the library."""
    return vectors.name or "vectors"
