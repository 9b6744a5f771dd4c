"""The lines of plain PyTorch that start a layer from pre-trained vectors, ready to copy.

Here belongs the layer of a run that starts from a vector set, in the place of
`snippets.embedding`; the other steps are in `snippets`. The tests run these very lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from shlex import quote
from typing import TYPE_CHECKING

from embedcore.snippets import drawn
from embedcore.training.initial import UNIFORM
from embedcore.vocab import SPECIALS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from embedcore.vectors import WordVectors


def from_pretrained(
    itos: Sequence[str], vectors: WordVectors, from_set: npt.NDArray[np.bool_], *, freeze: bool, seed: int,
    init: str = UNIFORM,
) -> str:  # fmt: skip
    """The layer that starts from a set: its rows gathered by token, the rest as the run draws them, bit for bit.

    Follows `vocabulary`, in the place of `embedding`. `from_set` (V,) says which of the `itos`
    are in `vectors`. The numbers are read from the set as a file of GloVe text, one exported or
    GloVe's own.
    """
    about, draw = drawn(len(itos), vectors.dim, seed, init)
    exact = not (vectors.tokens.rows([*compress(itos, from_set)]) < 0).any()  # no word is spelt otherwise in the set
    missing = len(itos) - len(SPECIALS) - int(from_set.sum())
    return f"""{_imports(exact, lowercased=vectors.lowercased)}
{numbers_by_word(vectors.name, "{*itos}" if exact else "{*itos, *map(spelt, itos)}")}
# Rows are gathered by token: where a word stands in the set has nothing to do with its integer here.
# The rest ({missing} of the words, and <unk>) starts at random, {about}; <pad> is zeros.
start = {draw}
start[1] = 0
from_set = torch.zeros({len(itos)}, dtype=torch.bool)
for integer, word in enumerate(itos[2:], start=2):
    numbers = {"rows.get(word)" if exact else "rows.get(word) or rows.get(spelt(word))"}
    if numbers:
        start[integer] = np.array(numbers, dtype=np.float32)
        from_set[integer] = True
print(from_set.sum().item())  # {int(from_set.sum())}

weight = torch.from_numpy(start)  # ({len(itos)}, {vectors.dim})
{_layer(freeze, missing)}"""


def numbers_by_word(name: str | None, wanted: str) -> str:
    """Lines that read the numbers of the `wanted` words, code for a set, from GloVe text into `rows`."""
    file = f"{name or 'vectors'}.txt"
    return f"""# The set as GloVe text, a word and its numbers on each line. This makes the file:
# python -m embedcore vectors export {quote(name or "vectors")} --format glove --out {quote(file)}
wanted = {wanted}
rows = {{}}
with open({file!r}, encoding="utf-8", newline="\\n") as lines:
    for line in lines:
        word, _, numbers = line.rstrip("\\n").partition(" ")
        if word in wanted:
            rows.setdefault(word, numbers.split(" "))
"""


def _imports(exact: bool, *, lowercased: bool) -> str:
    """What the lines import, and how a word is spelt in the set, where that differs from the text."""
    if exact:
        return "import numpy as np\nimport torch\nfrom torch import nn\n"
    lower, why = (".lower()", "this set has only lower-case words") if lowercased else ("", "as the set composes it")
    return f"""import unicodedata

import numpy as np
import torch
from torch import nn


def spelt(word):  # {why}
    return unicodedata.normalize("NFC", word.strip()){lower}

"""


def _layer(freeze: bool, missing: int) -> str:
    """The layer made of `weight`, and what of it learns."""
    if not freeze:
        return """# freeze=False: every row learns. With freeze=True, as in the tutorial, none would.
embedding = nn.Embedding.from_pretrained(weight, freeze=False, padding_idx=1)
print(embedding.weight.requires_grad)  # True
"""
    if not missing:
        return """# freeze=True: no row of this layer learns; what is put on top of it may.
embedding = nn.Embedding.from_pretrained(weight, freeze=True, padding_idx=1)
print(embedding.weight.requires_grad)  # False
"""
    return """# freeze=True keeps every row, also those that only started at random:
frozen = nn.Embedding.from_pretrained(weight, freeze=True, padding_idx=1)
print(frozen.weight.requires_grad)  # False
# This run keeps the rows of the set and lets the others learn: their gradient is let through.
embedding = nn.Embedding.from_pretrained(weight.clone(), freeze=False, padding_idx=1)
embedding.weight.register_hook(lambda gradient: gradient.masked_fill(from_set[:, None], 0))
"""
