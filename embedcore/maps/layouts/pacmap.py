"""PaCMAP by the package of its authors.

Y. Wang, H. Huang, C. Rudin, Y. Shaposhnik: Understanding How Dimension Reduction Tools Work,
JMLR 22 (2021), https://arxiv.org/abs/2012.04456. Only workers import this.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore.maps.layouts.watching import Watch, replaced

Float32s = npt.NDArray[np.float32]

PHASES = (100, 100, 250)  # iterations: the large picture, then the neighbours, then the details


def lay_out(units: Float32s, dims: int, params: Mapping[str, float], seed: int, watch: Watch) -> Float32s:
    """The coordinates (n, dims) of n unit vectors (n, D), exactly as the package gives them in one thread.

    It finds the neighbours by itself, by straight distances between unit vectors, which are in
    the order of the cosines; above 100 dimensions it looks at the first 100 principal ones.
    """
    logging.getLogger("pacmap.pacmap").setLevel(logging.ERROR)  # it warns of each seed, and of 3-D
    import numba
    from pacmap import PaCMAP, pacmap

    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        model = PaCMAP(
            n_components=dims, n_neighbors=int(params["n_neighbors"]), MN_ratio=float(params["MN_ratio"]),
            FP_ratio=float(params["FP_ratio"]), num_iters=PHASES, random_state=seed,
        )  # fmt: skip
        with replaced(pacmap, "update_embedding_adam", _watched(watch)):
            return np.asarray(model.fit_transform(units, init="pca"), dtype=np.float32)  # (n, dims)
    finally:
        numba.set_num_threads(before)


def _watched(watch: Watch) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The step that changes the coordinates, once an iteration."""

    def make(update: Callable[..., Any]) -> Callable[..., Any]:
        def watched(coordinates: Float32s, *rest: Any) -> None:
            update(coordinates, *rest)
            watch.at(int(rest[-1]) + 1, sum(PHASES), coordinates)

        return watched

    return make
