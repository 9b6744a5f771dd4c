"""The Map page: which map is asked for, and how it comes about: at once, from the disk, or by a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.decomposition import PCA
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from embedcore.errors import StorageProblem
from embedcore.library import save_vectors
from embedcore.maps import selection, store
from embedcore.maps.layouts import TSNE, UMAP
from embedcore.maps.request import MapRequest, WordsAsked
from embedcore.runs import RunFolder, Runs, mapping
from embedcore.runs.folder import FAILED, FINISHED, INTERRUPTED, RUNNING, STOPPED
from embedcore.runs.jobs import MapConfig
from embedcore.runs.record import MAP
from embedcore.settings import Settings
from embedcore.ui import keys, map_points, resources
from embedcore.ui.map_page.offering import ways_out
from embedcore.vectors import WordVectors
from tests import test_mapping
from tests.test_mapping import COUNT, DIM, a_set
from tests.test_runs import a_run
from tests.test_runs_manage import StillRuns
from tests.test_runs_vectors import done

from .conftest import by_key, texts

OpenPage = Callable[..., AppTest]
Floats = npt.NDArray[np.floating[Any]]
MINE = "내 것"
QUICK = {"layout": "t-SNE", "tsne_max_iter": "250", "tsne_perplexity": "20.5"}
PLAIN = {keys.COLOR: "one colour"}  # so that nothing is worked out for colours


@pytest.fixture
def runs(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Runs that wait until a test works them off, and a set of 150 words."""
    save_vectors(MINE, a_set(), source="a test", settings=home)
    still = StillRuns(home)
    monkeypatch.setattr(resources, "runs", lambda: still)
    return still


@pytest.fixture
def open_map(open_page: OpenPage, runs: Runs) -> OpenPage:
    """The page with that link, of the set of 150 words unless the link says otherwise."""
    return lambda **link: open_page("map", **{keys.VECTORS: MINE, **PLAIN, **link})


def asked(home: Settings, method: str, words: WordsAsked, **more: Any) -> MapRequest:
    """A request for a map of the set of 150 words."""
    return replace(test_mapping.asked(home, method, **more), words=words)


def chart(at: AppTest) -> dict[str, Any]:
    """What the page says to the one chart that it has."""
    (component,) = at.get("bidi_component")
    said: dict[str, Any] = json.loads(component.proto.json)
    return said


def drawn(at: AppTest) -> tuple[list[str], Floats]:
    """The words on the map, and their places: (n, dims)."""
    data = map_points.kept.find(chart(at)["points"])
    assert data is not None
    begin = 4 + int.from_bytes(data[:4], "little")
    header = json.loads(data[4:begin])
    words = data[begin : begin + header["letters"]].decode().split("\n")
    places = np.frombuffer(data[-4 * header["count"] * header["dims"] :], dtype="<f4")
    return words, places.reshape(header["count"], header["dims"])


def same_map(places: Floats, expected: Floats, *, signs: bool = False) -> None:
    """Both lie alike, whatever the scale and the middle; also if mirrored, where signs mean nothing."""
    ours, theirs = (each - (each.max(axis=0) + each.min(axis=0)) / 2 for each in (places, expected))
    if signs:
        theirs = theirs * np.sign((ours * theirs).sum(axis=0))
    assert ours / np.abs(ours).max() == pytest.approx(theirs / np.abs(theirs).max(), abs=1e-4)


def press(at: AppTest, key: str) -> AppTest:
    return by_key(at, "button", key).click().run()


def the_run(runs: Runs) -> RunFolder:
    """The one map that was asked for."""
    (run,) = runs.all((MAP,))
    return runs.folder(run.id)


def buttons(at: AppTest) -> list[str]:
    """The labels of the buttons that have to do with making a map."""
    return [one.label for one in at.button if (one.key or "").startswith((keys.MAKE_MAP, keys.STOP_MAP))]


def test_pca_stands_at_once_and_is_that_of_scikit_learn(open_map: OpenPage, runs: Runs) -> None:
    at = open_map(dimensions="3-D")
    words, places = drawn(at)
    assert words == [f"낱말{n}" for n in range(COUNT)]
    units = a_set().matrix / np.linalg.norm(a_set().matrix, axis=1, keepdims=True)
    same_map(places, PCA(3).fit_transform(units), signs=True)
    assert "PCA in 3-D of the 150 most frequent words" in texts(at)
    assert not buttons(at)
    assert not list(runs.all())


