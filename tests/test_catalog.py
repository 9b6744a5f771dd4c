"""The catalog: its facts, and sets that whoever runs this adds."""

from __future__ import annotations

import dataclasses
import json
import logging
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from embedcore import catalog, storage
from embedcore.catalog import CATALOG, LEFT_OUT
from embedcore.errors import BadSetting
from embedcore.formats import READABLE
from embedcore.library import BUNDLED
from embedcore.settings import Settings

FACTS = Path(__file__).parents[2] / "shared" / "CATALOG.md"
ENTRIES = [*CATALOG.values()]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_set_says_what_people_need_to_choose(entry: catalog.Entry) -> None:
    assert storage.check_name(entry.name) == entry.name
    assert entry.title
    assert re.fullmatch(r"[A-Z].*\.", entry.about)
    assert entry.licence
    assert (entry.licence_url or "").startswith("https://")
    assert entry.rows
    assert entry.dim
    assert entry.disk_bytes > 4 * entry.rows * entry.dim  # type: ignore[operator]
    assert entry.cased is not None
    assert entry.family in ("GloVe", "fastText", "Numberbatch")
    assert entry.format is None or entry.format in READABLE
    assert entry.origin
    assert entry.source.endswith(entry.file.urls[0])
    assert not entry.file.private


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_file_can_be_asked_for(entry: catalog.Entry) -> None:
    for url in entry.file.urls:
        assert url.startswith("https://")
        assert urlsplit(url).path.endswith("/" + entry.file.name)
    assert entry.file.sha256 is None or re.fullmatch("[0-9a-f]{64}", entry.file.sha256)
    # A file that nobody published a hash for is held to that of the first time.
    assert entry.file.published == (entry.file.sha256 is None)


def test_sets_of_one_archive_share_its_file() -> None:
    for family, dims in (("glove.6B", (50, 100, 200, 300)), ("glove.twitter.27B", (25, 50, 100, 200))):
        entries = [CATALOG[f"{family}.{dim}d"] for dim in dims]
        assert len({entry.file.key for entry in entries}) == 1
        assert [entry.member for entry in entries] == [f"{family}.{dim}d.txt" for dim in dims]
        assert [entry.dim for entry in entries] == [*dims]
        assert len(entries[0].file.urls) == 2  # the second host
    assert len({entry.file.key for entry in ENTRIES}) == len({entry.file.urls for entry in ENTRIES})


def test_the_size_of_a_kept_set_is_about_right(home: Settings) -> None:
    assert CATALOG["glove.840B.300d"].disk_bytes == pytest.approx(2_196_017 * 300 * 4, rel=0.05)


def test_what_is_left_out_says_why() -> None:
    assert not LEFT_OUT.keys() & CATALOG.keys()
    assert "licence" in LEFT_OUT["GoogleNews-vectors-negative300"]


@pytest.mark.skipif(not FACTS.exists(), reason="the published facts, shared/CATALOG.md, are not here")
def test_the_catalog_says_what_is_published() -> None:
    facts = FACTS.read_text(encoding="utf-8")
    hashes = set(re.findall(r"\b[0-9a-f]{64}\b", facts)) - set(
        re.findall(r"GoogleNews\S* .*?([0-9a-f]{64})", facts)  # left out
    )
    assert {entry.file.sha256 for entry in ENTRIES} - {None} == hashes
    assert len(hashes) == 7
    names = {entry.file.name for entry in ENTRIES}
    families = {  # that the facts name in one
        "glove.2024.wikigiga.{100,200,300}d.zip": {f"glove.2024.wikigiga.{dim}d.zip" for dim in (100, 200, 300)},
        "cc.{lang}.300.vec.gz": {name for name in names if name.startswith("cc.")},
    }
    for written, family in families.items():
        assert written in facts
        assert family <= names
    assert all(name in facts for name in names - set().union(*families.values()))
    for base in {url.rpartition("/")[0] for entry in ENTRIES for url in entry.file.urls}:
        assert base in facts
    for row in ("400,000", "2,196,017", "1,193,514", "1,291,147"):
        assert row in facts
        assert int(row.replace(",", "")) in {entry.rows for entry in ENTRIES}
    assert CATALOG["glove.2024.wikigiga.50d"].file.bytes == 301_036_094


