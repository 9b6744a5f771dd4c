"""The maps made here, as the Map page lists them, and what can be taken from a map: its coordinates and its link."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pyarrow.parquet
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from embedcore.errors import StorageProblem
from embedcore.library import delete_vectors, save_vectors
from embedcore.maps import groupings, request, store
from embedcore.maps.identity import identity_of
from embedcore.maps.layouts import PACMAP, UMAP
from embedcore.maps.request import MapRequest, SetAsked, WordsAsked
from embedcore.maps.selection import select
from embedcore.settings import Settings
from embedcore.ui import keys
from embedcore.ui.map_page import kept
from embedcore.vectors import WordVectors

from .conftest import by_key, texts

OpenPage = Callable[..., AppTest]


@pytest.fixture
def mine(home: Settings) -> WordVectors:
    """A set of 120 words."""
    matrix = np.random.default_rng(5).normal(size=(120, 6)).astype(np.float32)
    save_vectors("mine", WordVectors(["낱말", "=1+1", *(f"w{row}" for row in range(2, 120))], matrix), source="a test")
    from embedcore.library import open_vectors

    return open_vectors("mine", home)


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], bytes]]:
    """What makes the files that the page offers, by their names."""
    files: dict[str, Callable[[], bytes]] = {}
    real = st.download_button

    def download_button(label: str, data: Callable[[], bytes], **options: Any) -> bool:
        files[options["file_name"]] = data
        return real(label, data, **options)

    monkeypatch.setattr(st, "download_button", download_button)
    return files


def make(vectors: WordVectors, method: str = UMAP, name: str = "mine", **asked: Any) -> MapRequest:
    """Keep a map of a set, laid out at random."""
    asked = {"words": WordsAsked(count=100), **asked}
    wanted = MapRequest(sets=(SetAsked(name, identity_of(vectors)),), method=method, **asked)
    chosen = select([vectors], wanted.words)
    places = np.random.default_rng(2).normal(size=(len(chosen.words), wanted.dims))
    store.save_map(wanted, chosen, places, facts={"seconds": 7.0})
    return wanted


def listed(at: AppTest) -> list[tuple[str, dict[str, list[str]]]]:
    """The links of the list: what stands on each, and what it says."""
    links = [link.proto for link in at.get("page_link") if link.proto.page == "map"]
    return [(link.label.replace("\\", ""), parse_qs(link.query_string)) for link in links]


def delete(at: AppTest, asked: MapRequest) -> None:
    """Press the button of a map, and that of the dialog which asks whether it is to go."""
    by_key(at, "button", f"{keys.DELETE_MAP}_{asked.key}").click().run()
    assert store.has_map(asked.key)
    assert "deleted for everybody" in texts(at)
    at.session_state[kept._WANTED] = asked.key  # every run closes dialogs in AppTest
    by_key(at, "button", keys.DELETE_MAP).click().run()
    assert not at.exception


def test_no_list_where_there_is_no_map(open_page: OpenPage, mine: WordVectors) -> None:
    assert "Maps made here" not in [head.value for head in open_page("map", vectors="mine", color="one colour").header]


def test_every_map_is_a_link_that_opens_it_at_once(open_page: OpenPage, mine: WordVectors) -> None:
    near = WordsAsked(how="near", words=("낱말", "w7"), count=5)
    make(mine)
    make(mine, PACMAP, dims=3, params={"n_neighbors": 7, "FP_ratio": 1.5}, seed=4)
    make(mine, UMAP, words=near, params={"min_dist": 0.25})
    at = open_page("map", vectors="mine", color="one colour")
    links = listed(at)
    assert [label for label, _ in links][1:] == [
        "PaCMAP in 3-D of the 100 most frequent words of mine", "UMAP in 2-D of the 100 most frequent words of mine"
    ]  # fmt: skip
    assert links[0][0] == "UMAP in 2-D of 12 words near “낱말”, “w7” of mine"
    said = texts(at).replace("\\", "")
    assert "Neighbours 7, Far pairs 1.5, seed 4" in said
    assert "UMAP settings: Least distance 0.25" in said
    for label, query in links:
        opened = open_page("map", color="one colour", **query)
        assert not opened.error
        assert not opened.warning
        assert "Laid out in 7 s" in texts(opened), label
        assert keys.MAKE_MAP not in [button.key for button in opened.button]  # it need not be made


def test_a_map_is_deleted_for_everybody(open_page: OpenPage, mine: WordVectors, home: Settings) -> None:
    asked, other = make(mine), make(mine, seed=2)
    at = open_page("map", vectors="mine", color="one colour")
    delete(at, asked)
    assert [info.key for info in store.list_maps(home)] == [other.key]
    assert len(listed(at.run())) == 1


def test_a_map_that_somebody_else_deleted_meanwhile(
    open_page: OpenPage, mine: WordVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = make(mine)
    at = open_page("map", vectors="mine", color="one colour")
    before = store.delete_map

    def later(key: str, settings: Settings) -> None:
        before(key, settings)
        before(key, settings)

    monkeypatch.setattr(store, "delete_map", later)
    delete(at, asked)
    assert "There is no map" in at.error[0].value


def test_damaged_maps_and_those_of_sets_that_are_gone_are_told(
    open_page: OpenPage, mine: WordVectors, home: Settings
) -> None:
    damaged, gone = make(mine), make(mine, seed=3, name="**gone**")
    (store.maps_dir(home) / damaged.key / store.COORDINATES_FILE).write_bytes(b"")
    at = open_page("map", vectors="mine", color="one colour")
    assert not at.exception
    assert listed(at) == []
    said = texts(at).replace("\\", "")
    assert "This map is damaged. Make it again." in said
    assert "**gone** is not here any more" in said
    for asked in (damaged, gone):
        delete(at, asked)
    assert store.list_maps(home) == []


def test_a_map_by_other_versions_is_told(
    open_page: OpenPage, mine: WordVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(mine)
    monkeypatch.setattr(request, "LAYOUT_VERSION", 99)
    assert "made by other versions" in texts(open_page("map", vectors="mine", color="one colour"))


def test_many_maps_take_several_pages(open_page: OpenPage, mine: WordVectors) -> None:
    for seed in range(kept._ON_A_PAGE + 2):
        make(mine, seed=seed)
    at = open_page("map", vectors="mine", color="one colour")
    assert len(listed(at)) == kept._ON_A_PAGE
    by_key(at, "number_input", keys.MAPS_PAGE).set_value(2).run()
    assert len(listed(at)) == 2


def test_where_the_list_cannot_be_read_the_page_stays(
    open_page: OpenPage, mine: WordVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(mine)

    def broken(*_: Any) -> None:
        raise StorageProblem("Could not list maps. Permission was denied.")

    monkeypatch.setattr(store, "list_maps", broken)
    at = open_page("map", vectors="mine", color="one colour")
    assert "Permission was denied" in at.error[0].value
    assert "PCA in 2-D of the 120 most frequent words" in texts(at)


def test_the_coordinates_are_those_of_the_map(
    open_page: OpenPage, mine: WordVectors, home: Settings, offered: dict[str, Callable[[], bytes]]
) -> None:
    asked = make(mine, dims=3)
    labels = np.arange(100, dtype=np.int32) % 7 - 1
    groupings.save_grouping(asked, "k-means", 10, labels, home)
    found = store.open_map(asked.key, home)
    at = open_page("map", vectors="mine", count="100", layout="UMAP", dimensions="3-D", color="one colour")
    lines = list(csv.DictReader(io.StringIO(offered["mine-UMAP-3-D.csv"]().decode("utf-8"), newline="")))
    assert [line["word"] for line in lines] == list(mine.tokens[:100])
    got = np.array([[line["x"], line["y"], line["z"]] for line in lines]).astype(np.float32)
    assert got.tobytes() == found.coordinates.tobytes()
    assert [line["cluster"] for line in lines[:3]] == ["", "1", "2"]
    packed = pyarrow.parquet.read_table(io.BytesIO(offered["mine-UMAP-3-D.parquet"]()))
    facts = json.loads(packed.schema.metadata[b"embedcore.map"])
    assert MapRequest.from_json(facts["request"]).key == facts["key"] == asked.key
    assert facts["seconds"] == 7.0
    assert packed["word"].to_pylist() == list(mine.tokens[:100])
    assert "1 word begins with one of" in texts(at)


def test_a_map_without_clusters_has_no_such_column(
    open_page: OpenPage, mine: WordVectors, offered: dict[str, Callable[[], bytes]]
) -> None:
    open_page("map", vectors="mine", color="one colour")
    first = offered["mine-PCA-2-D.csv"]().decode("utf-8").splitlines()
    assert first[0] == '"word","rank","set","x","y"'
    assert len(first) == 121
    assert offered["mine-PCA-2-D.parquet"]()


def test_the_link_and_the_frame_of_a_map(open_page: OpenPage, mine: WordVectors) -> None:
    at = open_page("map", vectors="mine", color="one colour", which="near words", words=["낱말"], around="7")
    (frame,) = [code.value for code in at.code if code.value.startswith("<iframe")]
    assert 'height="880"' in frame
    (link,) = [code.value for code in at.code if "around=7" in code.value and not code.value.startswith("<")]
    query = parse_qs(urlsplit(link).query, keep_blank_values=True)
    assert (query["words"], query["which"], query["dimensions"]) == (["낱말"], ["near words"], ["2-D"])


def test_a_set_that_was_deleted_leaves_its_maps_without_links(
    open_page: OpenPage, mine: WordVectors, home: Settings
) -> None:
    make(mine)
    delete_vectors("mine", home)
    shutil.rmtree(home.runs_dir, ignore_errors=True)
    at = open_page("map", color="one colour", count="100")
    assert listed(at) == []
    assert "mine is not here any more" in texts(at).replace("\\", "")
