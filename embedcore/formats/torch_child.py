"""The child process that writes a PyTorch file, or looks into one, so that its parent need not import torch.

`python -m embedcore.formats.torch_child write FROM TO` reads the set from a safetensors file;
`… look FILE N` prints the first N rows as JSON. What goes wrong is one sentence on standard
error, and exit status 2. It is a module of its own, since nothing else may import it.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from embedcore.errors import EmbedcoreError
from embedcore.formats import safetensors_file, torch_file
from embedcore.storage import os_errors, printable
from embedcore.tokens import Tokens
from embedcore.vectors import WordVectors


def main(task: str, *arguments: str) -> int:
    """Do the task; the exit status."""
    try:
        _look(*arguments) if task == "look" else _write(*arguments)
    except EmbedcoreError as error:
        sys.stderr.buffer.write(str(error).encode("utf-8"))
        return 2
    return 0


def _write(source: str, target: str) -> None:
    """Write the set in `source` to `target`."""
    tokens, matrix, _ = safetensors_file.load(Path(source), "the set")
    vectors = WordVectors(Tokens.of_arrow(tokens.cast("large_string")), matrix)
    with os_errors("make the file for PyTorch"):
        torch_file.write_torch(vectors, Path(target))


def _look(file: str, limit: str) -> None:
    """Print how many rows a file has, and the first of them."""
    path = Path(file)
    with os_errors(f"read {printable(path.name)}"):
        tokens, weight = torch_file.load(path, printable(path.name))
    first = weight[: int(limit)].float().tolist()
    print(json.dumps({"rows": len(tokens), "dim": weight.shape[1], "tokens": tokens[: int(limit)], "matrix": first}))


if __name__ == "__main__":
    with suppress(OSError, AttributeError):  # not every system has it
        os.nice(10)  # the pages come first
    sys.exit(main(*sys.argv[1:]))
