"""safetensors with the vocabulary in it.

Three tensors: `weight`, (V, D) F32; `tokens`, U8, the UTF-8 bytes of all tokens one after the
other; `token_ends`, (V,) I64, where each ends. Any program that reads safetensors reads them,
and any token can be kept. Source of the format: https://github.com/huggingface/safetensors
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from embedcore.errors import BadVectors
from embedcore.formats.base import CHUNK_NUMBERS, Progress, Read, Written, untold
from embedcore.formats.gather import Gathering
from embedcore.vectors import Float32s, WordVectors

WEIGHT, TOKENS, ENDS = "weight", "tokens", "token_ends"
ABOUT = {
    "embedcore_format": "1",
    "content": "word vectors: weight (V, D); tokens, the UTF-8 bytes of V tokens one after the other; "
    "token_ends (V,), where each of them ends",
}
_FLOATS = ("F64", "F32", "F16")


def write_safetensors(vectors: WordVectors, path: Path, on_progress: Progress = untold) -> Written:
    """Write a set, with all its tokens as they are, in one go. Raises OSError."""
    import safetensors

    text = vectors.tokens.arrow()
    offsets = np.frombuffer(text.buffers()[1], dtype=np.int64)[text.offset : text.offset + len(text) + 1]
    data = np.frombuffer(text.buffers()[2] or b"", dtype=np.uint8)
    tensors = {
        WEIGHT: np.ascontiguousarray(vectors.matrix, dtype="<f4"),  # (V, D), not copied if it lies so
        TOKENS: data[offsets[0] : offsets[-1]],
        ENDS: (offsets[1:] - offsets[0]).astype("<i8"),  # (V,)
    }
    specs = {
        name: safetensors.TensorSpec(
            dtype=array.dtype.name, shape=array.shape, data_ptr=array.ctypes.data, data_len=array.nbytes
        )
        for name, array in tensors.items()
    }
    path.touch()
    mode = path.stat().st_mode & 0o777  # what a new file may be read by here; the library makes it the owner's alone
    try:
        safetensors.serialize_file(specs, path, metadata=ABOUT)
        path.chmod(mode)
    except safetensors.SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        raise OSError(int(number[1]) if number else 0, str(error)) from error
    on_progress(1.0)
    return Written(rows=len(vectors))


def read_safetensors(
    path: Path, name: str, *, into: Path | None = None, on_progress: Progress | None = None
) -> tuple[WordVectors, Read]:
    """The vectors of a file that was written so. `into` is as for `Gathering`, `name` the file's, for sentences.

    Raises BadVectors, OSError.
    """
    with _opened(path, name) as (file, rows, dim):
        tokens, kind = _tokens(file, rows, name), str(file.get_slice(WEIGHT).get_dtype())
        gathering = Gathering("safetensors", name, dim, repeats=True, into=into)
        size = max(1, CHUNK_NUMBERS // dim)
        for start in range(0, rows, size):
            gathering.add(tokens[start : start + size], _rows(file, start, min(start + size, rows)))
            if on_progress:
                on_progress(min(1.0, (start + size) / rows))
    vectors, read = gathering.finish()
    if kind != "F32":
        read.notes.append(f"Its numbers are {kind}; they are kept as float32.")
    return vectors, read


def load(path: Path, name: str, limit: int | None = None) -> tuple[Any, Float32s, int]:
    """What a file holds, as it is: an Arrow array of n binary tokens, the matrix (n, D), how many rows there are.

    n is `limit`, if there are so many; else all. Raises BadVectors.
    """
    with _opened(path, name) as (file, rows, _):
        stop = rows if limit is None else min(limit, rows)
        return _tokens(file, rows, name)[:stop], _rows(file, 0, stop), rows


@contextmanager
def _opened(path: Path, name: str) -> Iterator[tuple[Any, int, int]]:
    """A file, open, and how many rows and numbers a row it has. Raises BadVectors."""
    import safetensors

    try:
        with safetensors.safe_open(path, framework="np") as file:
            _check({key: file.get_slice(key) for key in file.keys()}, name)  # noqa: SIM118
            yield file, *file.get_slice(WEIGHT).get_shape()
    except safetensors.SafetensorError as error:
        raise BadVectors(f"“{name}” is no whole safetensors file; it may be cut short.") from error


def _tokens(file: Any, rows: int, name: str) -> Any:
    """An Arrow array of all V binary tokens. Raises BadVectors if they do not fit the rows."""
    import pyarrow as pa

    data, ends = file.get_tensor(TOKENS), file.get_tensor(ENDS)  # (bytes,), (V,)
    offsets = np.concatenate([[0], ends]).astype(np.int64)  # (V + 1,)
    if len(ends) != rows or (np.diff(offsets) < 0).any() or offsets[-1] != len(data):
        raise BadVectors(f"The tokens in “{name}” do not fit its {rows:,} rows.")
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(pa.large_binary(), len(ends), buffers)


def _rows(file: Any, start: int, stop: int) -> Float32s:
    """Some rows of the matrix: (n, D)."""
    return np.asarray(file.get_slice(WEIGHT)[start:stop], dtype=np.float32)  # (n, D)


def _check(tensors: dict[str, Any], name: str) -> None:
    """Raises BadVectors if the tensors are not ours."""
    kinds = {key: (tensor.get_dtype(), tuple(tensor.get_shape())) for key, tensor in tensors.items()}
    if not {TOKENS, ENDS} <= set(kinds):
        matrices = [f"“{key}” {shape[0]:,} x {shape[1]:,}" for key, (_, shape) in kinds.items() if len(shape) == 2]
        holds = f"a matrix, {matrices[0]}," if len(matrices) == 1 else f"{len(matrices)} matrices"
        raise BadVectors(
            f"“{name}” holds {holds} but not the words of its rows: tensors “{TOKENS}” (UTF-8 bytes, U8) and "
            f"“{ENDS}” (where each word ends, I64) are missing."
        )
    dtype, shape = kinds.get(WEIGHT, ("nothing", ()))
    if len(shape) != 2 or not shape[1] or dtype not in _FLOATS:
        raise BadVectors(f"“{WEIGHT}” in “{name}” should be a matrix of floats, but is {dtype} of shape {shape}.")
    for key, wanted in ((TOKENS, "U8"), (ENDS, "I64")):
        if kinds[key][0] != wanted or len(kinds[key][1]) != 1:
            raise BadVectors(f"“{key}” in “{name}” should be {wanted} of one dimension, but is {kinds[key][0]}.")
