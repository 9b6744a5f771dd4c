"""The parameters of the ways to lay out a map: bounds, defaults, and the sentences of what cannot be."""

from __future__ import annotations

import math

import pytest

from embedcore.errors import BadSetting, BadVectors
from embedcore.maps.layouts import METHODS, PACMAP, PCA, TSNE, UMAP, check, complete, neighbors_needed
from embedcore.maps.layouts.expected import expected_seconds, in_words
from embedcore.maps.layouts.methods import MOST_SEED, Parameter
from tests.test_imports import modules_after

EVERY = [(method, parameter) for method in METHODS.values() for parameter in method.parameters]


def test_a_server_can_know_of_them_without_any_of_the_libraries() -> None:
    heavy = {"umap", "numba", "sklearn", "scipy", "pacmap", "torch", "pynndescent", "pandas"}
    assert not modules_after("import embedcore.maps.layouts, embedcore.maps.layouts.expected") & heavy
    assert not modules_after("import embedcore.maps.layouts.warm") & heavy


@pytest.mark.parametrize(("method", "parameter"), EVERY, ids=lambda one: getattr(one, "name", str(one)))
def test_bounds_hold_on_both_sides(method: object, parameter: Parameter) -> None:
    assert parameter.check(parameter.low) == parameter.low
    assert parameter.check(parameter.high) == parameter.high
    assert parameter.low <= parameter.check(parameter.default) <= parameter.high
    for outside in (parameter.low - 1, parameter.high + 1):
        with pytest.raises(BadSetting, match=f"{parameter.label} can be .* but is"):
            parameter.check(outside)
    for none in ("15", None, True, math.nan, math.inf, [1], 1.5 if parameter.whole else "x"):
        with pytest.raises(BadSetting, match=f"{parameter.label} should be a"):
            parameter.check(none)


def test_what_is_left_out_is_the_default_and_a_whole_number_may_come_as_a_float() -> None:
    assert complete(UMAP, {}) == {"n_neighbors": 15, "min_dist": 0.1, "n_epochs": 0}
    assert complete(UMAP, {"min_dist": 0, "n_neighbors": 30.0}) == {"n_neighbors": 30, "min_dist": 0.0, "n_epochs": 0}
    assert isinstance(complete(UMAP, {"n_neighbors": 30.0})["n_neighbors"], int)
    assert isinstance(complete(UMAP, {"min_dist": 0})["min_dist"], float)


def test_what_a_method_does_not_have_is_told() -> None:
    with pytest.raises(BadSetting, match=r"t-SNE has no parameter “min_dist”. It has: perplexity, early_exaggeration"):
        complete(TSNE, {"min_dist": 0.1})
    with pytest.raises(BadSetting, match=r"PCA has no parameter “이웃”. It has none."):
        complete(PCA, {"이웃": 1})
    with pytest.raises(BadSetting, match=r"There is no method “mds” for a map. There are: pca, pacmap, umap, tsne."):
        complete("mds", {})


@pytest.mark.parametrize(
    ("asked", "error", "sentence"),
    [
        ((UMAP, 9, 2, 1), BadVectors, "UMAP needs at least 10 words, but there are 9. Take PCA for so few."),
        ((PCA, 0, 2, 1), BadVectors, "PCA needs at least 1 word, but there are 0."),
        ((TSNE, 50_001, 2, 1), BadSetting, "t-SNE lays out at most 50,000 words, but there are 50,001."),
        ((PACMAP, 100, 4, 1), BadSetting, "A map has 2 or 3 dimensions, but 4 was asked for."),
        ((UMAP, 100, True, 1), BadSetting, "A map has 2 or 3 dimensions"),
        ((UMAP, 100, 2, -1), BadSetting, "The seed can be 0 to 2,147,483,647, but is -1."),
        ((UMAP, 100, 2, MOST_SEED + 1), BadSetting, "The seed can be"),
    ],
)
def test_what_cannot_be_laid_out(asked: tuple[str, int, int, int], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        check(*asked)


def test_pca_takes_any_number_and_nobody_knows_the_size_of_a_neighbourhood_yet() -> None:
    check(PCA, 2_000_000, 3, 0)
    check(UMAP, None, 2, MOST_SEED)


def test_only_umap_wants_neighbours_and_never_more_than_there_are() -> None:
    assert neighbors_needed(UMAP, {}, 2_000) == 14
    assert neighbors_needed(UMAP, {"n_neighbors": 200}, 50) == 49
    assert [neighbors_needed(method, {}, 2_000) for method in (PCA, TSNE, PACMAP)] == [0, 0, 0]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dims", [2, 3])
def test_more_words_take_longer(method: str, dims: int) -> None:
    times = [expected_seconds(method, n, dims) for n in (100, 1_000, 2_000, 7_000, 10_000, 30_000, 50_000)]
    assert times == sorted(times)
    assert times[0] > 0


def test_more_of_what_is_done_takes_longer() -> None:
    def slower(method: str, **params: float) -> float:
        return expected_seconds(method, 10_000, 2, params) / expected_seconds(method, 10_000, 2)

    assert slower(UMAP, n_epochs=1_000) == pytest.approx(2, rel=0.3)
    assert slower(TSNE, max_iter=2_000) == pytest.approx(2, rel=0.3)
    assert slower(TSNE, perplexity=90.0) > 1.2
    assert slower(UMAP, n_neighbors=60) > 1.5
    assert slower(PACMAP, n_neighbors=40) > 1.5


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "about a second"),
        (1.4, "about a second"),
        (17.0, "about 15 seconds"),
        (52, "about a minute"),
        (100, "about 2 minutes"),
        (3_000, "about 50 minutes"),
        (8_000, "about 2 hours"),
    ],
)
def test_an_expected_time_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
