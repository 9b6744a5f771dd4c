"""Taking a run's vectors away as a file: the choice of formats, and what the button gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from embedcore.errors import StorageProblem
from embedcore.formats import FORMATS, Written, read
from embedcore.runs import RunFolder
from embedcore.settings import Settings
from embedcore.ui import keys

from .conftest import by_key, texts
from .test_train import EPOCHS, train


@pytest.fixture
def buttons(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the page gave to its download button, each time it was drawn."""
    drawn: list[dict[str, Any]] = []
    real = st.download_button

    def download_button(label: str, data: Callable[[], bytes], **options: Any) -> bool:
        if options["key"] == keys.DOWNLOAD:
            drawn.append({"label": label, "data": data, **options})
        return real(label, data, **options)

    monkeypatch.setattr(st, "download_button", download_button)
    return drawn


@pytest.fixture
def run_page(open_page: Callable[..., AppTest]) -> tuple[AppTest, str]:
    """The page of a run that is over, and its id."""
    at = open_page("train")
    by_key(at, "number_input", EPOCHS).set_value(1).run()
    return at, train(at)


def test_every_format_can_be_chosen_and_downloaded(
    buttons: list[dict[str, Any]], run_page: tuple[AppTest, str], home: Settings, tmp_path: Path
) -> None:
    at, run_id = run_page
    checkpoint = RunFolder(home.runs_dir, run_id).checkpoint("weight")
    assert checkpoint is not None
    box = by_key(at, "selectbox", keys.FORMAT)
    assert box.options == [FORMATS[key].label for key in FORMATS]
    for key, chosen in FORMATS.items():
        by_key(at, "selectbox", keys.FORMAT).set_value(key).run()
        assert not at.exception
        button = buttons[-1]
        assert button["file_name"] == f"vectors-{run_id}{chosen.extension}"
        assert button["mime"] == chosen.mime
        assert chosen.about in texts(at)
        assert any(repr(button["file_name"]) in block.value for block in at.code)
        (tmp_path / button["file_name"]).write_bytes(button["data"]())
        vectors, found = read(tmp_path / button["file_name"])
        assert (found.format, found.skipped) == (key, {})
        assert vectors.tokens[:] == ["to", "you", "need", "know", "how", "code"]
        np.testing.assert_array_equal(vectors.matrix, np.asarray(checkpoint["weight"])[2:])


def test_nothing_is_made_before_the_button_is_pressed(
    buttons: list[dict[str, Any]], run_page: tuple[AppTest, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at, _ = run_page
    monkeypatch.setattr("embedcore.formats.content", lambda *_: pytest.fail("made too early"))
    at.run()
    assert callable(buttons[-1]["data"])


def test_a_download_that_fails_is_told_when_the_page_is_next_drawn(
    buttons: list[dict[str, Any]], run_page: tuple[AppTest, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at, _ = run_page

    def full(*_: object) -> tuple[bytes, Written]:
        raise StorageProblem("Could not make the file. The disk is full.")

    monkeypatch.setattr("embedcore.formats.content", full)
    with pytest.raises(StorageProblem):
        buttons[-1]["data"]()
    at.run()
    assert at.warning[0].value.replace("\\", "") == "The download failed. Could not make the file. The disk is full."
    at.run()
    assert not at.warning


def test_words_that_a_file_had_to_change_are_told(
    buttons: list[dict[str, Any]], run_page: tuple[AppTest, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at, _ = run_page
    monkeypatch.setattr("embedcore.formats.content", lambda *_: (b"", Written(3, {"a b": "a_b"}, [])))
    assert buttons[-1]["data"]() == b""
    at.run()
    assert "1 token holds white space" in at.warning[0].value
