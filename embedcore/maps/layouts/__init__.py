"""Laying vectors out in two or three dimensions: PCA, UMAP, t-SNE and PaCMAP behind one call.

`methods` says what there is and checks it, and is light; `expected` says how long a layout
takes. The libraries are imported when a layout begins, by workers only. `warm` does that before
anybody waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore.errors import BadVectors
from embedcore.maps.layouts.methods import METHODS, PACMAP, PCA, TSNE, UMAP, check, complete, neighbors_needed
from embedcore.maps.layouts.watching import LayoutStopped, OnProgress, Watch, alone
from embedcore.maps.neighbors import Neighbors

__all__ = [
    "METHODS", "PACMAP", "PCA", "TSNE", "UMAP", "LayoutStopped", "OnProgress", "check", "complete", "lay_out",
    "neighbors_needed",
]  # fmt: skip

Float32s = npt.NDArray[np.float32]


def lay_out(
    units: npt.NDArray[np.floating[Any]],
    method: str,
    dims: int,
    params: Mapping[str, object],
    seed: int,
    *,
    knn: Neighbors | None = None,
    on_progress: OnProgress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Float32s:
    """The coordinates (n, dims) of n unit vectors (n, D), the same for the same seed and input.

    `knn` is wanted by UMAP: the nearest others of each point by `neighbors.nearest`, as many as
    `neighbors_needed` says, or more. `on_progress` is told at most ten times a second how many
    of how many iterations are done, with the (n, dims) coordinates of that moment where there are
    any; what it raises ends the layout. The iterations of t-SNE may end early. `should_stop` is
    asked as often.

    One at a time in a process: others wait. Raises BadSetting, BadVectors for too few points, for
    vectors that are not finite, for those that are all the same unless by PCA, and if no finite coordinates come
    out, and LayoutStopped.
    """
    from embedcore.maps.layouts import pca

    units = np.ascontiguousarray(units, dtype=np.float32)  # (n, D)
    if units.ndim != 2:
        raise BadVectors(f"Vectors to lay out are a table, but this has {units.ndim} dimensions.")
    complete_params = complete(method, params)
    n = len(units)
    check(method, n, dims, seed)
    if not np.isfinite(units).all():
        raise BadVectors("Some of these vectors have a number that is not finite, and no place on a map.")
    if units.shape[1] <= dims and method != PCA:
        raise BadVectors(f"These vectors have {units.shape[1]} dimensions: there is nothing to reduce. Take PCA.")
    if method != PCA and pca.all_the_same(units):
        raise BadVectors("All of these words point the same way: there is nothing to lay out. Take PCA.")
    watch = Watch(on_progress, should_stop)
    watch.check()
    with alone:
        watch.check()
        placed = _of_method(units, method, dims, complete_params, seed, knn, watch)
    if not np.isfinite(placed).all():
        raise BadVectors(f"{METHODS[method].label} found no place for some words. Try other parameters.")
    return placed


def _of_method(
    units: Float32s, method: str, dims: int, params: Mapping[str, float], seed: int, knn: Neighbors | None, watch: Watch
) -> Float32s:
    """The layout of checked input; each method's module, and with it the library, is imported when asked for."""
    if method == PCA:
        from embedcore.maps.layouts import pca

        return pca.lay_out(units, dims, watch)
    if method == UMAP:
        from embedcore.maps.layouts import umap

        wanted = neighbors_needed(method, params, len(units))
        if knn is None or len(knn.rows) != len(units) or knn.rows.shape[1] < wanted:
            raise ValueError(f"UMAP of {len(units)} points needs the {wanted} nearest others of each.")
        near = Neighbors(knn.rows[:, :wanted], knn.distances[:, :wanted])
        return umap.lay_out(units, dims, params, seed, near, watch)
    if method == TSNE:
        from embedcore.maps.layouts import tsne

        return tsne.lay_out(units, dims, params, seed, watch)
    from embedcore.maps.layouts import pacmap

    return pacmap.lay_out(units, dims, params, seed, watch)
