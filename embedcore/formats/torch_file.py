"""A PyTorch state dict: what `nn.Embedding(V, D).load_state_dict` takes, with the tokens beside it.

The state dict has the one key `weight`. The tokens are in its `_metadata`, the attribute in
which every state dict of PyTorch carries the versions of its modules: `load_state_dict` does
not mind more in it, and `torch.load(…, weights_only=True)` keeps it. Nothing here imports torch
before it is needed; a process that must not import it has a child write the file.
"""

from __future__ import annotations

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
from embedcore.formats.base import Read, Written
from embedcore.formats.gather import Gathering
from embedcore.formats.safetensors_file import write_safetensors
from embedcore.vectors import WordVectors

WEIGHT, ITOS = "weight", "itos"
CHILD = "embedcore.formats.torch_child"
_CHILD_SECONDS = 600.0
_one_child = threading.Lock()  # each takes some hundred megabytes
_log = logging.getLogger("embedcore")


def write_torch(vectors: WordVectors, path: Path) -> Written:
    """Write the state dict of an `nn.Embedding`, importing torch. Raises OSError."""
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
    return Written(rows=len(vectors))


def write_torch_apart(vectors: WordVectors, path: Path) -> Written:
    """The same, written by a child process, so that this one never imports torch. Raises OSError, StorageProblem."""
    with tempfile.TemporaryDirectory(prefix="embedcore-") as folder, _one_child:
        source = Path(folder) / "vectors.safetensors"
        write_safetensors(vectors, source)
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        here = str(Path(__file__).parents[2])  # where this process has embedcore from
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [here, environment.get("PYTHONPATH")]))
        command = [sys.executable, "-m", CHILD, str(source), str(path)]
        try:
            done = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=_CHILD_SECONDS
            )
        except subprocess.TimeoutExpired as error:
            raise StorageProblem("The file for PyTorch took too long to make. Try again, or another format.") from error
    said = done.stderr.decode("utf-8", "replace").strip()
    if done.returncode == 2:  # it said what is wrong in a sentence
        raise StorageProblem(said)
    if done.returncode:
        _log.error("The child that writes a PyTorch file ended with %s: %s", done.returncode, said)
        raise StorageProblem("The file for PyTorch could not be made. Try again, or take another format.")
    return Written(rows=len(vectors))


def read_torch(path: Path, name: str) -> tuple[WordVectors, Read]:
    """The vectors of a file that `torch.save` wrote: one matrix of floats, and the tokens of its rows.

    The tokens are those that `write_torch` keeps, or a list of as many strings as there are
    rows, anywhere at the top level (torchtext's cached vectors are such files). Never opens
    what only a pickle could hold. `name` is the file's, for sentences. Raises BadVectors.
    """
    import pickle

    import pyarrow as pa
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on how it was pickled; the visitor cannot change that
            content = torch.load(path, map_location="cpu", weights_only=True)
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
    weight = matrices[0].detach()
    gathering = Gathering("torch", name, weight.shape[1], repeats=True)
    encoded = [token.encode("utf-8", "surrogatepass") for token in tokens]
    gathering.add(pa.array(encoded, pa.large_binary()), np.ascontiguousarray(weight.to(torch.float32).numpy()))
    vectors, read = gathering.finish()
    if weight.dtype != torch.float32:
        read.notes.append(f"Its numbers are {str(weight.dtype).removeprefix('torch.')}; they are kept as float32.")
    return vectors, read


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
