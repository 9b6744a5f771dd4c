"""t-SNE by scikit-learn.

L. van der Maaten, G. Hinton: Visualizing Data using t-SNE, JMLR 9 (2008); by trees, as in
L. van der Maaten: Accelerating t-SNE using Tree-Based Algorithms, JMLR 15 (2014). Only workers
import this. openTSNE was a little faster and can be watched without help, but not in 3-D.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore import parallel
from embedcore.maps.layouts.watching import Watch, replaced

Float32s = npt.NDArray[np.float32]


def lay_out(units: Float32s, dims: int, params: Mapping[str, float], seed: int, watch: Watch) -> Float32s:
    """The coordinates (n, dims) of n unit vectors (n, D), exactly as sklearn.manifold.TSNE gives them in one thread.

    Straight distances between unit vectors put neighbours in the same order as cosines do, and
    their squares, which t-SNE goes by, are twice the cosine distances.
    """
    from sklearn.manifold import TSNE, _t_sne

    n, steps = len(units), int(params["max_iter"])
    model = TSNE(
        dims, perplexity=perplexity(params, n), early_exaggeration=params["early_exaggeration"], max_iter=steps,
        init="pca", learning_rate="auto", random_state=seed, n_jobs=1,
    )  # fmt: skip
    with parallel.one_openmp_thread(), replaced(_t_sne, "_gradient_descent", _watched(watch, steps, (n, dims))):
        return np.asarray(model.fit_transform(units), dtype=np.float32)  # (n, dims)


def perplexity(params: Mapping[str, float], n: int) -> float:
    """The perplexity for n points: it looks at three times as many neighbours, and there are n - 1."""
    return min(float(params["perplexity"]), (n - 1) / 3)


def _watched(watch: Watch, steps: int, shape: tuple[int, int]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """scikit-learn's descent, which asks for the slope at the coordinates of each step."""

    def make(descend: Callable[..., Any]) -> Callable[..., Any]:
        def watched(objective: Callable[..., Any], start: Float32s, it: int, *rest: Any, **options: Any) -> Any:
            done = it

            def seen(places: Float32s, *args: Any, **kwargs: Any) -> Any:
                nonlocal done
                watch.at(done, steps, places.reshape(shape))
                done += 1
                return objective(places, *args, **kwargs)

            return descend(seen, start, it, *rest, **options)

        return watched

    return make
