"""The ways to lay a vector set out, and their parameters: what they are called, their bounds, a sentence on each.

Here belongs what a page shows and what a request is checked against. Light: no library that
lays anything out is imported. What the methods do is in the module of the same name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from embedcore.errors import BadSetting, BadVectors

PCA, UMAP, TSNE, PACMAP = "pca", "umap", "tsne", "pacmap"
DIMS = (2, 3)
MOST_SEED = 2**31 - 1  # what all of the libraries take

Number = int | float


@dataclass(frozen=True)
class Parameter:
    """One number of a method that a visitor may set."""

    name: str  # as the method's library has it
    label: str
    sentence: str  # what more or less of it does
    default: Number
    low: Number
    high: Number
    whole: bool = True

    def check(self, value: object) -> Number:
        """`value` as a number within the bounds. Raises BadSetting with the bound and the value."""
        fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if fits and self.whole:
            fits = float(value).is_integer()  # type: ignore[arg-type]
        if not fits:
            kind = "a whole number" if self.whole else "a number"
            raise BadSetting(f"{self.label} should be {kind}, but is {value!r}.")
        if not self.low <= value <= self.high:  # type: ignore[operator]
            raise BadSetting(f"{self.label} can be {self.low:,} to {self.high:,}, but is {value:,}.")
        return int(value) if self.whole else float(value)  # type: ignore[call-overload,no-any-return,arg-type]


@dataclass(frozen=True)
class Method:
    """One way to lay vectors out."""

    name: str
    label: str
    sentence: str  # what it keeps, and what not
    parameters: tuple[Parameter, ...]
    fewest: int  # points that it can lay out
    most: int | None  # points that it is offered for; None: any number
    at_once: bool = False  # quick enough for a page to wait for


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            PCA,
            "PCA",
            "The flat view along which the words differ most. Distances on the map are true ones seen from one side.",
            (),
            fewest=1,
            most=None,
            at_once=True,
        ),
        Method(
            PACMAP,
            "PaCMAP",
            "The quick look: keeps neighbours, and how groups lie to each other better than most.",
            (
                Parameter(
                    "n_neighbors", "Neighbours", "How many nearest words draw each word. More shows larger groups.",
                    10, 2, 100,
                ),
                Parameter(
                    "MN_ratio", "Middling pairs", "How many words at a middling distance are drawn in, for each "
                    "neighbour. More keeps the large picture.", 0.5, 0.1, 5.0, whole=False,
                ),
                Parameter(
                    "FP_ratio", "Far pairs", "How many far words are pushed away, for each neighbour. More spreads "
                    "the groups.", 2.0, 0.5, 10.0, whole=False,
                ),
            ),
            fewest=10,
            most=50_000,
        ),
        Method(
            UMAP,
            "UMAP",
            "Keeps each word’s neighbours. How far groups lie from each other, and how dense they are, means little.",
            (
                Parameter(
                    "n_neighbors", "Neighbours", "How many nearest words, the word itself among them, shape its place. "
                    "Few show small groups, many the large picture.", 15, 2, 200,
                ),
                Parameter(
                    "min_dist", "Least distance", "How close words may lie. Small packs groups tightly, large "
                    "spreads them.", 0.1, 0.0, 0.99, whole=False,
                ),
                Parameter(
                    "n_epochs", "Passes", "How often all places are improved; 0 means 500 for up to 10,000 words, "
                    "else 200.", 0, 0, 5_000,
                ),
            ),
            fewest=10,
            most=50_000,
        ),
        Method(
            TSNE,
            "t-SNE",
            "Keeps each word’s nearest neighbours best. Sizes of groups and gaps between them mean nothing.",
            (
                Parameter(
                    "perplexity", "Perplexity", "About how many neighbours count for each word; at most a third of "
                    "the words is used.", 30.0, 2.0, 200.0, whole=False,
                ),
                Parameter(
                    "early_exaggeration", "Early exaggeration", "How tightly groups are drawn together at first. "
                    "More leaves wider gaps.", 12.0, 1.0, 50.0, whole=False,
                ),
                Parameter("max_iter", "Steps", "How often all places are improved.", 1_000, 250, 5_000),
            ),
            fewest=10,
            most=50_000,
        ),
    )
}  # fmt: skip


def method_of(name: str) -> Method:
    """The method of that name. Raises BadSetting."""
    if name not in METHODS:
        raise BadSetting(f"There is no method “{name}” for a map. There are: {', '.join(METHODS)}.")
    return METHODS[name]


def complete(method: str, params: Mapping[str, object]) -> dict[str, Number]:
    """All parameters of a method, those not given by their default, in the method's order.

    Two requests that mean the same come out the same. Raises BadSetting for an unknown method,
    an unknown parameter, or a value outside its bounds.
    """
    known = {parameter.name: parameter for parameter in method_of(method).parameters}
    for name in params:
        if name not in known:
            has = f"It has: {', '.join(known)}." if known else "It has none."
            raise BadSetting(f"{METHODS[method].label} has no parameter “{name}”. {has}")
    return {name: parameter.check(params.get(name, parameter.default)) for name, parameter in known.items()}


def check(method: str, n: int | None, dims: int, seed: int) -> None:
    """Raises BadSetting for dims, a seed or a number of points that cannot be, BadVectors for too few points.

    `n` is None while nobody knows how many points there will be.
    """
    chosen = method_of(method)
    if isinstance(dims, bool) or dims not in DIMS:
        raise BadSetting(f"A map has 2 or 3 dimensions, but {dims!r} was asked for.")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MOST_SEED:
        raise BadSetting(f"The seed can be 0 to {MOST_SEED:,}, but is {seed!r}.")
    if n is not None and n < chosen.fewest:
        besides = "" if method == PCA else " Take PCA for so few."
        words = "1 word" if chosen.fewest == 1 else f"{chosen.fewest} words"
        raise BadVectors(f"{chosen.label} needs at least {words}, but there {_are(n)}.{besides}")
    if n is not None and chosen.most is not None and n > chosen.most:
        raise BadSetting(
            f"{chosen.label} lays out at most {chosen.most:,} words, but there are {n:,}. Take PCA for so many."
        )


def neighbors_needed(method: str, params: Mapping[str, object], n: int) -> int:
    """How many nearest others of each of n points `lay_out` wants as `knn`; 0 if the method finds its own."""
    return min(int(complete(method, params)["n_neighbors"]), n) - 1 if method == UMAP else 0


def _are(n: int) -> str:
    return "is 1" if n == 1 else f"are {n:,}"
