"""What a map is asked for: bounds, writing it down, and the key that it is kept under."""

from __future__ import annotations

import hashlib
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcore.errors import BadSetting
from embedcore.library import open_vectors, rename_vectors, save_vectors
from embedcore.maps import request as request_module
from embedcore.maps.identity import identity_of
from embedcore.maps.request import MapRequest, SetAsked, WordsAsked
from embedcore.settings import Settings
from embedcore.vectors import WordVectors

ONE, OTHER = SetAsked("mine", "a" * 64), SetAsked("glove.6B.50d", "b" * 64)


def request(**changes: Any) -> MapRequest:
    return MapRequest(**{"sets": (ONE,), "method": "umap", "words": WordsAsked(count=500), **changes})


def listed(*words: str) -> WordsAsked:
    return WordsAsked(how="list", words=words)


def near(*words: str, count: int = 10) -> WordsAsked:
    return WordsAsked(how="near", words=words, count=count)


# Bounds


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sets": ()}, "A map shows one vector set or two, not 0."),
        ({"sets": (ONE, OTHER, ONE)}, "A map shows one vector set or two, not 3."),
        ({"sets": (SetAsked("mine", "../etc"),)}, "The vector set “mine” of a map has no fingerprint."),
        ({"method": "isomap"}, "There is no method “isomap” for a map. There are: "),
        ({"dims": 4}, "A map has 2 or 3 dimensions, not 4."),
        ({"dims": True}, "A map has 2 or 3 dimensions, not True."),
        ({"seed": -1}, "The seed should be from 0 to 2,147,483,647, but is -1."),
        ({"seed": 1.0}, "The seed should be a whole number, but is 1.0."),
        ({"params": {"neighbours": 3}}, "UMAP has no parameter “neighbours”."),
        ({"params": {"min_dist": float("nan")}}, "Least distance should be a number, but is nan."),
        ({"words": WordsAsked(how="all")}, "The words of a map are chosen by one of frequent, list, near, not 'all'."),
        ({"words": WordsAsked(count=99)}, "The number of words should be from 100 to 50,000, but is 99."),
        ({"words": WordsAsked(count=50_001)}, "The number of words should be from 100 to 50,000, but is 50,001."),
        ({"words": WordsAsked(count=True)}, "The number of words should be a whole number, but is True."),
        ({"sets": (ONE, OTHER), "words": WordsAsked(count=25_001)}, "from 100 to 25,000, but is 25,001."),
        ({"method": "pca", "words": WordsAsked(count=400_001)}, "from 100 to 400,000, but is 400,001."),
        ({"words": listed()}, "Give at least one word for the map."),
        ({"words": listed(" ", "")}, "Give at least one word for the map."),
        ({"words": WordsAsked(how="list", words=(3,))}, "The words of a map should be text."),
        ({"words": listed("a", "b\ud800")}, "A word of this map holds a character that is no valid Unicode"),
        ({"words": listed(*map(str, range(50_001)))}, "UMAP lays out at most 50,000 words here, but these may be"),
        ({"words": near(*"abc", count=0)}, "number of neighbours of each word should be from 1 to 1,000, but is 0."),
        ({"words": near(*map(str, range(51)))}, "A map can show what lies near at most 50 words, but these are 51."),
        ({"words": near(*map(str, range(50)), count=1_000)}, "but these may be 50,050."),
        ({"sets": (ONE, OTHER), "words": near(*map(str, range(15)), count=1_000)}, "25,000 words here, but these may"),
    ],
)  # fmt: skip
def test_what_is_out_of_bounds_is_told(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadSetting) as told:
        request(**changes).check()
    assert sentence in str(told.value)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"words": WordsAsked(count=50_000)},
        {"method": "pca", "words": WordsAsked(count=400_000)},
        {"sets": (ONE, OTHER), "words": WordsAsked(count=25_000), "dims": 3},
        {"words": listed("king")},
        {"words": near("왕", "king", count=1_000)},
        {"params": {"n_neighbors": 5, "min_dist": 0.5}, "seed": 0},
        {"method": "tsne", "params": {"perplexity": 40}},
        {"method": "pacmap"},
    ],
)
def test_what_is_within_bounds_can_be_written_and_read(changes: dict[str, Any]) -> None:
    asked = request(**changes)
    asked.check()
    again = MapRequest.from_json(json.loads(json.dumps(asked.to_json())))
    assert again == asked
    assert again.key == asked.key
    assert hash(again) == hash(asked)


