"""The Library page: the sets that are here, one of them, the disk, and what is on the way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from embedcore import formats, library
from embedcore.errors import StorageProblem
from embedcore.formats import FORMATS
from embedcore.library import DiskUse, open_vectors, save_vectors
from embedcore.runs import Run, RunFolder, new_run_id, queue
from embedcore.runs.worker import execute
from embedcore.settings import Settings
from embedcore.ui import keys, library_export, library_list, library_set, resources
from embedcore.vectors import WordVectors

from .conftest import by_key, texts

OpenPage = Callable[..., AppTest]
pytestmark = pytest.mark.usefixtures("no_worker_starts")
UGLY = "**bold** <b>tag</b> :red[no] $x$ [a](b)"


def keep(home: Settings, name: str, rows: int = 6, **more: Any) -> WordVectors:
    """Keep a small set."""
    matrix = np.random.default_rng(7).normal(size=(rows, 3)).astype(np.float32)
    vectors = WordVectors([f"word{row}" for row in range(rows - 1)] + ["낱말"], matrix)
    save_vectors(name, vectors, settings=home, **{"source": "a test", "licence": "CC0 1.0", **more})
    return vectors


def shown(at: AppTest) -> str:
    """All that is written, as visitors read it."""
    return texts(at).replace("\\", "")


def links(at: AppTest) -> list[str]:
    return [element.proto.label.replace("\\", "") for element in at.get("page_link")]


def has(at: AppTest, kind: str, key: str) -> bool:
    return any(getattr(element, "key", None) == key for element in at.get(kind))


def act(at: AppTest, name: str, action: str) -> AppTest:
    """Choose from a set's menu, and press what was pressed; before every run, which closes dialogs in AppTest."""
    at.session_state[library_set._WANTED] = (name, action)  # AppTest cannot press a menu button
    at.run()
    assert not at.exception
    return at


def menu(at: AppTest, name: str) -> list[str]:
    found = next(e for e in at.get("menu_button") if e.proto.id.endswith(f"{keys.SET_ACTIONS}_{name}"))
    return list(found.proto.options)


def work_off(run: Run) -> str:
    """Do what a worker would do with a run that waits; the state that it ends in."""
    settings = resources.settings()
    queue.take(settings.runs_dir, run.id)
    return execute(settings, settings.runs_dir, run.id)


# Here


def test_a_fresh_install_lists_glove_the_disk_and_the_catalog(open_page: OpenPage) -> None:
    at = open_page("library")
    assert [header.value for header in at.header] == ["Here", "Get", "Import"]
    assert "glove.6B.50d" in links(at)
    assert "400,000 words × 50 · lower case · 80.0 MB · PDDL 1.0 · came with the installation" in shown(at)
    assert not at.get("menu_button")  # the bundled set can be neither renamed nor deleted
    bar = at.get("progress")[0].proto
    assert bar.text.startswith("Sets 0 bytes · fetched files 0 bytes · ")
    assert bar.text.endswith(" left")


def test_sets_say_what_they_are_as_it_was_typed(open_page: OpenPage, home: Settings) -> None:
    keep(home, "우리 벡터", source=UGLY, licence=None)
    at = open_page("library")
    assert UGLY in shown(at)
    assert r"\*\*bold\*\*" in texts(at)
    assert "6 words × 3 · lower case" in shown(at)
    assert "no licence given" in shown(at)
    assert "우리 벡터" in links(at)


def test_a_damaged_set_says_so_and_can_only_be_deleted(open_page: OpenPage, home: Settings) -> None:
    keep(home, "broken")
    (home.vectors_dir / "broken" / "matrix.npy").write_bytes(b"short")
    at = open_page("library", set="broken")
    assert "This set is damaged and cannot be opened." in shown(at)
    assert menu(at, "broken") == [library_set.DELETE]
    assert not has(at, "selectbox", keys.EXPORT_FORMAT)
    act(at, "broken", library_set.DELETE)
    by_key(at, "button", keys.DELETE_SET).click()
    act(at, "broken", library_set.DELETE)
    assert not (home.vectors_dir / "broken").exists()


def test_many_sets_are_paged_and_found_and_a_link_opens_the_right_page(open_page: OpenPage, home: Settings) -> None:
    for number in range(20):
        keep(home, f"set{number:02d}", source="korean" if number == 17 else "a test")
    at = open_page("library")
    assert sum(name.startswith("set") for name in links(at)) == library_list._ON_A_PAGE - 1
    assert by_key(at, "number_input", keys.SETS_PAGE).max == 3
    by_key(at, "number_input", keys.SETS_PAGE).set_value(3).run()
    assert "set19" in links(at)
    by_key(at, "text_input", keys.FIND_SETS).set_value("KOREAN").run()  # the page it was on is gone
    assert [name for name in links(at) if name.startswith("set")] == ["set17"]
    by_key(at, "text_input", keys.FIND_SETS).set_value("nothing like it").run()
    assert "None of the 21 sets here has “nothing like it” in it." in shown(at)
    at = open_page("library", set="set12")
    assert has(at, "selectbox", keys.EXPORT_FORMAT)
    assert by_key(at, "number_input", keys.SETS_PAGE).value == 2
    by_key(at, "number_input", keys.SETS_PAGE).set_value(1).run()  # and the visitor can still turn pages
    assert "set00" in links(at)
    assert "set12" not in links(at)