def test_the_bundled_set_is_in_the_catalog() -> None:
    assert (CATALOG[BUNDLED].rows, CATALOG[BUNDLED].dim) == (400_000, 50)


# Sets that an operator adds


def with_file(home: Settings, content: Any) -> Settings:
    path = home.home / "catalog.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return dataclasses.replace(home, catalog=path)


def test_further_sets_come_after_the_published_ones(home: Settings) -> None:
    ours = {
        "name": "우리말", "urls": ["http://10.0.0.5/우리말.vec.gz", "https://b.example/x"], "title": "Ours",
        "about": "Good for us.", "rows": 5, "dim": 3, "sha256": "A" * 64, "bytes": 99, "licence": "CC0",
        "cased": True, "language": "Korean", "member": "a.txt", "family": "House",
    }  # fmt: skip
    found = catalog.entries(with_file(home, {"sets": [ours, {"name": "bare", "urls": ["https://b.example/v.txt"]}]}))
    assert [*found] == [*CATALOG, "우리말", "bare"]
    entry = found["우리말"]
    assert (entry.title, entry.rows, entry.dim, entry.cased, entry.family) == ("Ours", 5, 3, True, "House")
    assert (entry.file.name, entry.file.bytes, entry.file.sha256) == ("우리말.vec.gz", 99, "A" * 64)
    assert entry.file.private  # the operator's word
    assert (found["bare"].title, found["bare"].licence, found["bare"].disk_bytes) == ("bare", None, None)
    assert catalog.entries(home) == CATALOG


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "catalog.json is damaged: it is not JSON."),
        ({}, "it should hold a list “sets”."),
        ({"sets": [3]}, "entry 1 should be an object."),
        ({"sets": [{"urls": ["https://b.example/x"]}]}, "The name of entry 1 cannot be empty."),
        ({"sets": [{"name": "../x", "urls": ["https://b.example/x"]}]}, "“../x” does not fit."),
        ({"sets": [{"name": "a", "urls": "https://b.example/x"}]}, "“urls” of entry 1 should be a list of addresses."),
        ({"sets": [{"name": "a", "urls": ["file:///etc/passwd"]}]}, "Only addresses that begin with http"),
        ({"sets": [{"name": "a", "urls": ["https://b.example/x"], "rows": -1}]}, "should be a whole number above 0."),
        ({"sets": [{"name": "a", "urls": ["https://b.example/x"], "rows": True}]}, "should be a whole number above 0."),
        (
            {"sets": [{"name": "a", "urls": ["https://b.example/x"], "title": 1}]},
            "“title” of entry 1 should be a text.",
        ),
        ({"sets": [{"name": "a", "urls": ["https://b.example/x"], "cased": 1}]}, "should be true or false."),
        ({"sets": [{"name": "a", "urls": ["https://b.example/x"], "sha256": "abc"}]}, "64 hexadecimal digits."),
        ({"sets": [{"name": BUNDLED, "urls": ["https://b.example/x"]}]}, "is the name of a published set."),
    ],
)
def test_a_broken_file_is_said_and_leaves_the_published_sets(
    home: Settings, caplog: pytest.LogCaptureFixture, content: Any, said: str
) -> None:
    settings = with_file(home, content)
    with pytest.raises(BadSetting) as caught:
        catalog.entries(settings, strict=True)
    assert str(caught.value).startswith("The catalog catalog.json cannot be used: ")
    assert said in str(caught.value)
    with caplog.at_level(logging.WARNING):
        assert catalog.entries(settings) == CATALOG
    assert said in caplog.text


def test_a_missing_file(home: Settings) -> None:
    with pytest.raises(BadSetting, match="There is no such file"):
        catalog.entries(dataclasses.replace(home, catalog=home.home / "none.json"), strict=True)
