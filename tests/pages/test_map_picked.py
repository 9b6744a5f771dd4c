"""The words drawn around on the Map page: the list, the ways on with it, and their vectors kept or taken away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from embedcore import formats, library
from embedcore.errors import StorageProblem
from embedcore.library import open_vectors, save_vectors
from embedcore.settings import Settings
from embedcore.ui import keys, library_export
from embedcore.ui.map_page import chart
from embedcore.vectors import WordVectors

from .conftest import by_key, texts

OpenPage = Callable[..., AppTest]
UGLY = ["**bold**", "줄\n바꿈", "a&b=c d", "낱말"]  # places 0 to 3


@pytest.fixture
def mine(home: Settings) -> WordVectors:
    """A set of 300 words, the first of which are none that a page may take for its own text."""
    matrix = np.random.default_rng(5).normal(size=(300, 6)).astype(np.float32)
    vectors = WordVectors([*UGLY, *(f"word{row}" for row in range(4, 300))], matrix)
    save_vectors("mine", vectors, source="a test", licence="CC0 1.0", settings=home)
    return vectors


@pytest.fixture
def draw(open_page: OpenPage, mine: WordVectors, monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """`draw(points)`: the page of a map of the set on which these points are drawn around."""

    def drawn(points: list[int], **parameters: Any) -> AppTest:
        monkeypatch.setattr(chart, "show", lambda *_, **__: points)  # AppTest has no canvas
        return open_page("map", **{"vectors": "mine", "color": "one colour", **parameters})

    return drawn


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], Any]]:
    """What makes the files that the page offers, by their names."""
    offered: dict[str, Callable[[], Any]] = {}
    real = st.download_button

    def download_button(label: str, data: Callable[[], Any], **options: Any) -> bool:
        offered[options["file_name"]] = data
        return real(label, data, **options)

    monkeypatch.setattr(st, "download_button", download_button)
    return offered


def codes(at: AppTest) -> list[str]:
    return [code.value for code in at.code]


def query(at: AppTest, label: str) -> dict[str, list[str]]:
    """What a link on the page says, in one parameter if it leads to Compare."""
    (link,) = [link.proto for link in at.get("page_link") if link.proto.label == label]
    said = parse_qs(link.query_string)
    return parse_qs(said[keys.PACKED][0]) if link.page == "compare" else said


def keep_as(at: AppTest, name: str) -> AppTest:
    by_key(at, "text_input", keys.PICKED_NAME).input(name)
    by_key(at, "button", keys.PICKED_KEEP).click()
    return at.run()


def test_what_was_done_last_stands_first(draw: OpenPage) -> None:
    def order(at: AppTest) -> list[str]:
        return [one.value for one in at.main if one.type in ("header", "subheader")]

    at = draw([5, 7], word="word9")
    assert order(at) == ["Drawn around", "word9"]
    by_key(at, "text_input", keys.WORD).set_value("word6").run()
    assert order(at) == ["word6", "Drawn around"]
    assert order(at.run()) == ["word6", "Drawn around"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(chart, "show", lambda *_, **__: [5, 8])
        assert order(at.run()) == ["Drawn around", "word6"]


def test_nothing_is_offered_where_nothing_is_drawn_around(draw: OpenPage) -> None:
    at = draw([])
    assert not at.exception
    assert "Drawn around" not in [head.value for head in at.subheader]
    assert keys.PICKED_MAP not in [button.key for button in at.button]


def test_the_list_is_by_frequency_and_as_the_set_spells_it(draw: OpenPage, files: dict[str, Any]) -> None:
    at = draw([250, 3, 0, 1, 2])
    assert "**bold**\n줄 바꿈\na&b=c d\n낱말\nword250" in codes(at)  # one a line
    assert "5 words of 300" in texts(at)
    assert files["words.txt"]() == "**bold**\n줄 바꿈\na&b=c d\n낱말\nword250\n"
    assert query(at, "Compare them") == {"vectors": ["mine"], "words": [*UGLY, "word250"]}


def test_the_link_leads_to_a_map_of_these_words(draw: OpenPage, open_page: OpenPage) -> None:
    at = draw([250, 3, 0, 1, 2], layout="PaCMAP", dimensions="3-D")
    (link,) = [code for code in codes(at) if code.startswith("/map?") and "which=a+list" in code]
    opened = open_page("map", color="one colour", **parse_qs(urlsplit(link).query))
    assert not opened.error
    assert not opened.warning
    assert by_key(opened, "radio", keys.WHICH).value == "a list"
    assert by_key(opened, "radio", keys.DIMENSIONS).value == "3-D"
    assert by_key(opened, "multiselect", keys.WORDS).value == [*UGLY, "word250"]


def test_a_map_of_them_alone_takes_the_place_of_this_one(draw: OpenPage) -> None:
    at = draw([7, 250, 9, 3])
    by_key(at, "button", keys.PICKED_MAP).click().run()
    assert not at.exception
    assert by_key(at, "radio", keys.WHICH).value == "a list"
    assert by_key(at, "multiselect", keys.WORDS).value == ["낱말", "word7", "word9", "word250"]


def test_of_many_words_a_link_has_the_first_and_the_file_all(
    draw: OpenPage, files: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMBEDCORE_MAX_WATCHED_WORDS", "10")
    at = draw(list(range(20, 60)))
    assert query(at, "Compare the first 10")["words"] == [f"word{row}" for row in range(20, 30)]
    assert "A question and a link hold 10 words of these" in texts(at)
    assert len(files["words.txt"]().splitlines()) == 40


def test_a_part_is_kept_whole_with_its_source_and_can_be_trained_from(
    draw: OpenPage, mine: WordVectors, home: Settings
) -> None:
    at = keep_as(draw([250, 3, 1]), "골라 낸 것")
    kept = open_vectors("골라 낸 것", home)
    assert list(kept.tokens) == ["줄\n바꿈", "낱말", "word250"]
    assert kept.matrix.tobytes() == mine.matrix[[1, 3, 250]].tobytes()
    (info,) = [info for info in library.list_vectors(home) if info.name == "골라 낸 것"]
    assert info.source == "3 words of mine, chosen on its map; mine is from: a test"
    assert info.licence == "CC0 1.0"
    assert query(at, "Train from it") == {"pretrained": ["골라 낸 것"]}
    assert query(at, "Compare words on it") == {"vectors": ["골라 낸 것"]}
    at = keep_as(at, "골라 낸 것")
    assert "There is already a vector set" in at.error[0].value
    at = keep_as(at, "")  # a free one is proposed, and taken
    assert "mine-part" in [one.name for one in library.list_vectors(home)]
    assert len(at.success) == 2


def test_what_cannot_be_kept_is_said(draw: OpenPage, home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    at = keep_as(draw([5]), "../up")
    assert "does not fit" in at.error[0].value

    def full(*_: Any, **__: Any) -> None:
        raise StorageProblem("Could not keep the vector set “part”. The disk is full.")

    monkeypatch.setattr(library, "save_vectors", full)
    at = keep_as(at, "part")
    assert "The disk is full" in at.error[0].value
    assert not at.success
    assert [info.name for info in library.list_vectors(home)] == ["glove.6B.50d", "mine"]


def test_of_two_sets_either_has_vectors_to_keep(draw: OpenPage, mine: WordVectors, home: Settings) -> None:
    order = np.random.default_rng(1).permutation(300)
    other = WordVectors([mine.tokens[row] for row in order], mine.matrix[order] * 2)
    save_vectors("other", other, source="turned", licence="MIT", settings=home)
    at = draw([5, 300 + 7, 300 + 5], other="other")  # both points of one word, one of another
    asked = query(at, "Compare them")
    words = asked.pop("words")
    assert "\n".join(words) in codes(at)
    assert len(words) == 2
    assert asked == {"vectors": ["mine"], "other": ["other"]}
    by_key(at, "radio", keys.PICKED_SET).set_value(1).run()
    keep_as(at, "second")
    kept = open_vectors("second", home)
    assert set(kept.tokens) == set(words)
    for word in words:
        assert kept[word].tobytes() == other[word].tobytes()
    (info,) = [info for info in library.list_vectors(home) if info.name == "second"]
    assert (info.source, info.licence) == ("2 words of other, chosen on its map; other is from: turned", "MIT")


def test_vectors_are_taken_away_as_a_file(
    draw: OpenPage, mine: WordVectors, files: dict[str, Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = draw([250, 3, 9])
    assert "mine-part.w2v.txt" not in files  # closed, nothing is looked up
    at.session_state[keys.PICKED_EXPORT] = True
    at.run()
    (tmp_path / "part").write_bytes(files["mine-part.w2v.txt"]())
    found, _ = formats.read(tmp_path / "part")
    assert list(found.tokens) == ["낱말", "word9", "word250"]
    assert found.matrix.tobytes() == mine.matrix[[3, 9, 250]].tobytes()
    monkeypatch.setattr(library_export, "LARGE_BYTES", 10)
    files.clear()
    at.run()
    assert "the Library page writes" in texts(at)
    assert "mine-part.w2v.txt" not in files


def test_a_map_that_stands_alone_lists_the_words_and_no_more(draw: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(st.context), "is_embedded", True)
    at = draw([4, 3])
    assert "낱말\nword4" in codes(at)
    assert not at.button
    assert not at.text_input