def test_one_set_shows_all_that_is_known(open_page: OpenPage, home: Settings) -> None:
    read = {"format": "glove", "skipped": {"a repeated word": 3}, "notes": ["Its last row was cut."]}
    keep(home, "mine", source=UGLY, meta={"import": read})
    at = open_page("library", set="mine")
    table = dict(zip(*(at.dataframe[0].value[column] for column in ("what", "value")), strict=True))
    assert (table["words"], table["dimensions"], table["licence"]) == ("6", "3", "CC0 1.0")
    assert f"Source: {UGLY}" in shown(at)
    assert "Its file: 3 rows were skipped: a repeated word (3). Its last row was cut." in shown(at)


def test_a_link_to_a_set_that_is_not_here_is_answered(open_page: OpenPage) -> None:
    at = open_page("library", set="<b>gone</b>")
    assert "There is no vector set “<b>gone</b>” here. It may have been renamed or deleted." in shown(at)
    assert not has(at, "selectbox", keys.EXPORT_FORMAT)


# Rename and delete


def test_a_set_is_renamed_and_its_link_goes_with_it(open_page: OpenPage, home: Settings) -> None:
    before = keep(home, "mine")
    at = open_page("library", set="mine")
    act(at, "mine", library_set.RENAME)
    by_key(at, "text_input", keys.SET_NAME).set_value("새 이름")
    by_key(at, "button", keys.RENAME_SET).click()
    act(at, "mine", library_set.RENAME)
    assert at.query_params[keys.SET] == "새 이름"
    np.testing.assert_array_equal(open_vectors("새 이름", home).matrix, before.matrix)
    assert not (home.vectors_dir / "mine").exists()


def test_a_name_that_is_taken_is_said_and_nothing_changes(open_page: OpenPage, home: Settings) -> None:
    keep(home, "mine")
    keep(home, "other")
    at = open_page("library")
    for name, sentence in (("other", "There is already a vector set “other”."), ("../x", "can hold letters, digits")):
        act(at, "mine", library_set.RENAME)
        by_key(at, "text_input", keys.SET_NAME).set_value(name)
        by_key(at, "button", keys.RENAME_SET).click()
        act(at, "mine", library_set.RENAME)
        assert sentence in at.error[0].value.replace("\\", "")
    assert {info.name for info in library.list_vectors(home)} == {"glove.6B.50d", "mine", "other"}


@pytest.mark.parametrize(
    ("action", "button", "doing"),
    [
        (library_set.RENAME, keys.RENAME_SET, "rename_vectors"),
        (library_set.DELETE, keys.DELETE_SET, "delete_vectors"),
    ],
)
def test_what_somebody_else_deleted_meanwhile_is_said(
    open_page: OpenPage, home: Settings, monkeypatch: pytest.MonkeyPatch, action: str, button: str, doing: str
) -> None:
    keep(home, "mine")
    at = open_page("library")
    act(at, "mine", action)
    real, delete = getattr(library, doing), library.delete_vectors

    def too_late(*args: Any) -> object:
        delete("mine", home)
        return real(*args)

    monkeypatch.setattr(library, doing, too_late)
    if action == library_set.RENAME:
        by_key(at, "text_input", keys.SET_NAME).set_value("yours")
    by_key(at, "button", button).click()
    act(at, "mine", action)
    assert "There is no vector set “mine” here." in at.error[0].value.replace("\\", "")


def test_a_menu_of_a_set_that_is_gone_is_answered(open_page: OpenPage, home: Settings) -> None:
    keep(home, "mine")
    at = open_page("library")
    library.delete_vectors("mine", home)
    act(at, "mine", library_set.RENAME)
    assert "There is no vector set “mine” here. It may have been renamed or deleted." in shown(at)
    at = open_page("library", set="mine")
    act(at, "mine", library_set.RENAME)
    assert shown(at).count("There is no vector set “mine” here.") == 1  # once, of the link and of the menu


