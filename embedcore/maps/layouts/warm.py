"""Having everything compiled that a layout needs, before anybody waits for one.

    python -m embedcore.maps.layouts.warm

What numba compiles of UMAP and PaCMAP costs some twenty seconds of processor time on a machine
where it was never done, and next to nothing where numba finds it on disk. Here belongs doing that
once, for whoever comes later, in whichever process; a short one of its own, so that no training waits.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib
import importlib.util
import os
import platform
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import platformdirs

from embedcore import search
from embedcore.errors import EmbedcoreError
from embedcore.maps import layouts
from embedcore.maps.neighbors import nearest
from embedcore.maps.request import library_version

_POINTS, _DIM = 40, 8
_SECONDS = 600.0  # for compiling; it takes some twenty
_LIBRARIES = {layouts.UMAP: "umap", layouts.PACMAP: "pacmap"}
_COMPILED = ("sklearn.manifold", "sklearn.cluster")  # by whoever packed them


def installed(method: str) -> bool:
    """Whether the library of a method is there; it is not imported."""
    name = _LIBRARIES.get(method)
    return name is None or importlib.util.find_spec(name) is not None


def choose_cache(fallback: Path) -> None:
    """Have numba keep what it compiles in this user's cache folder, or in `fallback` if that cannot be written.

    One place for all processes and data folders of a machine, which nobody else writes to: numba
    reads pickles from it. NUMBA_CACHE_DIR, if it is set, is left as it is. To be called before
    numba is imported; where nothing can be written, its users cannot even be imported.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    for place in (Path(platformdirs.user_cache_dir("embedcore")) / "numba", fallback):
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(place, os.W_OK | os.X_OK):
            os.environ["NUMBA_CACHE_DIR"] = str(place)
            return


def stamp() -> Path | None:
    """The file that is there once all was compiled for these versions; None if nothing is kept anywhere."""
    place = os.environ.get("NUMBA_CACHE_DIR")
    versions = [library_version(name) for name in ("umap-learn", "pynndescent", "pacmap", "numba", "llvmlite", "numpy")]
    known = f"{sys.version} {platform.machine()} {versions}"
    return Path(place) / f"maps-{hashlib.sha256(known.encode()).hexdigest()[:16]}.warm" if place else None


def warm_once() -> None:
    """`warm` in a process of its own at the lowest priority, unless it was done here before; waits for one under way.

    Raises OSError or subprocess.SubprocessError if it cannot be done; then the first map compiles.
    """
    done = stamp()
    if done is None or done.exists():
        return
    with done.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists():
            return
        subprocess.run(
            [sys.executable, "-m", "embedcore.maps.layouts.warm"], cwd=Path(__file__).parents[3], check=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=_SECONDS,
        )  # fmt: skip
        done.touch()


def import_libraries() -> None:
    """Import what layouts and groups need, so that the first map in this process need not wait for it."""
    for name in (*_LIBRARIES.values(), *_COMPILED):
        with suppress(ImportError):
            importlib.import_module(name)


def warm() -> None:
    """Lay a few points out, once in 2-D and once in 3-D, by each method that compiles something."""
    points = np.random.default_rng(0).normal(size=(_POINTS, _DIM))
    units = search.unit(points).astype(np.float32)  # (n, D)
    for method in _LIBRARIES:
        if installed(method):
            knn = nearest(units, max(1, layouts.neighbors_needed(method, {}, _POINTS)))
            for dims in (2, 3):
                layouts.lay_out(units, method, dims, {}, 1, knn=knn)


if __name__ == "__main__":
    os.nice(19)
    try:
        warm()
    except EmbedcoreError as error:
        sys.exit(str(error))
