"""An embedding layer's look-up without torch: integers in, rows of the table out.

Here belongs padding a batch, looking rows up, the one-hot product that gives the same, and
printing arrays the way PyTorch prints tensors. The server uses it, which never imports
torch. Turning tokens into integers belongs in `vocab`, drawing the table in `figures_lookup`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore.errors import BadSetting
from embedcore.vocab import PAD_INDEX

Integers = npt.NDArray[np.int64]
Float32s = npt.NDArray[np.float32]

_ONE_HOT_NUMBERS = 4_000_000  # of one-hot rows held at a time: 16 MB

# PyTorch's default print options (torch/_tensor_str.py).
_THRESHOLD, _EDGE, _LINE, _PRECISION = 1_000, 3, 80, 4


def pad_batch(sentences: Sequence[Sequence[int]], padding: int = PAD_INDEX) -> Integers:
    """B sentences of integers as one (B, T) batch, T the longest; shorter ones end in `padding`."""
    longest = max(map(len, sentences), default=0)
    batch = np.full((len(sentences), longest), padding, dtype=np.int64)  # (B, T)
    for row, sentence in zip(batch, sentences, strict=True):
        row[: len(sentence)] = sentence
    return batch


def look_up(weight: Float32s, ids: npt.ArrayLike) -> Float32s:
    """The rows of `weight` (V, D) for integers of any shape (…): (…, D), a copy.

    Raises BadSetting for an integer without a row, where numpy would count from the end.
    """
    vectors: Float32s = weight[_checked(ids, len(weight))]  # (…, D)
    return vectors


def one_hot(ids: npt.ArrayLike, vocab_size: int) -> Float32s:
    """Integers of any shape (…) as rows of zeros with a single 1: (…, vocab_size) float32."""
    index = _checked(ids, vocab_size)
    rows: Float32s = (index[..., None] == np.arange(vocab_size)).astype(np.float32)  # (…, V)
    return rows


def one_hot_difference(weight: Float32s, ids: npt.ArrayLike) -> float:
    """The largest absolute difference between the one-hot product and the look-up, really computed.

    The T different integers of `ids` make T x V one-hot numbers. The product is therefore summed
    over blocks of the table's rows, so that at most 4 million of them (16 MB) exist at a time and
    the table, perhaps mapped from a file, is read once. 0 for no integers; NaN if the table holds
    a number that is not finite, since 0 times infinity is none.
    """
    index = np.unique(_checked(ids, len(weight)))  # (T,)
    if not len(index):
        return 0.0
    product = np.zeros((len(index), weight.shape[1]), dtype=np.float32)  # (T, D)
    block = max(1, _ONE_HOT_NUMBERS // len(index))
    with np.errstate(invalid="ignore"):
        for start in range(0, len(weight), block):
            rows = weight[start : start + block]  # (n, D)
            hot = (index[:, None] == np.arange(start, start + len(rows))).astype(np.float32)  # (T, n)
            product += hot @ rows
        return float(np.abs(product - weight[index]).max(initial=0.0))


def as_torch_prints(array: npt.NDArray[Any], *suffixes: str) -> str:
    """What `print` shows of a tensor with these numbers, under PyTorch's default options.

    For float32 and int64 of any shape, NaN and infinities included; beyond 1,000 numbers it
    is summarised as PyTorch does, so that the answer is short for any table. `suffixes` are
    what a layer's own tensors add: "requires_grad=True" for its weight (whose print begins
    with a line "Parameter containing:"), "grad_fn=<EmbeddingBackward0>" for what it looks up.
    Raises TypeError for other kinds of numbers.
    """
    if array.dtype not in (np.float32, np.int64):
        raise TypeError(f"as_torch_prints is for float32 and int64, not {array.dtype}.")
    begin, added = "tensor(", list(suffixes)
    if array.size:
        summarized = array.size > _THRESHOLD
        part = _edges(array) if summarized else array
        body = _nested(part, array.shape, len(begin), summarized, *_number_format(part))
    else:
        body = "[]"
        dtype = ["dtype=torch.int64"] if array.dtype == np.int64 else []
        size = [f"size={array.shape}"] if array.ndim != 1 else []
        added = [*size, *dtype, *added]
    lines = begin + body
    length = len(lines) - lines.rfind("\n") + 1
    for suffix in added:
        if length + len(suffix) + 2 > _LINE:
            lines += ",\n" + " " * len(begin) + suffix
            length = len(begin) + len(suffix)
        else:
            lines += ", " + suffix
            length += len(suffix) + 2
    return lines + ")"


def _checked(ids: npt.ArrayLike, rows: int) -> Integers:
    """Integers of any shape as an array. Raises BadSetting unless each is from 0 to `rows` - 1."""
    index = np.asarray(ids)
    if not index.size:
        return np.zeros(index.shape, dtype=np.int64)
    if index.dtype.kind not in "iu":
        raise BadSetting(f"A look-up takes integers, not {index.dtype}.")
    wrong = (index < 0) | (index >= rows)
    if wrong.any():
        raise BadSetting(f"{index[wrong][0]} has no row in this table: the integers here go from 0 to {rows - 1}.")
    return index.astype(np.int64)


def _edges(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The first and last three along every axis longer than six."""
    for axis, size in enumerate(array.shape):
        if size > 2 * _EDGE:
            array = np.take(array, [*range(_EDGE), *range(size - _EDGE, size)], axis=axis)
    return array


def _number_format(array: npt.NDArray[Any]) -> tuple[Callable[[float], str], int]:
    """How each number of a tensor is written, and the width that all of them are padded to."""
    if array.dtype == np.int64:
        return str, max(len(str(number)) for number in array.ravel().tolist())
    numbers = array.astype(np.float64).ravel()
    numbers = numbers[np.isfinite(numbers) & (numbers != 0)]
    if not len(numbers):
        return _whole, 1
    smallest, largest = np.abs(numbers).min(), np.abs(numbers).max()
    whole = bool((numbers == np.ceil(numbers)).all())
    style: Callable[[float], str]
    if largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4:
        style = f"{{:.{_PRECISION}e}}".format
    else:
        style = _whole if whole else f"{{:.{_PRECISION}f}}".format
    return style, max(len(style(number)) for number in numbers.tolist())


def _whole(number: float) -> str:
    """A whole number with PyTorch's dot behind it; NaN and infinities get none."""
    return f"{number:.0f}." if np.isfinite(number) else f"{number:.0f}"


def _nested(
    part: npt.NDArray[Any],
    shape: tuple[int, ...],
    indent: int,
    summarized: bool,
    style: Callable[[float], str],
    width: int,
) -> str:
    """The brackets of an array of `shape`, of which `part` is what is shown."""
    if not shape:
        return style(part.item()).rjust(width)
    elided = summarized and shape[0] > 2 * _EDGE
    if len(shape) == 1:
        items = [style(number).rjust(width) for number in part.tolist()]
        if elided:
            items.insert(_EDGE, " ...")
        fit = max(1, (_LINE - indent) // (width + 2))
        items = [", ".join(items[start : start + fit]) for start in range(0, len(items), fit)]
        between = ",\n"
    else:
        items = [_nested(row, shape[1:], indent + 1, summarized, style, width) for row in part]
        if elided:
            items.insert(_EDGE, "...")
        between = "," + "\n" * (len(shape) - 1)
    return "[" + (between + " " * (indent + 1)).join(items) + "]"