def test_deleting_asks_first_and_says_what_it_breaks(open_page: OpenPage, home: Settings) -> None:
    keep(home, "mine")
    at = open_page("library", set="mine")
    act(at, "mine", library_set.DELETE)
    assert "Links to it lead nowhere then; runs that started from it keep what they took." in shown(at)
    assert (home.vectors_dir / "mine").exists()
    by_key(at, "button", keys.DELETE_SET).click()
    act(at, "mine", library_set.DELETE)
    assert not (home.vectors_dir / "mine").exists()
    assert keys.SET not in at.query_params


# Export


@pytest.fixture
def buttons(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the page gave to its download button, each time it was drawn."""
    drawn: list[dict[str, Any]] = []
    real = st.download_button

    def download_button(label: str, data: Callable[[], bytes], **options: Any) -> bool:
        if options["key"] == keys.EXPORT_DOWNLOAD:
            drawn.append({"data": data, **options})
        return real(label, data, **options)

    monkeypatch.setattr(st, "download_button", download_button)
    return drawn


def test_a_small_set_is_downloaded_in_every_format(
    buttons: list[dict[str, Any]], open_page: OpenPage, home: Settings, tmp_path: Path
) -> None:
    kept = keep(home, "우리 벡터")
    at = open_page("library", set="우리 벡터")
    for key, chosen in FORMATS.items():
        by_key(at, "selectbox", keys.EXPORT_FORMAT).set_value(key).run()
        assert not at.exception
        button = buttons[-1]
        assert (button["file_name"], button["mime"]) == (f"우리 벡터{chosen.extension}", chosen.mime)
        assert chosen.about in texts(at)
        (tmp_path / button["file_name"]).write_bytes(button["data"]())
        vectors, found = formats.read(tmp_path / button["file_name"])
        assert (found.format, vectors.tokens[:]) == (key, kept.tokens[:])
        np.testing.assert_array_equal(vectors.matrix, kept.matrix)


def test_a_download_that_fails_is_told(
    buttons: list[dict[str, Any]], open_page: OpenPage, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(home, "mine")
    at = open_page("library", set="mine")

    def full(*_: object) -> None:
        raise StorageProblem("Could not make the file. The disk is full.")

    monkeypatch.setattr("embedcore.formats.content", full)
    with pytest.raises(StorageProblem):
        buttons[-1]["data"]()
    at.run()
    assert "The download failed. Could not make the file. The disk is full." in shown(at)


def test_a_large_set_is_written_by_one_run_however_often_it_is_asked_for(open_page: OpenPage) -> None:
    at = open_page("library", set="glove.6B.50d")
    assert not has(at, "download_button", keys.EXPORT_DOWNLOAD)
    for _ in range(2):
        by_key(at, "button", keys.EXPORT_START).click().run()
    assert not at.exception
    runs = resources.runs().recent(9)
    assert [(run.kind, run.config) for run in runs] == [("export", {"vectors": "glove.6B.50d", "format": "word2vec"})]
    assert "Export glove.6B.50d as word2vec text" in links(at)


def test_how_large_a_file_will_be_is_about_right(home: Settings) -> None:
    keep(home, "mine", rows=4_000)
    info = next(info for info in library.list_vectors(home) if info.name == "mine")
    vectors = open_vectors("mine", home)
    for key in ("word2vec", "glove", "word2vec-binary", "safetensors"):
        made = len(formats.content(vectors, key)[0])
        assert 0.6 * made < library_export.estimated_bytes(info, key) < 2.0 * made


# On the way


def job(home: Settings, kind: str = "download", state: str = "running", **more: Any) -> RunFolder:
    """A run of the library, as a worker would have left it."""
    config = more.pop("config", {"catalog": "glove.840B.300d", "name": "glove.840B.300d"})
    metric = more.pop("metric", None)
    run = Run(new_run_id(), kind, more.pop("name", f"Fetch {UGLY}"), config, created=time.time(), state=state, **more)
    folder = RunFolder.create(home.runs_dir, run)
    if metric:
        (folder.path / "metrics.jsonl").write_text(json.dumps(metric) + "\n")
    return folder


def fetching(**more: Any) -> dict[str, Any]:
    return {
        "phase": "fetching", "share": 0.2, "phase_share": 0.25, "bytes": 500_000_000, "bytes_total": 2_030_000_000,
        "bytes_per_second": 11_000_000.0, "seconds_left": 139.0, "time": time.time(), **more,
    }  # fmt: skip


def test_a_job_says_how_far_it_is_and_can_be_stopped(open_page: OpenPage, home: Settings) -> None:
    folder = job(home, metric=fetching())
    at = open_page("library")
    bar = next(bar.proto for bar in at.get("progress") if "Fetching" in bar.proto.text)
    assert bar.text.replace("\\", "") == "Fetching · 500 MB of 2.0 GB · 11.0 MB a second · 2 min left"
    assert bar.value == 20
    assert f"Fetch {UGLY}" in links(at)
    by_key(at, "button", f"{keys.JOB_STOP}_{folder.id}").click().run()
    assert folder.should_stop()
    assert any(bar.proto.text == "Stopping…" for bar in at.get("progress"))


@pytest.mark.parametrize(
    ("state", "error", "sentence"),
    [
        ("failed", "The disk is full: <b>free</b> some space.", "The disk is full: <b>free</b> some space."),
        ("stopped", None, "Somebody pressed Stop."),
        ("interrupted", "The server stopped.", "The server stopped."),
    ],
)
def test_one_that_ended_early_says_why_and_can_be_resumed_or_removed(
    open_page: OpenPage, home: Settings, state: str, error: str | None, sentence: str
) -> None:
    folder = job(home, state=state, error=error, ended=time.time())
    at = open_page("library")
    assert any(sentence in text.value for text in at.text)
    by_key(at, "button", f"{keys.JOB_RESUME}_{folder.id}").click().run()
    assert (folder.run.state, folder.run.resumed) == ("queued", 1)
    folder.update(state=state)
    at.run()
    by_key(at, "button", f"{keys.JOB_REMOVE}_{folder.id}").click().run()
    assert not folder.exists()
    assert "On the way" not in [header.value for header in at.header]


def test_one_that_somebody_else_removed_meanwhile_is_said(open_page: OpenPage, home: Settings) -> None:
    folder = job(home, state="failed", error="No.", ended=time.time())
    at = open_page("library")
    folder.remove()
    by_key(at, "button", f"{keys.JOB_RESUME}_{folder.id}").click().run()
    assert not at.exception
    assert f"There is no run “{folder.id}” here." in shown(at)


def test_what_arrived_is_told_with_what_was_skipped(open_page: OpenPage, home: Settings) -> None:
    folder = job(home, "import", config={"file": "/x", "name": "mine"}, metric=fetching(phase="reading"))
    at = open_page("library")
    keep(home, "mine")
    read = {"format": "glove", "skipped": {"a repeated word": 3}, "notes": []}
    folder.update(state="finished", ended=time.time(), result={"name": "mine", "rows": 6, "dim": 3, "read": read})
    at.run()
    said = "“mine” is here: 6 words × 3. 3 rows were skipped: a repeated word (3)."
    assert [box.value.replace("\\", "") for box in at.success] == [said]
    assert "mine" in links(at)
    assert "On the way" not in [header.value for header in at.header]
    other = open_page("library")  # who did not wait for it is not told
    assert not other.success
    linked = open_page("library", run=folder.id)  # but for the link to it
    assert linked.success[0].value.replace("\\", "") == said


def test_a_link_to_a_job_shows_it_first_and_one_to_nothing_is_answered(open_page: OpenPage, home: Settings) -> None:
    jobs = [job(home, name=f"job {number}", metric=fetching()) for number in range(3)]
    at = open_page("library", run=jobs[1].id)
    assert next(name for name in links(at) if name.startswith("job")) == "job 1"
    assert "this page’s address is its link" in shown(at)
    at = open_page("library", run="0" * 23)
    assert "There is no run" in shown(at)
    training = Run(new_run_id(), "train", "a text", {}, created=time.time(), state="running")
    RunFolder.create(home.runs_dir, training, "text")
    at = open_page("library", run=training.id)
    assert "To the training a text" in links(at)


def test_a_file_that_is_ready_has_its_link_for_a_day(open_page: OpenPage, home: Settings) -> None:
    result = {"file": "우리.w2v.txt", "bytes": 1_234, "said": "1 token was left out."}
    config = {"vectors": "우리", "format": "word2vec"}
    ready = job(home, "export", "finished", config=config, result=result, ended=time.time())
    old = job(home, "export", "finished", config=config, result=result, ended=time.time() - 90_000, name="old")
    (ready.path / "exports").mkdir()
    (ready.path / "exports" / "우리.w2v.txt").write_text("x")
    at = open_page("library")
    assert "The file is ready, 1.2 kB. 1 token was left out." in shown(at)
    link = at.get("link_button")[0].proto
    assert link.url.endswith(f"exports/{ready.id}/%EC%9A%B0%EB%A6%AC.w2v.txt")
    assert "old" not in links(at)
    assert "old" in links(open_page("library", run=old.id))


# The disk


def test_a_disk_that_is_nearly_full_is_said_and_nothing_large_is_offered(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "disk_use", lambda settings=None: DiskUse(10_000_000, 30_000_000))
    at = open_page("library", find="glove.840B")
    assert "The disk is nearly full." in shown(at)
    assert by_key(at, "button", f"{keys.FETCH}_glove.840B.300d").disabled
    assert "of disk; 30.0 MB are left." in shown(at)