def broken(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    values = json.loads(json.dumps(request().to_json()))
    change(values)
    return dict(values)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (broken(lambda v: v.pop("words")), "This is no request for a map"),
        (broken(lambda v: v["words"].pop("how")), "This is no request for a map"),
        (broken(lambda v: v.update(sets=3)), "This is no request for a map"),
        (broken(lambda v: v.update(sets=["mine"])), "This is no request for a map"),
        (broken(lambda v: v.update(params=[1])), "This is no request for a map"),
        (broken(lambda v: v["words"].update(words="king")), "This is no request for a map"),
        (broken(lambda v: v.update(words=None)), "This is no request for a map"),
        (broken(lambda v: v.update(method=["umap"])), "This is no request for a map"),
        (broken(lambda v: v.update(color="red")), "A request for a map has no “color”."),
        (broken(lambda v: v["words"].update(most=3)), "A request for a map has no “most”."),
        (broken(lambda v: v.update(dims=7)), "A map has 2 or 3 dimensions, not 7."),
        ({}, "This is no request for a map"),
    ],
)
def test_what_is_no_request_is_refused(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadSetting) as told:
        MapRequest.from_json(values)
    assert sentence in str(told.value)


def test_a_request_does_not_change_with_what_it_was_made_of() -> None:
    params = {"n_neighbors": 5}
    asked = request(params=params)
    params["n_neighbors"] = 50
    assert asked.params["n_neighbors"] == 5
    sent = pickle.loads(pickle.dumps(asked))  # to another process
    assert (sent, sent.key) == (asked, asked.key)


# The key


