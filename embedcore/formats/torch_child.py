"""The child process that writes a PyTorch file: `python -m embedcore.formats.torch_child FROM TO`.

It reads the set from a safetensors file. What goes wrong is one sentence on standard error,
and exit status 2. It is a module of its own, since nothing else may import it.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from embedcore.errors import EmbedcoreError
from embedcore.formats.safetensors_file import load
from embedcore.formats.torch_file import write_torch
from embedcore.storage import os_errors
from embedcore.tokens import Tokens
from embedcore.vectors import WordVectors


def main(source: str, target: str) -> int:
    """Write the set in `source` to `target`; the exit status."""
    try:
        tokens, matrix, _ = load(Path(source), "the set")
        vectors = WordVectors(Tokens.of_arrow(tokens.cast("large_string")), matrix)
        with os_errors("make the file for PyTorch"):
            write_torch(vectors, Path(target))
    except EmbedcoreError as error:
        sys.stderr.buffer.write(str(error).encode("utf-8"))
        return 2
    return 0


if __name__ == "__main__":
    with suppress(OSError, AttributeError):  # not every system has it
        os.nice(10)  # the pages come first
    sys.exit(main(*sys.argv[1:]))
