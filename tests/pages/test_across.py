"""Links from Compare to Map and back, whose inputs have the same names."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from embedcore.library import save_vectors
from embedcore.settings import Settings
from embedcore.ui import keys, resources
from embedcore.ui.asking import across
from embedcore.vectors import WordVectors
from tests.test_runs_manage import StillRuns

from .conftest import by_key

OpenPage = Callable[..., AppTest]


@pytest.fixture
def sets(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sets of the same words, and runs that wait."""
    still = StillRuns(home)
    monkeypatch.setattr(resources, "runs", lambda: still)
    for seed, name in enumerate(["mine", "당신 것"]):
        matrix = np.random.default_rng(seed).normal(size=(120, 5)).astype(np.float32)
        save_vectors(name, WordVectors(["a&b=c d", "낱말", *map(str, range(118))], matrix), source="a test")


@pytest.mark.usefixtures("sets")
def test_from_compare_to_a_map_of_the_same_sets(open_page: OpenPage) -> None:
    at = open_page("compare", vectors="mine", other="당신 것", words=["낱말"])
    (link,) = [link.proto for link in at.get("page_link") if link.proto.label == "See it on a map"]
    said = parse_qs(link.query_string)
    assert not {keys.VECTORS, keys.OTHER_SET} & set(said)  # Streamlit would drop them on the way
    at = open_page("map", **said)
    assert by_key(at, "selectbox", keys.VECTORS).value == "mine"
    assert by_key(at, "selectbox", keys.OTHER_SET).value == "당신 것"


@pytest.mark.usefixtures("sets")
@pytest.mark.parametrize("page", ["compare", "map"])
def test_a_packed_link_asks_all_that_it_says(open_page: OpenPage, page: str) -> None:
    said = {
        "compare": {keys.ASK: "Odd one out", keys.VECTORS: "mine", keys.WORDS: ["낱말", "a&b=c d", "3"]},
        "map": {
            keys.WHICH: "a list",
            keys.VECTORS: "mine",
            keys.WORDS: ["낱말", "a&b=c d", "3"],
            "color": "one colour",
        },
    }[page]
    at = open_page(page, **across.packed(said))
    assert by_key(at, "selectbox", keys.VECTORS).value == "mine"
    assert by_key(at, "multiselect", keys.WORDS).value == ["낱말", "a&b=c d", "3"]
    assert keys.PACKED not in at.query_params
    at.query_params[keys.PACKED] = across.packed(said)[keys.PACKED]  # gone back to, on the page itself
    at.run()
    assert not at.exception
    which = {"compare": keys.ASK, "map": keys.WHICH}[page]
    assert by_key(at, "radio", which).value == said[which]
