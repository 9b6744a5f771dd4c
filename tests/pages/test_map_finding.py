"""Finding a word on the map: what is lit is nearest in the full space, what is told is true, and it leads on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.linalg import orthogonal_procrustes
from sklearn.neighbors import NearestNeighbors
from streamlit.testing.v1 import AppTest

from embedcore.library import open_vectors, save_vectors
from embedcore.settings import Settings
from embedcore.ui import keys, map_view, resources
from embedcore.ui import links as links_of_pages
from embedcore.ui.asking.controls import Controls
from embedcore.ui.map_page import page, telling
from embedcore.vectors import WordVectors
from tests.test_runs_manage import StillRuns

from .conftest import by_key, texts

OpenPage = Callable[..., AppTest]
COUNT, DIM = 300, 8
NAME = "내 것"


def units(vectors: WordVectors, rows: Any = slice(None)) -> npt.NDArray[np.float64]:
    wide = vectors.matrix[rows].astype(np.float64)
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True))


@pytest.fixture
def own(home: Settings, monkeypatch: pytest.MonkeyPatch) -> WordVectors:
    """A set of the library, and runs that wait."""
    still = StillRuns(home)
    monkeypatch.setattr(resources, "runs", lambda: still)
    rng = np.random.default_rng(4)
    heaps = rng.integers(0, 4, COUNT)
    rows = 3 * np.eye(DIM)[heaps] + rng.normal(size=(COUNT, DIM))
    words = [f"낱말{n}" for n in range(COUNT - 2)] + ["=sum", "rare"]
    save_vectors(NAME, WordVectors(words, rows), source="a test", settings=home)
    return open_vectors(NAME, home)


@pytest.fixture
def other(home: Settings, own: WordVectors) -> WordVectors:
    """The same words turned and shaken, in another order, and without one of them."""
    rng = np.random.default_rng(5)
    turned, _ = np.linalg.qr(rng.normal(size=(DIM, DIM)))
    order = np.sort(rng.permutation(COUNT - 1))[::-1]
    rows = (own.matrix + 0.4 * rng.normal(size=(COUNT, DIM))) @ turned
    save_vectors("둘째", WordVectors([own.tokens[row] for row in order], rows[order]), source="a test", settings=home)
    return open_vectors("둘째", home)


def drawn(at: AppTest) -> dict[str, Any]:
    """What the browser is told to draw."""
    (component,) = at.get("bidi_component")
    told: dict[str, Any] = json.loads(component.proto.json)
    return told


def table(at: AppTest, number: int = 0) -> pd.DataFrame:
    tables = [element for element in at.dataframe if " of the map nearest to " in element.proto.alt]
    assert len({element.proto.alt for element in tables}) == len(tables)
    frame: pd.DataFrame = tables[number].value
    return frame


def links(at: AppTest) -> dict[str, str]:
    """What the links say, by what stands on them; those to Compare, in one parameter."""
    said = {link.proto.label: link.proto.query_string for link in at.get("page_link")}
    return {label: parse_qs(query).get(keys.PACKED, [query])[0] for label, query in said.items()}


def test_a_word_and_its_neighbours(open_page: OpenPage, own: WordVectors) -> None:
    at = open_page("map", vectors=NAME, word="낱말7", count=250, color="one colour")
    points = units(own)[:250]
    cosines = points @ points[7]
    expected = np.argsort(-cosines)[1:16]
    told = drawn(at)
    assert (told["word"], told["neighbors"], told["also"], told["pairs"]) == (7, expected.tolist(), [], [])
    shown = table(at)
    assert shown["word"].tolist() == [own.tokens[row] for row in expected]
    assert shown["cosine"].tolist() == pytest.approx(cosines[expected].tolist(), abs=1e-6)
    centred = points - points.mean(axis=0)
    places = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    near = NearestNeighbors(n_neighbors=16).fit(places).kneighbors(places[7:8], return_distance=False)[0]
    kept = [row in near for row in expected]
    assert shown["near here"].tolist() == ["yes" if one else "" for one in kept]
    assert f"**{sum(kept)} of 15** are also among the 15 nearest on the map." in texts(at)
    assert "The 8th of 300 words." in texts(at)


def test_as_many_neighbours_as_asked_for(open_page: OpenPage, own: WordVectors) -> None:
    at = open_page("map", vectors=NAME, word="낱말7", count=250, color="one colour", top=1)
    nearest = int(np.argsort(-(units(own)[:250] @ units(own)[7]))[1])
    assert drawn(at)["neighbors"] == [nearest]
    assert "the nearest on the map, too." in texts(at)
    by_key(at, "number_input", keys.TOP).set_value(3).run()
    assert len(table(at)) == len(drawn(at)["neighbors"]) == 3


def test_no_word_is_asked_for_at_first(open_page: OpenPage, own: WordVectors) -> None:
    at = open_page("map", vectors=NAME, color="one colour")
    assert (drawn(at)["word"], drawn(at)["neighbors"]) == (None, [])
    assert "Find a word, or click a point" in texts(at)
    by_key(at, "text_input", keys.WORD).set_value("=sum").run()
    assert drawn(at)["word"] == own.row("=sum")
    assert not at.exception


def test_a_word_of_the_set_that_is_not_on_the_map(open_page: OpenPage, own: WordVectors) -> None:
    at = open_page("map", vectors=NAME, word="rare", count=200, color="one colour")
    expected = np.argsort(-(units(own)[:200] @ units(own)[own.row("rare")]))[:15]
    assert (drawn(at)["word"], drawn(at)["neighbors"]) == (None, expected.tolist())
    assert "It is not among the 200 words of this map." in texts(at)
    assert "near here" not in table(at)


def test_a_word_of_no_set(open_page: OpenPage, own: WordVectors) -> None:
    at = open_page("map", vectors=NAME, word="rarw", color="one colour")
    assert "“rarw” is not in 내 것" in texts(at).replace("\\", "")
    assert (drawn(at)["word"], drawn(at)["neighbors"]) == (None, [])
    button = next(button for button in at.button if button.label.startswith("rare · "))
    button.click().run()
    assert by_key(at, "text_input", keys.WORD).value == "rare"
    assert drawn(at)["word"] == own.row("rare")
    assert not at.warning


def test_the_sets_own_spelling(open_page: OpenPage, glove: WordVectors) -> None:
    at = open_page("map", word="Korea", color="one colour", count=3_000)
    assert drawn(at)["word"] == glove.row("korea")
    assert "looked up “Korea” as “korea”" in texts(at).replace("\\", "")


def test_a_click_on_a_point_finds_its_word(
    open_page: OpenPage, own: WordVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_page("map", vectors=NAME, color="one colour")
    clicks, really = [42], map_view.show

    def clicked(*args: Any, **more: Any) -> map_view.Told:
        really(*args, **more)
        return map_view.Told(clicks.pop() if clicks else None, [])

    monkeypatch.setattr(map_view, "show", clicked)
    at.run()
    assert by_key(at, "text_input", keys.WORD).value == "낱말42"
    assert drawn(at)["word"] == 42


def test_ways_on_from_a_word(open_page: OpenPage, own: WordVectors) -> None:
    at = open_page("map", vectors=NAME, word="낱말7", color="one colour", count=200)
    ways = links(at)
    assert ways["Its page"] == "vectors=%EB%82%B4+%EA%B2%83&ask=Word&word=%EB%82%B1%EB%A7%907"
    assert ways["Its neighbours among all words"].endswith("&ask=Neighbours&words=%EB%82%B1%EB%A7%907")
    by_key(at, "button", keys.MAP_NEAR).click().run()
    assert not at.exception
    assert by_key(at, "radio", keys.WHICH).value == "near words"
    assert by_key(at, "multiselect", keys.WORDS).value == ["낱말7"]
    near = np.sort(np.argsort(-(units(own) @ units(own)[7]))[:51])  # itself and 50 others
    assert drawn(at)["word"] == int(np.flatnonzero(near == 7)[0])
    assert sorted(near[drawn(at)["neighbors"]].tolist()) == sorted(np.argsort(-(units(own) @ units(own)[7]))[1:16])


def test_a_neighbour_in_the_table_can_be_found_in_turn(own: WordVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    class Click:
        row = 1

    state: dict[str, Any] = {"a table": Click()}
    monkeypatch.setattr("streamlit.session_state", state)
    monkeypatch.setattr(links_of_pages, "hold", state.__setitem__)
    telling._find_row("a table", ("왕", "왕비"))
    assert state[keys.WORD] == "왕비"
    telling._find_row("another table", ("왕", "왕비"))
    telling._find_row("a table", ("왕",))
    assert state[keys.WORD] == "왕비"


def test_a_word_in_two_sets(open_page: OpenPage, own: WordVectors, other: WordVectors) -> None:
    at = open_page("map", vectors=NAME, other="둘째", word="낱말7", color="one colour", count=200)
    told = drawn(at)
    count = 200
    assert told["pairs"] == [[told["word"], told["also"][0]]]
    assert told["also"] == [told["word"] + count]
    ours = [place for place in told["neighbors"] if place < count]
    theirs = [place for place in told["neighbors"] if place >= count]
    assert len(ours) == len(theirs) == 15
    assert table(at, 0)["word"].tolist() != table(at, 1)["word"].tolist()
    shared = [word for word in other.tokens if word in own]
    rows, others = own.rows(shared), other.rows(shared)
    rotation = orthogonal_procrustes(units(other)[others], units(own)[rows])[0]
    cosine = units(own)[own.row("낱말7")] @ rotation.T @ units(other)[other.row("낱말7")]
    assert f"Its two vectors have a cosine of {cosine:.3f}" in texts(at)
    assert links(at)["Its page"].startswith("vectors=%EB%82%B4+%EA%B2%83&other=")


def test_a_word_that_one_of_two_sets_lacks(open_page: OpenPage, own: WordVectors, other: WordVectors) -> None:
    at = open_page("map", vectors=NAME, other="둘째", word="rare", color="one colour")
    assert "is not in 둘째" in texts(at).replace("\\", "")
    told = drawn(at)
    assert (told["word"], told["also"], told["pairs"]) == (None, [], [])
    assert len(told["neighbors"]) == 15
    assert max(told["neighbors"]) < COUNT - 1
    assert not at.exception


def test_alone_in_another_page(open_page: OpenPage, own: WordVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    def alone(*, embedded: bool) -> Controls:
        return Controls(embedded=True)

    monkeypatch.setattr(page, "Controls", alone)
    at = open_page("map", vectors=NAME, word="낱말7", color="one colour", top=4)
    assert not at.text_input
    assert not at.exception
    assert (drawn(at)["word"], len(drawn(at)["neighbors"])) == (7, 4)
    assert table(at).columns.tolist() == ["word", "cosine", "near here"]
    assert not links(at).keys() & {"Its page"}