def test_words_of_ones_own_are_shown_alone_or_with_the_nearest_of_each(open_map: OpenPage, runs: Runs) -> None:
    at = open_map()
    by_key(at, "radio", keys.WHICH).set_value("a list").run()
    words = by_key(at, "multiselect", keys.WORDS)
    assert drawn(at)[0] == sorted(words.value, key=lambda word: int(word.removeprefix("낱말")))
    words.set_value(["낱말60", "낱말3"]).run()
    by_key(at, "radio", keys.WHICH).set_value("near words").run()
    by_key(at, "number_input", keys.AROUND).set_value(4).run()
    units = a_set().matrix / np.linalg.norm(a_set().matrix, axis=1, keepdims=True)
    nearest = np.argsort(-units[[60, 3]] @ units.T, axis=1)[:, :5]  # each is the nearest of itself
    assert drawn(at)[0] == [f"낱말{row}" for row in sorted({*nearest.ravel().tolist()})]
    assert "near “낱말60”, “낱말3”" in texts(at)


def test_another_layout_is_offered_begun_waited_for_and_then_there_for_everybody(
    open_map: OpenPage, runs: Runs
) -> None:
    at = open_map(**QUICK)
    pca = chart(at)
    assert buttons(at) == ["Lay out by t-SNE"]
    assert "About a second. Meanwhile, this is the PCA of the same words." in texts(at)
    press(at, keys.MAKE_MAP)
    folder = the_run(runs)
    assert folder.run.name == "t-SNE in 2-D of 2,000 words of 내 것"
    assert buttons(at) == ["Stop"]
    assert chart(at)["points"] == pca["points"]
    assert done(runs.settings, folder) == FINISHED
    at.run()
    made = store.open_map(folder.run.result["key"], runs.settings)
    same_map(drawn(at)[1], np.asarray(made.coordinates))
    assert chart(at)["of"] == pca["of"]
    assert not buttons(at)
    assert "Laid out in" in texts(at)
    later = open_map(**QUICK)  # somebody else
    assert chart(later)["points"] == chart(at)["points"]
    assert not buttons(later)


def test_two_who_press_the_same_button_share_a_run_and_both_follow_it(open_map: OpenPage, runs: Runs) -> None:
    first, second = open_map(**QUICK), open_map(**QUICK)
    press(first, keys.MAKE_MAP)
    press(second, keys.MAKE_MAP)
    the_run(runs)
    assert buttons(first) == buttons(second) == ["Stop"]
    other = open_map(**QUICK, map_seed="2")
    press(other, keys.MAKE_MAP)
    assert len(list(runs.all((MAP,)))) == 2


def test_a_button_pressed_when_the_map_is_there_by_now_begins_nothing(open_map: OpenPage, runs: Runs) -> None:
    first, second = open_map(**QUICK), open_map(**QUICK)
    press(first, keys.MAKE_MAP)
    assert done(runs.settings, the_run(runs)) == FINISHED
    press(second, keys.MAKE_MAP)
    the_run(runs)
    assert not buttons(second)


def test_every_parameter_of_the_link_is_what_the_run_is_asked_for(open_map: OpenPage, runs: Runs) -> None:
    link = {
        "layout": "UMAP", "dimensions": "3-D", "count": "120", "umap_n_neighbors": "7", "umap_min_dist": "0.35",
        "umap_n_epochs": "50", "map_seed": "9",
    }  # fmt: skip
    at = open_map(**link)
    press(at, keys.MAKE_MAP)
    wanted = MapConfig.from_json(the_run(runs).run.config).asked
    params = {"n_neighbors": 7, "min_dist": 0.35, "n_epochs": 50}
    assert wanted == asked(runs.settings, UMAP, WordsAsked(count=120), dims=3, params=params, seed=9)
    copied = next(code.value for code in at.code if code.value.startswith("/"))
    assert all(f"{name}={value}" in copied for name, value in link.items())


