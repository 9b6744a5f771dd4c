"""A PyTorch state dict: what `nn.Embedding(V, D).load_state_dict` takes, with the tokens beside it.

The state dict has the one key `weight`. The tokens are in its `_metadata`, the attribute in
which every state dict of PyTorch carries the versions of its modules: `load_state_dict` does
not mind more in it, and `torch.load(…, weights_only=True)` keeps it. Nothing here imports torch
before it is needed; a process that must not import it has a child write the file, or look into it.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import warnings
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from embedcore.errors import BadVectors, StorageProblem
from embedcore.formats.base import CHUNK_NUMBERS, Progress, Read, Written, untold
from embedcore.formats.gather import Gathering, binaries
from embedcore.formats.safetensors_file import write_safetensors
from embedcore.formats.streams import ZIP
from embedcore.storage import printable
from embedcore.vectors import Float32s, WordVectors

WEIGHT, ITOS = "weight", "itos"
OLD_TORCH = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"  # how files began before PyTorch 1.6
CHILD = "embedcore.formats.torch_child"
_CHILD_SECONDS = 600.0
_one_child = threading.Lock()  # each takes some hundred megabytes
_log = logging.getLogger("embedcore")


def write_torch(vectors: WordVectors, path: Path, on_progress: Progress = untold) -> Written:
    """Write the state dict of an `nn.Embedding`, importing torch, in one go. Raises OSError."""
    import torch

    matrix = np.ascontiguousarray(vectors.matrix)  # (V, D), not copied if it lies so
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that the matrix is read-only: nothing is written to it
        weight = torch.from_numpy(matrix) if matrix.size else torch.empty(matrix.shape)  # (V, D)
    state: OrderedDict[str, Any] = OrderedDict({WEIGHT: weight})
    state._metadata = OrderedDict({"": {"version": 1, ITOS: list(vectors.tokens)}})  # type: ignore[attr-defined]
    with path.open("wb") as file:
        try:
            torch.save(state, file)
        except RuntimeError as error:  # torch's own writer hides what the system said
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise OSError(0, "torch could not write the file") from error
    on_progress(1.0)
    return Written(rows=len(vectors))


def write_torch_apart(vectors: WordVectors, path: Path) -> Written:
    """The same, written by a child process, so that this one never imports torch. Raises OSError, StorageProblem."""
    with tempfile.TemporaryDirectory(prefix="embedcore-") as folder:
        source = Path(folder) / "vectors.safetensors"
        write_safetensors(vectors, source)
        too_long = "The file for PyTorch took too long to make. Try again, or another format."
        said, status = _child(["write", str(source), str(path)], too_long)
    if status == 2:  # it said what is wrong in a sentence
        raise StorageProblem(said)
    if status:
        _log.error("The child that writes a PyTorch file ended with %s: %s", status, said)
        raise StorageProblem("The file for PyTorch could not be made. Try again, or take another format.")
    return Written(rows=len(vectors))


def _child(arguments: list[str], too_long: str) -> tuple[str, int]:
    """What a process of `torch_child` says, on its output if it ends well, else on its error output; its exit status.

    Raises StorageProblem, which says `too_long`, if it takes that.
    """
    here = str(Path(__file__).parents[2])  # where this process has embedcore from
    path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    command = [sys.executable, "-m", CHILD, *arguments]
    with _one_child:
        try:
            done = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=_CHILD_SECONDS
            )
        except subprocess.TimeoutExpired as error:
            raise StorageProblem(too_long) from error
    said = done.stderr if done.returncode else done.stdout
    return said.decode("utf-8", "replace").strip(), done.returncode


def read_torch(
    path: Path, name: str, *, into: Path | None = None, on_progress: Progress | None = None
) -> tuple[WordVectors, Read]:
    """The vectors of a file that `torch.save` wrote: one matrix of floats, and the tokens of its rows.

    The tokens are those that `write_torch` keeps, or a list of as many strings as there are
    rows, anywhere at the top level (torchtext's cached vectors are such files). Never opens
    what only a pickle could hold. `into` is as for `Gathering`, `name` the file's, for
    sentences. Raises BadVectors, OSError.
    """
    import torch

    tokens, weight = load(path, name)
    rows, dim = weight.shape
    gathering = Gathering("torch", name, dim, repeats=True, into=into)
    size = max(1, CHUNK_NUMBERS // dim)
    for start in range(0, rows, size):
        encoded = [token.encode("utf-8", "surrogatepass") for token in tokens[start : start + size]]
        numbers = weight[start : start + size].to(torch.float32)  # (n, D)
        gathering.add(binaries(encoded), np.ascontiguousarray(numbers.numpy()))
        if on_progress:
            on_progress(min(1.0, (start + size) / rows))
    vectors, read = gathering.finish()
    if weight.dtype != torch.float32:
        read.notes.append(f"Its numbers are {str(weight.dtype).removeprefix('torch.')}; they are kept as float32.")
    return vectors, read


def load(path: Path, name: str) -> tuple[list[str], Any]:
    """What a file holds, as it is: V tokens, and a tensor (V, D), mapped where it can be. Raises BadVectors."""
    import pickle

    import torch

    zipped = _is_zipped(path, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on how it was pickled; the visitor cannot change that
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except pickle.UnpicklingError as error:
        raise BadVectors(
            f"“{name}” holds more than tensors, lists and numbers, and opening that could run code, so it was not "
            "opened. Save the layer's state_dict() instead."
        ) from error
    except (RuntimeError, ValueError, EOFError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise BadVectors(f"“{name}” is no whole PyTorch file; it may be cut short.") from error
    found = [value for value in _values(content) if isinstance(value, torch.Tensor) and value.ndim == 2]
    matrices = [value for value in found if value.is_floating_point() and not value.is_sparse]
    if len(matrices) != 1 or not matrices[0].shape[1]:
        raise BadVectors(f"“{name}” should hold one matrix of floats, (words, numbers), but it holds {len(matrices)}.")
    tokens = _tokens(content, len(matrices[0]))
    if tokens is None:
        rows, dim = matrices[0].shape
        raise BadVectors(
            f"“{name}” holds a matrix, {rows:,} x {dim:,}, but not the words of its rows: a list of {rows:,} strings "
            "is missing. Save {“itos”: words, “weight”: matrix} instead."
        )
    return tokens, matrices[0].detach()


def _is_zipped(path: Path, name: str) -> bool:
    """Whether a file is as PyTorch writes it since 1.6. Raises BadVectors if it is none of PyTorch's at all."""
    with path.open("rb") as file:
        head = file.read(len(OLD_TORCH))
    if not head.startswith((ZIP, OLD_TORCH)):  # torch would read others too, and not always say what is wrong
        raise BadVectors(f"“{name}” is no PyTorch file.")
    return head.startswith(ZIP)


def look_apart(path: Path, limit: int) -> tuple[list[str], Float32s, int]:
    """The first tokens, at most `limit`, their matrix (n, D), and how many rows there are, read by a child process.

    Raises BadVectors, StorageProblem.
    """
    _is_zipped(path, printable(path.name))
    said, status = _child(["look", str(path), str(limit)], "The file took too long to open. Try again.")
    if status == 2:
        raise BadVectors(said)
    if status:
        _log.error("The child that looks at a PyTorch file ended with %s: %s", status, said)
        raise StorageProblem("The file could not be opened with PyTorch. Try again.")
    found = json.loads(said)
    matrix = np.array(found["matrix"], dtype=np.float32).reshape(-1, found["dim"])  # (n, D)
    return found["tokens"], matrix, int(found["rows"])


def _values(content: Any) -> Iterator[Any]:
    """What lies at the top level of a loaded file."""
    if isinstance(content, dict):
        yield from content.values()
    elif isinstance(content, list | tuple):
        yield from content
    else:
        yield content


def _tokens(content: Any, rows: int) -> list[str] | None:
    """The list of as many strings as there are rows; None if there is none."""
    own = getattr(content, "_metadata", {}).get("", {})
    for value in [own.get(ITOS) if isinstance(own, dict) else None, *_values(content)]:
        if isinstance(value, list) and len(value) == rows and all(isinstance(token, str) for token in value):
            return value
    return None
