"""UMAP by umap-learn, from exact neighbours.

L. McInnes, J. Healy, J. Melville: UMAP: Uniform Manifold Approximation and Projection for
Dimension Reduction (2018), https://arxiv.org/abs/1802.03426. Only workers import this.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore.maps.layouts.watching import Watch, replaced
from embedcore.maps.neighbors import Neighbors

Float32s = npt.NDArray[np.float32]


def lay_out(
    units: Float32s, dims: int, params: Mapping[str, float], seed: int, neighbors: Neighbors, watch: Watch
) -> Float32s:
    """The coordinates (n, dims) of n unit vectors (n, D), exactly as umap-learn gives them for these neighbours.

    `neighbors` (n, n_neighbors - 1) are the nearest others. UMAP moves the points by one epoch at a time, and after
    each the coordinates are there to be seen.
    """
    import umap
    import umap.umap_

    keep_compiled()
    epochs = int(params["n_epochs"]) or None
    near = with_themselves(neighbors)  # (n, n_neighbors)
    model = umap.UMAP(
        n_components=dims, n_neighbors=near[0].shape[1], min_dist=params["min_dist"], n_epochs=epochs,
        metric="cosine", random_state=seed, n_jobs=1, precomputed_knn=near, transform_mode="embedding",
    )  # fmt: skip
    with warnings.catch_warnings(), replaced(umap.umap_, "optimize_layout_euclidean", _watched(watch)):
        # It says that new points could not be added later, and of small sets that they are small.
        warnings.simplefilter("ignore")
        return np.asarray(model.fit_transform(units), dtype=np.float32)  # (n, dims)


def with_themselves(neighbors: Neighbors) -> tuple[npt.NDArray[np.int32], Float32s]:
    """Neighbours as UMAP counts them, (n, k + 1): each point is the first of its own, at distance 0."""
    own = np.arange(len(neighbors.rows), dtype=np.int32)[:, None]  # (n, 1)
    return np.hstack([own, neighbors.rows]), np.hstack([np.zeros_like(own, np.float32), neighbors.distances])


def keep_compiled() -> None:
    """Have numba keep what it compiles of UMAP on disk, so that the next process need not compile it.

    umap-learn leaves that out for the three functions that a fit needs, which then cost 5 s of
    processor time in every process. Where nothing can be written, they are compiled each time.
    """
    from umap import layouts, umap_

    for compiled in (
        umap_.smooth_knn_dist, umap_.compute_membership_strengths, layouts._nb_optimize_layout_euclidean_single_epoch,
    ):  # fmt: skip
        try:
            if not compiled.signatures:  # else it is compiled, or was read from there, already
                compiled.enable_caching()
        except (RuntimeError, OSError):  # numba finds no folder that it may write to
            return


def _watched(watch: Watch) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """umap-learn's loop over the epochs, with somebody who looks on in the place of the bar that it draws.

    Not a bar of tqdm's that writes to us: to end a layout out of one leaves tqdm's lock held, and
    the next layout in another thread waits for ever.
    """
    from umap import layouts

    def make(optimize: Callable[..., Any]) -> Callable[..., Any]:
        def watched(head: Float32s, *rest: Any, **options: Any) -> Any:
            def told(epochs: range, **bar: Any) -> Iterator[int]:
                for epoch in epochs:
                    yield epoch
                    watch.at(epoch + 1, len(epochs), head)  # changed in place

            with replaced(layouts, "tqdm", lambda bar: told):
                return optimize(head, *rest, **options)

        return watched

    return make