def test_pictures_on_the_way_are_shown_in_the_same_chart_and_the_run_can_be_stopped(
    open_map: OpenPage, runs: Runs
) -> None:
    at = open_map(**QUICK)
    press(at, keys.MAKE_MAP)
    folder = the_run(runs)
    folder.update(state=RUNNING)
    folder.append_metric({"phase": mapping.LAYING_OUT, "share": 0.3, "phase_share": 0.4, "seconds_left": 80.0,
                          "step": 100, "steps": 250, "time": 2e9})  # fmt: skip
    picture = np.random.default_rng(3).normal(size=(COUNT, 2)).astype(np.float32)
    pictures = mapping.PictureWriter(folder, selection.select([a_set()], WordsAsked()))
    pictures.add(100, 250, picture)
    at.run()
    same_map(drawn(at)[1], picture)
    assert "t-SNE in 2-D of the 150 most frequent words, on the way" in texts(at)
    assert "It is measured when the layout is done." in texts(at)
    assert "PCA keeps" not in texts(at)
    by_key(at, "text_input", keys.WORD).set_value("낱말3").run()
    assert list(at.dataframe[0].value.columns) == ["word", "cosine", "find"]  # what is near here changes
    assert at.get("progress")[0].proto.text == "t-SNE: step 100 of 250 · 80 s left"
    press(at, keys.STOP_MAP)
    assert folder.should_stop()
    assert at.get("progress")[0].proto.text == "Stopping…"


@pytest.mark.parametrize(
    ("state", "error", "said"),
    [
        (STOPPED, None, "stopped before it was done"),
        (FAILED, "The disk is *full*.", "could not be laid out\\. The disk is \\*full\\*"),
        (INTERRUPTED, None, "Its worker ended before it was done"),
    ],
)
def test_a_run_that_ended_early_is_told_and_can_be_tried_again(
    open_map: OpenPage, runs: Runs, state: str, error: str | None, said: str
) -> None:
    at = open_map(**QUICK)
    press(at, keys.MAKE_MAP)
    folder = the_run(runs)
    folder.update(state=state, error=error)
    at.run()
    assert said in texts(at)
    assert buttons(at) == ["Try again"]
    assert said not in texts(open_map(**QUICK))  # who did not wait for it is not told
    press(at, keys.MAKE_MAP)
    assert buttons(at) == ["Stop"]
    assert len(list(runs.all((MAP,)))) == 2


def test_a_run_that_somebody_deletes_leaves_the_page_as_it_was_before(open_map: OpenPage, runs: Runs) -> None:
    at = open_map(**QUICK)
    press(at, keys.MAKE_MAP)
    runs.delete(the_run(runs).id)
    at.run()
    assert buttons(at) == ["Lay out by t-SNE"]


