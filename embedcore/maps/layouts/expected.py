"""How long a layout will take, said before anybody waits for it.

Here belongs the estimate, from times measured on glove.6B.50d: seconds of processor time of one core,
everything compiled, neighbours included; those of t-SNE of 50,000 words from its first steps, which are
the slower ones. Another machine is faster or slower; what matters is telling seconds from minutes from
half an hour. Light.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from embedcore.maps.layouts.methods import PACMAP, PCA, TSNE, UMAP, complete

# By method and dimensions: words, and seconds with the usual parameters. Between them, straight on paper with
# logarithmic axes. UMAP makes 500 passes up to 10,000 words, 200 above.
_MEASURED: dict[tuple[str, int], tuple[tuple[int, float], ...]] = {
    (PCA, 2): ((2_000, 0.01), (10_000, 0.02), (400_000, 0.5)),
    (PCA, 3): ((2_000, 0.01), (10_000, 0.02), (400_000, 0.5)),
    (PACMAP, 2): ((2_000, 0.5), (10_000, 2.4), (50_000, 14.0)),
    (PACMAP, 3): ((2_000, 0.5), (10_000, 2.8), (50_000, 17.0)),
    (UMAP, 2): ((2_000, 1.8), (10_000, 9.8), (50_000, 38.0)),
    (UMAP, 3): ((2_000, 1.8), (10_000, 10.6), (50_000, 39.0)),
    (TSNE, 2): ((2_000, 6.8), (10_000, 49.0), (50_000, 700.0)),
    (TSNE, 3): ((2_000, 25.0), (10_000, 190.0), (50_000, 1_800.0)),
}
_LEAST = 0.05
_LONG_UMAP = 10_000  # words up to which UMAP makes 500 passes by itself


def expected_seconds(method: str, n: int, dims: int, params: Mapping[str, object] | None = None) -> float:
    """About how many seconds a worker with nothing else to do takes for n words. Raises BadSetting."""
    values = complete(method, params or {})
    usual = complete(method, {})
    seconds = _between(_MEASURED[method, dims], n)
    if method == UMAP:
        passes = 500 if n <= _LONG_UMAP else 200
        seconds *= (values["n_epochs"] or passes) / passes * values["n_neighbors"] / usual["n_neighbors"]
    elif method == TSNE:
        # A step looks at each word's neighbours, and at the rest through a tree: about half each.
        seconds *= values["max_iter"] / usual["max_iter"] * (1 + values["perplexity"] / usual["perplexity"]) / 2
    elif method == PACMAP:
        pairs = values["n_neighbors"] * (1 + values["MN_ratio"] + values["FP_ratio"])
        seconds *= pairs / (usual["n_neighbors"] * (1 + usual["MN_ratio"] + usual["FP_ratio"]))
    return max(seconds, _LEAST)


def in_words(seconds: float) -> str:
    """A time as one says it beforehand: "about 20 seconds", "about a minute"."""
    if seconds < 1.5:
        return "about a second"
    if seconds < 45:
        return f"about {_round(seconds)} seconds"
    if seconds < 90:
        return "about a minute"
    if seconds < 90 * 60:
        return f"about {_round(seconds / 60)} minutes"
    hours = seconds / 3600
    return f"about {max(2, _round(hours))} hours"


def _round(number: float) -> int:
    """To the whole, and from ten on to the five: more would promise what nobody knows."""
    return round(number) if number < 10 else 5 * round(number / 5)


def _between(points: tuple[tuple[int, float], ...], n: int) -> float:
    """The time for n words, from the two measured ones about it, or the two nearest."""
    later = next((place for place, (words, _) in enumerate(points) if words >= n), len(points) - 1)
    (n0, t0), (n1, t1) = points[max(later, 1) - 1], points[max(later, 1)]
    slope = math.log(t1 / t0) / math.log(n1 / n0)
    return float(t0 * (max(n, 1) / n0) ** slope)
