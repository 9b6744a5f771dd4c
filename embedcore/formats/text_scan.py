"""Loading the compiled part of reading text, and calling it.

Here belongs how it gets into this process. Loading numba and what it compiled takes half a
second, loading the same from LLVM's own language less than a fifth of that. So that is kept, like the
.pyc of a module and beside them, by whoever may write there.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import platform
import threading
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore import storage
from embedcore.errors import StorageProblem
from embedcore.vectors import Float32s

Integers = npt.NDArray[np.int64]
_KERNEL = Path(__file__).with_name("text_kernel.py")
_KEPT = _KERNEL.parent / "__pycache__"

_lock = threading.Lock()
_loaded: tuple[Callable[..., None], Any] | None = None  # the function, and what must live as long as it


def scan(data: bytes, separator: int, matrix: Float32s, words: Integers, doubtful: Integers) -> tuple[int, int, int]:
    """Find the rows in whole lines, the last of which ends in a newline too. Other threads run meanwhile.

    Filled are, with n or fewer rows: `matrix` (n, D); `words` (n, 2), where the word of a row begins
    and ends; `doubtful` (n, 3), for each line that is not as usual: its row, where it ends, and
    whether its numbers are read. Returned is how many rows there are, how many lines are
    doubtful, and how many have too few numbers and got no row. There must be room for one row
    more than can be found, unless every line is one.
    """
    counts = np.zeros(3, np.int64)
    arrays = [array.ctypes.data for array in (words, doubtful, counts)]
    _function()(data, len(data), separator, matrix.ctypes.data, *matrix.shape, *arrays)
    rows, doubts, few = counts.tolist()
    return rows, doubts, few


def _function() -> Callable[..., None]:
    global _loaded
    with _lock:
        if _loaded is None:
            path = _KEPT / f"text_kernel-{_key()}.ll"
            try:
                _loaded = _load(path.read_text("utf-8"))
            except (OSError, ValueError, RuntimeError):  # not there yet, or damaged
                _loaded = _load(_compile(path))
    return _loaded[0]


def _key() -> str:
    """What the compiled text depends on, as a few letters."""
    import llvmlite.binding as llvm

    machine = platform.system(), platform.machine(), llvm.get_host_cpu_name()
    depends = _KERNEL.read_text("utf-8"), version("numba"), version("llvmlite"), machine
    return hashlib.sha256(repr(depends).encode()).hexdigest()[:20]


def _compile(path: Path) -> str:
    """The kernel as text: its name in a line, and LLVM's language. It is kept, if it can be."""
    from embedcore.formats.text_kernel import assembly

    name, code = assembly()
    text = f"; {name}\n{code}"
    with contextlib.suppress(StorageProblem, OSError):
        path.parent.mkdir(exist_ok=True)
        for old in path.parent.glob("text_kernel-*.ll"):
            old.unlink(missing_ok=True)
        storage.write_atomically(path, text, sync=False)
    return text


def _load(text: str) -> tuple[Callable[..., None], Any]:
    """The function of a kernel. Raises RuntimeError or ValueError if the text is none."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3
    )
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(text), machine)
    engine.finalize_object()
    address = engine.get_function_address(text.partition("\n")[0].removeprefix("; "))
    if not address:
        raise ValueError("There is no such function.")
    pointer, size = ctypes.c_void_p, ctypes.c_int64
    kind = ctypes.CFUNCTYPE(
        None, pointer, size, ctypes.c_uint8, pointer, size, size, pointer, pointer, pointer
    )  # lets other threads run
    return kind(address), engine