def test_a_run_that_cannot_be_written_is_told_and_the_map_stays(
    open_map: OpenPage, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise StorageProblem("Could not save this run: the disk is full.")

    monkeypatch.setattr(runs, "submit", full)
    at = open_map(**QUICK)
    press(at, keys.MAKE_MAP)
    assert "the disk is full" in texts(at)
    assert buttons(at) == ["Lay out by t-SNE"]
    assert chart(at)


def test_a_set_that_is_replaced_is_laid_out_anew(open_map: OpenPage, runs: Runs) -> None:
    at = open_map(**QUICK)
    press(at, keys.MAKE_MAP)
    before = chart(at)["points"]
    save_vectors(MINE, a_set(1), source="a test", settings=runs.settings, overwrite=True)
    at.run()
    assert chart(at)["points"] != before
    assert buttons(at) == ["Lay out by t-SNE"]


# Links


def test_a_link_to_a_run_asks_for_what_the_run_makes(open_page: OpenPage, runs: Runs) -> None:
    words = WordsAsked(how="near", count=20, words=("낱말3", "낱말8"))
    params = {"perplexity": 12.5, "max_iter": 250}
    request = asked(runs.settings, TSNE, words, dims=3, params=params, seed=5)
    folder = RunFolder.create(runs.settings.runs_dir, a_run(kind=MAP, config=MapConfig.of(request).to_json()))
    at = open_page("map", run=folder.id, **PLAIN)
    assert buttons(at) == ["Stop"]
    assert by_key(at, "multiselect", keys.WORDS).value == ["낱말3", "낱말8"]
    assert by_key(at, "number_input", "tsne_perplexity").value == 12.5
    assert keys.RUN not in at.query_params
    assert done(runs.settings, folder) == FINISHED
    assert not buttons(at.run())
    places = store.open_map(request.key, runs.settings).coordinates
    same_map(drawn(at)[1], np.asarray(places))
    assert "near “낱말3”, “낱말8”" in texts(at)


def test_a_link_to_a_run_that_is_followed_on_the_page_itself(open_map: OpenPage, runs: Runs) -> None:
    save_vectors("other", a_set(1), source="a test", settings=runs.settings)
    at = open_map(other="other", count="120", layout="UMAP", umap_n_neighbors="7")
    request = asked(runs.settings, TSNE, WordsAsked(how="list", words=("낱말8", "낱말3")), params={"perplexity": 12.5})
    folder = RunFolder.create(runs.settings.runs_dir, a_run(kind=MAP, config=MapConfig.of(request).to_json()))
    at.query_params[keys.RUN] = folder.id
    at.run()
    assert not at.exception
    assert keys.RUN not in at.query_params
    assert by_key(at, "selectbox", keys.OTHER_SET).value is None
    assert by_key(at, "radio", keys.LAYOUT).value == "t-SNE"
    assert by_key(at, "multiselect", keys.WORDS).value == ["낱말8", "낱말3"]
    assert by_key(at, "number_input", "tsne_perplexity").value == 12.5
    assert drawn(at)[0] == ["낱말3", "낱말8"]


def test_links_to_runs_that_make_no_map(open_map: OpenPage, runs: Runs) -> None:
    at = open_map(run="nosuchrun")
    assert "run=nosuchrun, but it should be the id of a run that is still here" in texts(at)
    assert chart(at)
    training = RunFolder.create(runs.settings.runs_dir, a_run(name="고양이"))
    at = open_map(run=training.id)
    (lead,) = [one for one in at.get("page_link") if "makes no map" in one.proto.label]
    assert "고양이" in lead.proto.label
    assert chart(at)


def test_what_a_link_says_amiss_is_told_and_the_usual_is_shown(open_map: OpenPage) -> None:
    at = open_map(layout="MDS", count="7", dimensions="4-D", which="some")
    for name in ("layout=MDS", "count=7", "dimensions=4\\-D", "which=some"):
        assert name in texts(at), name
    assert "PCA in 2-D of the 150 most frequent words" in texts(at)


def test_a_set_that_is_not_here_is_told_also_where_more_is_amiss(open_map: OpenPage) -> None:
    at = open_map(vectors="nosuchset", run="nosuchrun", count="7", layout="MDS")
    said = [one.value for one in at.warning]
    assert sum("nosuchset" in one for one in said) == 1
    assert len(said) == 4
    at.run()
    assert not at.warning


@pytest.mark.parametrize("made", [False, True])
def test_standing_alone_nothing_is_begun(
    open_map: OpenPage, runs: Runs, monkeypatch: pytest.MonkeyPatch, made: bool
) -> None:
    if made:
        press(open_map(**QUICK), keys.MAKE_MAP)
        assert done(runs.settings, the_run(runs)) == FINISHED
    monkeypatch.setattr(ContextProxy, "is_embedded", True)
    at = open_map(**QUICK)
    assert ("t-SNE of these words has not been laid out yet. This is their PCA." in texts(at)) is not made
    assert f"{'t-SNE' if made else 'PCA'} in 2-D of" in texts(at)
    assert not at.button
    assert not at.title
    assert "Open in the dashboard" in texts(at)
    assert len(list(runs.all((MAP,)))) == made


# What takes long, and what cannot be


def test_what_takes_long_says_so_first_and_offers_what_is_quicker(open_map: OpenPage, runs: Runs) -> None:
    at = open_map(vectors="glove.6B.50d", layout="t-SNE", dimensions="3-D", count="20000")
    (warning,) = at.warning
    assert warning.value.startswith("t-SNE in 3-D of 20,000 points takes about 8 minutes")
    offered = buttons(at)
    assert offered[-1] == "Start all the same"
    assert [label.split(" · ")[0] for label in offered[:-1]] == ["10,000 words", "2,000 words", "2-D", "UMAP", "PaCMAP"]
    press(at, f"{keys.MAKE_MAP}_2000")
    assert by_key(at, "number_input", keys.COUNT).value == 2_000
    assert not at.warning
    assert buttons(at) == ["Lay out by t-SNE"]
    assert not list(runs.all((MAP,)))


def test_ways_out_are_quicker_and_fit_what_was_asked(home: Settings, runs: Runs) -> None:
    near = WordsAsked(how="near", count=1_000, words=("낱말1",))
    for request in (asked(home, TSNE, near, dims=3), asked(home, TSNE, WordsAsked(count=50_000))):
        ways = ways_out(request, 50_000)
        assert ways
        assert all(way.seconds < 1_200 for way in ways)
        assert any(keys.COUNT in way.inputs for way in ways) is (request.words.how == "frequent")
        assert any(keys.DIMENSIONS in way.inputs for way in ways) is (request.dims == 3)


def test_more_words_than_a_layout_takes_are_shown_by_pca_with_a_way_out(open_map: OpenPage) -> None:
    at = open_map(vectors="glove.6B.50d", layout="PaCMAP", count="50001")
    assert "PaCMAP lays out at most 50,000 words, but there are 50,001" in texts(at)
    assert len(drawn(at)[0]) == 50_001
    assert buttons(at) == ["Take the 50,000 most frequent"]


def save(runs: Runs, name: str, words: list[str], matrix: Floats) -> None:
    save_vectors(name, WordVectors(words, matrix.astype(np.float32)), source="a test", settings=runs.settings)


def test_sets_with_hardly_anything_in_them(open_map: OpenPage, runs: Runs) -> None:
    numbers = np.random.default_rng(1)
    save(runs, "three", ["하나", "둘", "셋"], numbers.normal(size=(3, 5)))
    save(runs, "one", ["<b>하나</b>"], np.ones((1, 4)))
    save(runs, "flat", [f"w{n}" for n in range(30)], numbers.normal(size=(30, 2)))
    save(runs, "broken", ["a", "b"], np.array([[np.nan, 1, 1], [0, 0, 0]]))
    for name, count, said in (
        ("three", 3, "UMAP needs at least 10 words, but there are 3"), ("one", 1, "but there is 1"),
        ("flat", 30, "Vectors of 2 numbers need no UMAP"),
    ):  # fmt: skip
        at = open_map(vectors=name, layout="UMAP", dimensions="3-D")
        assert said in texts(at), name
        assert drawn(at)[1].shape == (count, 3)
        assert np.isfinite(drawn(at)[1]).all()
        assert not buttons(at)
    at = open_map(vectors="broken")
    assert "No word is left for this map\\: 2 no direction" in texts(at)
    assert not at.get("bidi_component")


def test_a_list_with_nothing_that_the_set_has(open_map: OpenPage) -> None:
    at = open_map(which="a list", words=["고양이"])
    assert "“고양이” is not in 내 것" in texts(at)
    assert "No word is left for this map" in texts(at)
    by_key(at, "multiselect", keys.WORDS).set_value([]).run()
    assert "Give at least one word for the map" in texts(at)
    at = open_map(which="a list", words=["낱말5", "고양이", "낱말2"])
    assert drawn(at)[0] == ["낱말2", "낱말5"]


def test_two_sets_are_shown_in_one_map_turned_towards_each_other(open_map: OpenPage, runs: Runs) -> None:
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(DIM, DIM)))[0]
    save(runs, "turned", [f"낱말{n}" for n in range(COUNT)], a_set().matrix @ turn)
    at = open_map(other="turned", layout="PaCMAP")
    words, places = drawn(at)
    assert words[:COUNT] == words[COUNT:]
    assert places[:COUNT] == pytest.approx(places[COUNT:], abs=1e-3)  # the same words, but for a turn
    assert "words that both sets have" in texts(at)
    press(at, keys.MAKE_MAP)
    assert [one["name"] for one in the_run(runs).run.config["request"]["sets"]] == [MINE, "turned"]