def test_the_key_is_the_sha256_of_everything_that_matters() -> None:
    asked = request(params={"n_neighbors": 7})
    matters = json.loads(asked.canonical())
    assert asked.key == hashlib.sha256(asked.canonical().encode()).hexdigest()
    assert matters["sets"] == [ONE.identity]
    assert matters["words"] == {"how": "frequent", "count": 500}
    assert matters["params"]["n_neighbors"] == 7
    assert matters["params"]["min_dist"] == 0.1
    assert (matters["method"], matters["dims"], matters["seed"]) == ("umap", 2, 1)
    for name in ("umap-learn", "numba", "numpy", "scikit-learn"):
        assert matters["libraries"][name] == version(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"sets": (replace(ONE, name="renamed"),)}),
        ({}, {"params": {"n_neighbors": 15}}),
        ({"params": {"min_dist": 0}}, {"params": {"min_dist": 0.0}}),
        ({"params": {"n_neighbors": 5, "min_dist": 0.2}}, {"params": {"min_dist": 0.2, "n_neighbors": 5.0}}),
        ({}, {"words": WordsAsked(count=500, words=("means", "nothing"))}),
        ({"words": listed("a", "b", "a")}, {"words": WordsAsked(how="list", words=("b", "a"), count=7)}),
        ({"words": near("a", "b")}, {"words": near("b", "a")}),
        ({"method": "pca"}, {"method": "pca", "seed": 9}),
    ],
)
def test_requests_for_the_same_map_have_one_key(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert request(**one).key == request(**other).key


def test_requests_for_other_maps_have_other_keys() -> None:
    asked = [
        {}, {"sets": (OTHER,)}, {"sets": (ONE, OTHER)}, {"sets": (OTHER, ONE)}, {"method": "pca"}, {"method": "tsne"},
        {"method": "pacmap"}, {"dims": 3}, {"seed": 2}, {"params": {"n_neighbors": 16}}, {"params": {"min_dist": 0.0}},
        {"words": WordsAsked(count=501)}, {"words": listed("a")}, {"words": listed("a", "b")}, {"words": listed("ab")},
        {"words": listed("A")}, {"words": near("a")}, {"words": near("a", count=11)}, {"words": listed("가")},
        {"words": listed("\ud800")}, {"words": listed('a","b')}, {"words": listed("a\0")},
    ]  # fmt: skip
    keys = {request(**changes).key for changes in asked}
    assert len(keys) == len(asked)
    assert all(len(key) == 64 and key.isalnum() for key in keys)


def test_another_version_of_a_library_or_of_our_own_is_another_map(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [request().key]
    monkeypatch.setattr(request_module, "library_version", lambda name: "99" if name == "umap-learn" else version(name))
    keys.append(request().key)
    monkeypatch.undo()
    monkeypatch.setattr(request_module, "LAYOUT_VERSION", 999)
    keys.append(request().key)
    monkeypatch.undo()
    assert len(set(keys)) == 3
    assert request().key == keys[0]
    assert request_module.library_version("there-is-no-such-package") is None


@pytest.mark.parametrize(
    ("method", "library"), [("pca", "numpy"), ("umap", "umap-learn"), ("tsne", "scikit-learn"), ("pacmap", "pacmap")]
)
def test_the_key_tells_versions_of_the_library_that_lays_out(
    method: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_module, "library_version", lambda name: "1")
    before = request(method=method).key
    monkeypatch.setattr(request_module, "library_version", lambda name: "99" if name == library else "1")
    assert request(method=method).key != before


def test_the_key_is_the_same_in_another_process() -> None:
    script = (
        "from embedcore.maps.request import *; import sys\n"
        "from embedcore.maps import alignment, clusters, honesty, identity, neighbors, selection, store\n"
        "print(MapRequest(sets=(SetAsked('mine', 'a' * 64),), method='umap', words=WordsAsked(count=500)).key)\n"
        "assert not {'umap', 'sklearn', 'numba', 'torch', 'scipy', 'streamlit'} & set(sys.modules)"
    )
    root = Path(__file__).parent.parent
    run = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == request().key


# What makes a set the same set


def made(tokens: list[str], matrix: Any, **details: Any) -> WordVectors:
    return WordVectors(tokens, np.asarray(matrix, dtype=np.float32), **details)


def test_the_fingerprint_is_another_when_anything_is_another() -> None:
    matrix = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)
    changed = matrix.copy()
    changed[2, 3] += 1e-6
    sets = [
        made(["a", "b", "c"], matrix), made(["a", "c", "b"], matrix), made(["a", "bc", ""], matrix),
        made(["ab", "", "c"], matrix), made(["a", "b", "각"], matrix), made(["a", "b", "C"], matrix),
        made(["a", "b", "c"], changed), made(["a", "b", "c"], matrix[:, ::-1]),
        made(["a", "b"], matrix[:2]), made(["a", "b", "c"], matrix[:, :3]),
        made(["a", "b", "c"], matrix, lowercased=False),
        made(["a", "b", "c"], matrix, meta={"sha256": "another matrix"}), made([], matrix[:0]),
    ]  # fmt: skip
    assert len({identity_of(one) for one in sets}) == len(sets)
    assert identity_of(sets[0]) == identity_of(made(["a", "b", "c"], matrix.copy(), name="other name", meta={"x": 1}))
    assert identity_of(sets[0]) == identity_of(made(["a", "b", "c"], np.asfortranarray(matrix)))


def test_the_fingerprint_of_a_kept_set_outlives_its_name(home: Settings) -> None:
    matrix = np.random.default_rng(1).standard_normal((5, 3)).astype(np.float32)
    save_vectors("one", made(list("abcde"), matrix), source="a test")
    before = identity_of(open_vectors("one"))
    rename_vectors("one", "two")
    assert identity_of(open_vectors("two")) == before
    save_vectors("one", made(list("abcde"), matrix + 1), source="a test")
    assert identity_of(open_vectors("one")) != before


def test_the_bundled_set_has_a_fingerprint_without_being_read(glove: WordVectors) -> None:
    assert identity_of(glove) == identity_of(glove)
    tampered = made(glove.tokens[:100], glove.matrix[:100], name="glove.6B.50d")
    assert identity_of(tampered) != identity_of(glove)
    request(sets=(SetAsked("glove.6B.50d", identity_of(glove)),)).check()
