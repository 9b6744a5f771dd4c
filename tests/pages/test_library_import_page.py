"""The Library page's import: where a file comes from, what is seen of it before, and the set that it becomes."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

from embedcore.library import list_vectors, open_vectors
from embedcore.runs import Run
from embedcore.settings import Settings
from embedcore.ui import keys, library_importing, library_preview, resources

from .test_library_page import UGLY, keep, links, shown, work_off

OpenPage = Callable[..., AppTest]
pytestmark = pytest.mark.usefixtures("no_worker_starts")
GLOVE = "the 0.5 -1 2 3 4 5 6.25\n낱말 1 2 3 4 5 6 7\n**bold** 0 0 1 0 0 0 1\nthe 9 9 9 9 9 9 9\n".encode()
HEADER = b"2 3\nking 1 2 3\nqueen 4 5 6\n"


def widget(at: AppTest, kind: str, key: str) -> Any:
    """The widget of that kind whose key begins so: the rest is of its file."""
    return next(element for element in at.get(kind) if str(getattr(element, "key", None)).startswith(key))


def put(at: AppTest, name: str, data: bytes) -> AppTest:
    """Upload a file, and see the page that follows."""
    widget(at, "file_uploader", keys.IMPORT_UPLOAD).set_value((name, data, "")).run()
    assert not at.exception
    return at


def begin(at: AppTest) -> Run:
    """Press Import; the run that it began."""
    widget(at, "button", keys.IMPORT_START).click().run()
    assert not at.exception
    return resources.runs().recent(1, kinds=("import",))[0]


def finish(at: AppTest, run: Run) -> AppTest:
    """Work a run off, and see the page then."""
    assert work_off(run) == "finished", resources.runs().folder(run.id).run.error
    at.run()
    assert not at.exception
    return at


def first_rows(at: AppTest) -> Any:
    return at.dataframe[-1].value


def test_an_upload_is_seen_named_and_imported(open_page: OpenPage, home: Settings) -> None:
    at = put(open_page("library"), "**bold** <b> 우리.glove.txt", GLOVE)
    assert "Read as GloVe text: rows of 7 numbers." in shown(at)
    table = first_rows(at)
    assert table["word"].tolist() == ["the", "낱말", "**bold**"]
    assert table["1"].tolist() == [0.5, 1, 0]
    assert table["…"].tolist() == ["1 more"] * 3
    name = widget(at, "text_input", keys.IMPORT_NAME)
    assert name.value == "bold-b-우리"
    name.set_value("우리 벡터")
    widget(at, "text_input", keys.IMPORT_SOURCE).set_value(UGLY)
    widget(at, "selectbox", keys.IMPORT_LICENCE).set_value("CC BY 4.0")
    run = begin(at)
    assert "On the way" in [header.value for header in at.header]
    assert "as 우리 벡터: on the way, as the list above shows." in at.info[0].value.replace("\\", "")
    assert widget(at, "file_uploader", keys.IMPORT_UPLOAD).value is None  # ready for another
    finish(at, run)
    said = "“우리 벡터” is here: 3 words × 7. 1 row was skipped: a repeated word (1)."
    assert at.success[0].value.replace("\\", "") == said
    info = next(info for info in list_vectors(home) if info.name == "우리 벡터")
    assert (info.rows, info.dim, info.licence, info.source) == (3, 7, "CC BY 4.0", UGLY)
    assert open_vectors("우리 벡터", home).matrix[1].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert "우리 벡터" in links(at)
    assert not list(home.uploads_dir.glob("*/*"))  # what became a set is not kept twice


def test_import_pressed_twice_is_one_run_and_a_third_says_that_it_is_on_the_way(open_page: OpenPage) -> None:
    at = put(open_page("library"), "mine.vec", HEADER)
    press = widget(at, "button", keys.IMPORT_START).proto
    first = begin(at)
    assert resources.runs().count(kinds=("import",)) == 1
    at = put(open_page("library"), "mine.vec", HEADER)
    begin(at)
    assert "A vector set “mine” is on its way already." in shown(at)
    assert resources.runs().count(kinds=("import",)) == 1
    assert widget(at, "text_input", keys.IMPORT_NAME).value == "mine"  # nothing is lost
    widget(at, "text_input", keys.IMPORT_NAME).set_value("mine-2")
    assert begin(at).id != first.id
    assert press.label == "Import"


def test_a_name_that_is_taken_is_said_and_a_free_one_proposed(open_page: OpenPage, home: Settings) -> None:
    keep(home, "mine")
    at = put(open_page("library"), "mine.txt", HEADER)
    name = widget(at, "text_input", keys.IMPORT_NAME)
    assert name.value == "mine-2"
    for wrong, sentence in (
        ("mine", "There is already a vector set “mine”."),
        ("a/b", "can hold letters"),
        ("", "empty"),
    ):
        widget(at, "text_input", keys.IMPORT_NAME).set_value(wrong)
        widget(at, "button", keys.IMPORT_START).click().run()
        assert sentence in at.error[0].value.replace("\\", "")
        assert len(first_rows(at)) == 2
    assert resources.runs().count(kinds=("import",)) == 0


def test_a_wrong_format_is_said_and_nothing_is_lost(open_page: OpenPage) -> None:
    at = put(open_page("library"), "mine.txt", GLOVE)
    box = widget(at, "selectbox", keys.IMPORT_FORMAT)
    box.set_value("word2vec-binary").run()
    assert at.error
    assert not at.exception
    assert not any(str(button.key).startswith(keys.IMPORT_START) for button in at.button)
    widget(at, "selectbox", keys.IMPORT_FORMAT).set_value("glove").run()
    assert not at.error
    assert first_rows(at)["word"].tolist()[0] == "the"


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("empty.txt", b"", "“empty.txt” is empty."),
        ("book.txt", b"Call me Ishmael.\nSome years ago\n" * 50, "book.txt"),
        ("cut.vec.gz", gzip.compress(HEADER * 90, mtime=0)[:-20], "is damaged or cut short"),
        ("junk.bin", bytes(range(256)) * 40, "junk.bin"),
    ],
)
def test_files_that_are_none_get_a_sentence(open_page: OpenPage, name: str, data: bytes, sentence: str) -> None:
    at = put(open_page("library"), name, data)
    assert sentence in at.error[0].value.replace("\\", "")
    assert not any(str(button.key).startswith(keys.IMPORT_START) for button in at.button)
    at = next(b for b in at.button if b.key == "other_upload").click().run()
    assert not at.error
    put(at, "good.vec", HEADER)
    assert len(first_rows(at)) == 2


def test_a_zip_of_two_lets_one_be_chosen(open_page: OpenPage, home: Settings) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        packed.writestr("small.3d.txt", HEADER.split(b"\n", 1)[1])
        packed.writestr("big.7d.txt", GLOVE)
        packed.writestr("README.md", "no vectors")
    at = put(open_page("library"), "two.zip", data.getvalue())
    member = widget(at, "selectbox", keys.IMPORT_MEMBER)
    assert member.options == ["small.3d.txt", "big.7d.txt"]
    assert first_rows(at)["word"].tolist() == ["king", "queen"]
    member.set_value("big.7d.txt").run()
    assert "Read as GloVe text in big.7d.txt: rows of 7 numbers." in shown(at)
    assert widget(at, "text_input", keys.IMPORT_NAME).value == "big.7d"
    finish(at, begin(at))
    assert open_vectors("big.7d", home).dim == 7


def test_of_a_zip_another_file_can_be_chosen_when_the_first_is_no_vectors(open_page: OpenPage) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        packed.writestr("about.txt", "what this is\n")
        packed.writestr("vectors.txt", HEADER)
    at = put(open_page("library"), "two.zip", data.getvalue())
    assert at.error
    widget(at, "selectbox", keys.IMPORT_MEMBER).set_value("vectors.txt").run()
    assert not at.error
    assert first_rows(at)["word"].tolist() == ["king", "queen"]


def test_what_is_said_of_a_file_fits_what_was_done(open_page: OpenPage) -> None:
    at = put(open_page("library"), "mine.txt", GLOVE)
    widget(at, "selectbox", keys.IMPORT_FORMAT).set_value("word2vec-binary").run()
    assert "Choose another format above." in shown(at)
    assert "recognised wrongly" not in shown(at)  # the visitor chose it
    assert "recognised wrongly" in shown(put(open_page("library"), "book.txt", b"Call me Ishmael.\n" * 50))
    assert "recognised wrongly" not in shown(put(open_page("library"), "empty.txt", b""))


def test_the_server_does_not_keep_an_upload_in_memory_too(
    open_page: OpenPage, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    managers = []
    forget = MemoryUploadedFileManager.remove_file

    def noted(self: MemoryUploadedFileManager, session_id: str, file_id: str) -> None:
        held = self.get_files(session_id, [file_id])
        managers.append((len(held), forget(self, session_id, file_id), len(self.get_files(session_id, [file_id]))))

    monkeypatch.setattr(MemoryUploadedFileManager, "remove_file", noted)
    put(open_page("library"), "mine.vec", HEADER)
    assert managers == [(1, None, 0)]
    assert [path.read_bytes() for path in home.uploads_dir.glob("*/*")] == [HEADER]


# From the server


def put_there(home: Settings, name: str, data: bytes) -> Path:
    path = home.import_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_a_file_that_an_operator_put_there_has_a_link_and_stays(open_page: OpenPage, home: Settings) -> None:
    path = put_there(home, "sub/우리 <b>파일.vec", HEADER)
    put_there(home, ".hidden.vec", HEADER)
    at = open_page("library", **{keys.IMPORT_FROM: "Server"})
    box = widget(at, "selectbox", keys.IMPORT_CHOICE)
    assert box.options == ["sub/우리 <b>파일.vec · 27 bytes"]
    at = open_page("library", **{keys.IMPORT_FROM: "Server", keys.IMPORT_FILE: "folder/sub/우리 <b>파일.vec"})
    assert first_rows(at)["word"].tolist() == ["king", "queen"]
    assert "2 rows × 3, as it says itself" in shown(at)
    finish(at, begin(at))
    assert path.exists()
    assert open_vectors("우리-b-파일", home).tokens[:] == ["king", "queen"]


@pytest.mark.parametrize("asked", ["folder/../../secret.vec", "folder//etc/passwd", "fetched/none", "x"])
def test_no_other_file_of_the_server_can_be_named(open_page: OpenPage, home: Settings, asked: str) -> None:
    put_there(home, "mine.vec", HEADER)
    (home.home / "secret.vec").write_bytes(HEADER)
    at = open_page("library", **{keys.IMPORT_FROM: "Server", keys.IMPORT_FILE: asked})
    assert f"There is no file “{asked}” here to be imported." in shown(at)
    assert widget(at, "selectbox", keys.IMPORT_CHOICE).value is None


def test_a_file_that_is_gone_is_said(open_page: OpenPage, home: Settings) -> None:
    path = put_there(home, "mine.vec", HEADER)
    at = open_page("library", **{keys.IMPORT_FROM: "Server", keys.IMPORT_FILE: "folder/mine.vec"})
    path.unlink()
    widget(at, "button", keys.IMPORT_START).click().run()
    assert not at.exception
    assert "“mine.vec” is no longer here." in shown(at)


def test_an_upload_that_was_cleared_away_is_said(open_page: OpenPage, home: Settings) -> None:
    at = put(open_page("library"), "mine.vec", HEADER)
    next(home.uploads_dir.glob("*/mine.vec")).unlink()
    at.run()
    assert "The uploaded file is no longer on the server." in shown(at)
    assert widget(at, "file_uploader", keys.IMPORT_UPLOAD)


# Names


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("glove.6B.100d.txt", "glove.6B.100d"),
        ("wiki-news-300d-1M.vec.zip", "wiki-news-300d-1M"),
        ("../../etc/passwd.bin.gz", "passwd"),
        ("영화 리뷰.w2v.txt", "영화 리뷰"),
        ("<script>.vec", "script"),
        (".txt", "vectors"),
        ("a" * 300 + ".vec", "a" * 70),
    ],
)
def test_a_name_is_proposed_from_that_of_the_file(open_page: OpenPage, file: str, name: str) -> None:
    open_page("library")
    assert library_preview.proposed_name(file) == name


def test_an_address_that_is_none_is_said_and_stays_to_be_mended(open_page: OpenPage) -> None:
    at = open_page("library", **{keys.IMPORT_FROM: "URL"})
    for wrong, sentence in (
        ("ftp://a/b.vec", "begin with http:// or https://"),
        (" ", "Enter the web address of a file first."),
        ("http://u:p@a/b", "user name"),
    ):
        widget(at, "text_input", keys.IMPORT_URL).set_value(wrong)
        widget(at, "button", keys.FETCH_URL).click().run()
        assert sentence in at.error[0].value.replace("\\", "")
        assert widget(at, "text_input", keys.IMPORT_URL).value == wrong
    assert resources.runs().count() == 0


def test_a_frame_says_how_else(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_importing, "_framed", lambda: True)
    at = open_page("library")
    assert "browsers keep files back" in shown(at)
    assert at.get("link_button")[-1].proto.url == "library?from=Upload"
