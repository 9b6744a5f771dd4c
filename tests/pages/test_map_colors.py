"""The colours of the map: groups by a run that is asked for once, numbers as numpy has them; and trust in it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.cluster import KMeans
from sklearn.manifold import trustworthiness
from sklearn.metrics import adjusted_rand_score
from streamlit.testing.v1 import AppTest

from embedcore.errors import StorageProblem
from embedcore.library import save_vectors
from embedcore.maps import groupings, honesty, layouts, selection, store
from embedcore.maps.identity import identity_of
from embedcore.maps.request import MapRequest, SetAsked, WordsAsked
from embedcore.runs import Run, RunFolder, queue
from embedcore.runs.record import GROUPING
from embedcore.runs.worker import execute
from embedcore.settings import Settings
from embedcore.ui import keys, map_points, resources
from embedcore.vectors import WordVectors

from .conftest import by_key, texts
from .test_map_finding import COUNT, NAME, drawn, other, own, units

__all__ = ["other", "own"]  # fixtures

OpenPage = Callable[..., AppTest]


def colors(at: AppTest) -> npt.NDArray[np.uint8]:
    """The number of the colour of each point."""
    kept = map_points.kept.find(drawn(at)["colors"])
    assert kept is not None
    return np.frombuffer(kept, dtype=np.uint8)


def asked() -> list[Run]:
    """The runs that look for groups, the oldest first."""
    return resources.runs().recent(50, kinds=[GROUPING])[::-1]


def work(home: Settings, run: Run) -> None:
    """What a worker does."""
    queue.take(home.runs_dir, run.id)
    execute(home, home.runs_dir, run.id)


def steps(at: AppTest, values: npt.NDArray[np.floating[Any]]) -> None:
    """Nine steps of as many words each, from the lowest number to the highest."""
    edges = np.quantile(values, np.linspace(0, 1, 10))
    expected = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, 8)
    far = np.abs(values[:, None] - edges).min(axis=1) > 1e-5  # rounding decides the others
    assert far.mean() > 0.9
    assert colors(at)[far].tolist() == expected[far].tolist()
    names = [name.partition(",")[0] for name in drawn(at)["names"]]
    assert names == [f"{low + 0.0:.2f} to {high + 0.0:.2f}" for low, high in pairwise(edges)]


# groups


def test_groups_come_from_one_run_for_all_visitors(open_page: OpenPage, home: Settings, own: WordVectors) -> None:
    at, another = open_page("map", vectors=NAME, groups=4), open_page("map", vectors=NAME, groups=4)
    assert drawn(at)["names"] == ["words"]
    assert not colors(at).any()
    (run,) = asked()
    for each in (at, another):
        assert "The groups are found once the workers have started." in texts(each)
    work(home, run)
    for each in (at.run(), another.run(), open_page("map", vectors=NAME, groups=4)):
        named = drawn(each)["names"]
        assert len(named) == 4
        assert all(word in own for name in named for word in name.split(", "))
        expected = KMeans(4, n_init=3, random_state=1).fit(units(own)).labels_
        assert adjusted_rand_score(colors(each), expected) > 0.99
        sizes = np.bincount(colors(each))
        assert sizes.tolist() == sorted(sizes.tolist(), reverse=True)
        assert not each.warning
    assert len(asked()) == 1


def test_other_groups_are_asked_for_anew(open_page: OpenPage, home: Settings, own: WordVectors) -> None:
    at = open_page("map", vectors=NAME)
    by_key(at, "number_input", keys.GROUPS).set_value(3).run()
    by_key(at, "radio", keys.FIND_BY).set_value("HDBSCAN").run()
    by_key(at, "number_input", keys.LEAST).set_value(5).run()
    folders = [RunFolder(home.runs_dir, run.id) for run in asked()]
    wanted = [(one.run.config["how"], one.run.config["number"], one.should_stop()) for one in folders]
    assert wanted == [("k-means", 10, True), ("k-means", 3, True), ("HDBSCAN", 15, True), ("HDBSCAN", 5, False)]
    work(home, asked()[-1])
    at.run()
    found = groupings.find_grouping(*_asked_of(asked()[-1]), home)
    assert found is not None
    assert np.array_equal(colors(at) == len(drawn(at)["names"]) - 1, found == -1)
    assert drawn(at)["names"][-1] == "no cluster"
    folders[1].update(state="stopped", ended=1.0)  # as the dispatcher does, since nobody waited for it
    by_key(at, "radio", keys.FIND_BY).set_value("k-means").run()  # once more three groups
    assert [(run.config["number"], run.state) for run in asked()[4:]] == [(3, "queued")]
    assert not at.warning


def _asked_of(run: Run) -> tuple[Any, str, int]:
    return MapRequest.from_json(run.config["request"]), run.config["how"], run.config["number"]


def test_groups_that_were_not_found_can_be_asked_for_again(
    open_page: OpenPage, home: Settings, own: WordVectors
) -> None:
    at = open_page("map", vectors=NAME)
    (run,) = asked()
    queue.take(home.runs_dir, run.id)
    RunFolder(home.runs_dir, run.id).update(state="failed", error="There was *not* enough memory.", ended=1.0)
    at.run()
    assert r"The groups were not found. There was \*not\* enough memory\." in texts(at)
    assert drawn(at)["names"] == ["words"]
    at.run()
    assert len(asked()) == 1  # not by itself, again and again
    by_key(at, "button", keys.FIND_GROUPS).click().run()
    assert len(asked()) == 2
    work(home, asked()[-1])
    assert len(drawn(at.run())["names"]) == 10
    assert not at.warning


def test_more_points_than_hdbscan_groups(
    open_page: OpenPage, own: WordVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groupings, "MOST_DENSE", 200)
    at = open_page("map", vectors=NAME, find_by="HDBSCAN")
    assert "HDBSCAN groups at most 200 points here, but there are 300" in texts(at)
    assert drawn(at)["names"] == ["words"]
    assert not asked()


def test_a_full_disk_takes_the_colours_not_the_map(
    open_page: OpenPage, own: WordVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise StorageProblem("The disk is full.")

    monkeypatch.setattr(resources.runs(), "submit", full)
    at = open_page("map", vectors=NAME)
    assert r"The groups could not be asked for. The disk is full\." in texts(at)
    assert len(colors(at)) == COUNT


# numbers


def test_by_frequency(open_page: OpenPage, own: WordVectors) -> None:
    at = open_page("map", vectors=NAME, color="frequency", which="a list", words=[f"낱말{n}" for n in range(0, 270, 3)])
    assert colors(at).tolist() == np.repeat(np.arange(9), 10).tolist()
    assert drawn(at)["names"][0] == "rank 1 to 31"
    light, strong = drawn(at)["shades"][-1], drawn(at)["shades"][0]
    assert int(light[1:3], 16) > int(strong[1:3], 16)


def test_by_similarity_to_a_word(open_page: OpenPage, own: WordVectors) -> None:
    at = open_page("map", vectors=NAME, color="similarity", like="낱말3")
    steps(at, units(own) @ units(own)[3])
    by_key(at, "text_input", keys.LIKE).set_value("").run()
    assert "Type a word to colour the others by." in texts(at)
    assert drawn(at)["names"] == ["words"]
    by_key(at, "text_input", keys.WORD).set_value("낱말5").run()  # in its place, the word that is found
    steps(at, units(own) @ units(own)[5])
    by_key(at, "text_input", keys.LIKE).set_value("낱맠").run()
    assert "is not in 내 것" in texts(at).replace("\\", "")
    assert drawn(at)["names"] == ["words"]


def test_by_part_of_an_axis(open_page: OpenPage, own: WordVectors) -> None:
    at = open_page("map", vectors=NAME, color="axis", axis="낱말3 - 낱말9, 낱말4 - 낱말8")
    all_units = units(own)
    mean = (all_units[3] - all_units[9] + all_units[4] - all_units[8]) / 2
    steps(at, all_units @ mean / np.linalg.norm(mean))
    assert drawn(at)["names"][0].endswith(", 낱말9")
    assert drawn(at)["names"][-1].endswith(", 낱말3")
    by_key(at, "text_input", keys.AXIS).set_value("낱말3 -").run()
    assert not at.exception
    assert drawn(at)["names"] == ["words"]


def test_of_two_sets(open_page: OpenPage, own: WordVectors, other: WordVectors) -> None:
    at = open_page("map", vectors=NAME, other="둘째", color="set", count=200)
    assert drawn(at)["names"] == [NAME, "둘째"]
    assert colors(at).tolist() == [0] * 200 + [1] * 200
    by_key(at, "selectbox", keys.COLOR).set_value("how far apart").run()
    told = colors(at)
    assert told[:200].tolist() == told[200:].tolist()
    assert np.bincount(told[:200]).tolist() == pytest.approx([200 / 9] * 9, abs=1)
    by_key(at, "selectbox", keys.COLOR).set_value("similarity").run()
    by_key(at, "text_input", keys.LIKE).set_value("rare").run()  # which the second set lacks
    assert drawn(at)["names"][-1] == "no number"
    assert (colors(at)[200:] == len(drawn(at)["names"]) - 1).all()
    assert not (colors(at)[:200] == len(drawn(at)["names"]) - 1).any()


def test_cosines_that_lie_close_together_have_digits_that_tell_them_apart(open_page: OpenPage, home: Settings) -> None:
    matrix = np.random.default_rng(5).normal(size=(200, 8)).astype(np.float32)
    nearly = matrix + np.random.default_rng(6).normal(size=(200, 8)).astype(np.float32) / 100
    for name, each in (("before", matrix), ("after", nearly)):
        save_vectors(name, WordVectors([f"w{n}" for n in range(200)], each), source="a test", settings=home)
    at = open_page("map", vectors="before", other="after", color="how far apart")
    ends = [name.split(" to ") for name in drawn(at)["names"]]
    assert len(ends) == 9
    assert all(low < high for low, high in ends)


def test_what_two_sets_can_be_coloured_by_needs_two(open_page: OpenPage, own: WordVectors) -> None:
    at = open_page("map", vectors=NAME, color="how far apart")
    assert "This link says color=how far apart, but it should be one of" in texts(at).replace("\\", "")
    assert not at.exception
    assert len(colors(at)) == COUNT


# how far to trust it


def test_how_far_to_trust_a_pca(open_page: OpenPage, own: WordVectors) -> None:
    at = open_page("map", vectors=NAME, color="one colour")
    points = units(own) - units(own).mean(axis=0)
    values, basis = np.linalg.svd(points, full_matrices=False)[1:]
    shares = values**2 / (values**2).sum()
    said, (first, second) = texts(at).replace("\\", ""), shares[:2]
    assert f"PCA keeps {first + second:.1%} of the variance ({first:.1%}, {second:.1%} along its axes)." in said
    trusted = trustworthiness(units(own), points @ basis[:2].T, n_neighbors=15, metric="cosine")
    assert f"Trustworthiness {trusted:.2f} of 1: " in said
    assert "nearest in the full space" in said


def test_a_map_of_many_points_is_measured_by_a_sample(
    open_page: OpenPage, own: WordVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(honesty, "MOST_EXACT", 100)
    monkeypatch.setattr(honesty, "SAMPLE", 50)
    at = open_page("map", vectors=NAME, color="one colour")
    assert "Measured on 50 of 300 points, drawn at random." in texts(at).replace("\\", "")


def test_it_is_measured_once(open_page: OpenPage, own: WordVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    really, calls = honesty.measure, []

    def counted(*args: Any, **more: Any) -> Any:
        calls.append(args)
        return really(*args, **more)

    monkeypatch.setattr(honesty, "measure", counted)
    open_page("map", vectors=NAME, color="one colour").run()
    open_page("map", vectors=NAME, color="frequency", word="낱말3")
    assert len(calls) == 1


def test_how_two_sets_were_brought_together(open_page: OpenPage, own: WordVectors, other: WordVectors) -> None:
    at = open_page("map", vectors=NAME, other="둘째", color="one colour")
    assert "둘째 was turned towards 내 것 as a whole" in texts(at)
    assert f"by {COUNT - 1} shared words" in texts(at)
    assert "Left out: 1 word, not in the set (in 둘째): “rare”." in texts(at).replace("\\", "")


def test_too_few_words_to_measure(open_page: OpenPage, own: WordVectors) -> None:
    at = open_page("map", vectors=NAME, which="a list", words=["낱말1", "낱말2", "낱말1", "없는말"], color="one colour")
    said = texts(at).replace("\\", "")
    assert "There are too few words to measure it." in said
    assert "Left out: 1 word, not in the set: “없는말”." in said


def test_a_finished_map_says_what_its_run_measured(open_page: OpenPage, home: Settings, own: WordVectors) -> None:
    request = MapRequest(sets=(SetAsked(NAME, identity_of(own)),), words=WordsAsked(count=2_000), method=layouts.UMAP)
    places = np.random.default_rng(0).normal(size=(COUNT, 2))
    told = honesty.Honesty(0.987, 0.5, 0.01, 15, COUNT, COUNT)  # not what these places deserve
    store.save_map(request, selection.select([own], request.words), places, honesty=told, settings=home)
    at = open_page("map", vectors=NAME, layout="UMAP", color="one colour")
    said = texts(at).replace("\\", "")
    assert "Trustworthiness 0.99 of 1: words that lie together here nearly always belong together." in said
    assert "PCA keeps" not in said
