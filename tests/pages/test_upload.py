"""Files on the Train page: what was found out about them, and what the visitor puts right."""

from __future__ import annotations

import gzip
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from embedcore import morphemes
from embedcore.errors import TextProblem
from embedcore.runs import RunFolder
from embedcore.settings import Settings
from embedcore.ui import keys, resources, upload

from .conftest import by_key, texts
from .test_train import EPOCHS, train

OpenPage = Callable[..., AppTest]
REVIEWS = Path(__file__).parents[3] / "shared" / "data" / "ko" / "nsmc_test5k.tsv"
KOREAN = "이 영화는 정말 재미있었습니다.\n친구들에게도 추천하고 싶어요. 음악도 좋았다\n"
PROSE = "\n\n".join(
    textwrap.fill(
        "It was a bright cold day, and the clocks of the town were striking one after another while the wind, which "
        f"had come up from the river number {number}, went through the streets as if it were looking for somebody.",
        60,
    )
    for number in range(6)
)


def put(at: AppTest, *files: tuple[str, bytes]) -> AppTest:
    """Upload files, and see the page that follows."""
    by_key(at, "file_uploader", keys.UPLOAD).set_value([(name, data, "") for name, data in files])
    at.run()
    assert not at.exception
    return at


@pytest.fixture
def page(open_page: OpenPage) -> AppTest:
    return open_page("train", source="File")


def shown(at: AppTest) -> str:
    """All that is written, as visitors read it."""
    return texts(at).replace("\\", "")


def has(at: AppTest, kind: str, key: str) -> bool:
    return any(getattr(element, "key", None) == key for element in at.get(kind))


def words(at: AppTest) -> list[str]:
    found: list[str] = at.dataframe[0].value["token"].tolist()[2:]
    return found


def test_a_guess_is_said_and_what_was_read_is_shown(page: AppTest) -> None:
    put(page, ("review.txt", KOREAN.encode("cp949")))
    assert "Read as CP949 (Korean), a guess" in shown(page)
    assert "이 영화는 정말 재미있었습니다." in page.text[0].value
    assert "영화는" in words(page)


def test_a_wrong_guess_is_put_right(page: AppTest) -> None:
    put(page, ("turkish.txt", "Şu çığ".encode("cp1254")))
    assert "şu" not in words(page)
    by_key(page, "selectbox", keys.ENCODING).set_value("cp1254").run()
    assert words(page) == ["şu", "çığ"]
    assert "Read as Windows-1254 (Turkish), as chosen." in shown(page)
    by_key(page, "selectbox", keys.ENCODING).set_value("utf-8").run()
    assert "is not UTF-8 text: byte 0, in line 1" in page.error[0].value.replace("\\", "")
    assert not has(page, "button", keys.START)
    by_key(page, "selectbox", keys.ENCODING).set_value("cp1254").run()
    assert words(page) == ["şu", "çığ"]


def test_what_was_chosen_for_one_file_does_not_hold_for_the_next(page: AppTest) -> None:
    put(page, ("turkish.txt", "Şu çığ".encode("cp1254")))
    by_key(page, "selectbox", keys.ENCODING).set_value("cp1254").run()
    put(page, ("review.txt", KOREAN.encode("cp949")))
    assert by_key(page, "selectbox", keys.ENCODING).value == "find out"
    assert "영화는" in words(page)


def test_several_files_are_joined_in_the_order_of_their_names(page: AppTest) -> None:
    put(page, ("b.txt", b"second file"), ("a.txt.gz", gzip.compress(b"first file")), ("c.md", b"third"))
    assert page.text[0].value == "first file\nsecond file\nthird"
    assert "**5 tokens** in 3 lines" in shown(page)


def test_of_several_files_an_encoding_is_chosen_for_those_that_were_guessed(page: AppTest) -> None:
    put(page, ("a.txt", "Şu çığ".encode("cp1254")), ("b.txt", KOREAN.encode()))
    by_key(page, "selectbox", keys.ENCODING).set_value("cp1254").run()
    assert {"şu", "çığ", "영화는"} <= set(words(page))
    assert "a.txt: Read as Windows-1254 (Turkish), as chosen." in shown(page)


def test_the_column_of_a_table_is_chosen(page: AppTest) -> None:
    table = "id,title,review\n" + "".join(f"{i},short title,a rather longer review {i}\n" for i in range(20))
    put(page, ("t.csv", table.encode()))
    column = by_key(page, "selectbox", keys.COLUMN)
    assert column.value == "review"
    assert "Read: “review”, the one with most text." in shown(page)
    assert "rather" in words(page)
    column.set_value("title").run()
    assert words(page) == ["short", "title"]
    by_key(page, "selectbox", keys.COLUMN).set_value("").run()
    assert page.text[0].value.startswith("id,title,review\n0,short title")
    by_key(page, "selectbox", keys.COLUMN).set_value("review").run()
    assert "rather" in words(page)
    assert "short" not in words(page)


def test_hard_wrapped_lines_are_joined_and_that_can_be_undone(page: AppTest) -> None:
    put(page, ("prose.txt", PROSE.encode()))
    assert "they are joined into paragraphs" in shown(page)
    assert "in 6 lines" in shown(page)
    by_key(page, "toggle", keys.JOIN_LINES).set_value(False).run()
    assert "they are kept as they are" in shown(page)
    assert f"in {len(PROSE.split(chr(10))) - 5} lines" in shown(page)
    put(page, ("other.txt", b"a line\nanother line"))
    assert not has(page, "toggle", keys.JOIN_LINES)
    put(page, ("prose.txt", PROSE.encode()))
    assert "in 6 lines" in shown(page)


def test_pasted_prose_is_joined_and_that_can_be_undone(open_page: OpenPage) -> None:
    at = open_page("train", source="Paste")
    by_key(at, "text_area", keys.PASTED).set_value(PROSE).run()
    assert "they are joined into paragraphs" in shown(at)
    assert "in 6 lines" in shown(at)
    by_key(at, "toggle", keys.JOIN_LINES).set_value(False).run()
    assert "they are kept as they are" in shown(at)
    by_key(at, "text_area", keys.PASTED).set_value("a line\nanother line").run()
    assert not has(at, "toggle", keys.JOIN_LINES)
    assert not at.exception


def test_pasted_text_is_composed(open_page: OpenPage) -> None:
    at = open_page("train", source="Paste", tokenizer="whitespace", sentence="cafe\u0301")
    by_key(at, "text_area", keys.PASTED).set_value("cafe\u0301 café \u1112\u1161\u11ab 한").run()
    assert words(at) == ["café", "한"]
    assert at.dataframe[1].value.loc["integer"].tolist() == ["2"]


def test_files_that_cannot_be_used_get_a_sentence_each(page: AppTest) -> None:
    put(
        page, ("a.txt", b""), ("b.csv", b"PK\x03\x04xl"), ("c.gz", gzip.compress(b"a b c\n" * 99)[:-9]), ("d.txt", b"d")
    )
    errors = [error.value.replace("\\", "") for error in page.error]
    assert len(errors) == 3
    assert "“a.txt” is empty." in errors[0]
    assert "such as .xlsx" in errors[1]
    assert "ends before the text does" in errors[2]
    assert not has(page, "button", keys.START)
    put(page, ("d.txt", b"d e f"))
    assert words(page) == ["d", "e", "f"]


def test_a_file_is_read_once_for_each_way_to_read_it(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    real = upload.read_document
    monkeypatch.setattr(upload, "read_document", lambda *args: read.append(args[2]) or real(*args))
    put(page, ("t.csv", b"id,review\n1,some words here\n2,more words\n"), ("prose.txt", PROSE.encode()))
    assert len(read) == 2
    for _ in range(3):
        page.run()
    by_key(page, "number_input", EPOCHS).set_value(2).run()
    assert len(read) == 2
    by_key(page, "toggle", keys.JOIN_LINES).set_value(False).run()
    page.run()
    assert len(read) == 3


def test_a_long_file_sends_only_a_part_to_the_browser(page: AppTest) -> None:
    put(page, ("long.txt", b"some words of a long line\n" * 500_000))
    assert "in the first 15% of the text" in shown(page)
    assert "and 499,994 more lines" in shown(page)
    assert sum(len(str(element.proto)) for element in page.main) < 300_000


def test_the_run_trains_on_the_text_as_it_was_read(page: AppTest, home: Settings) -> None:
    table = "id,review\n" + "".join(f'{i},"{KOREAN}"\n' for i in range(20))
    put(page, ("t.csv.gz", gzip.compress(table.encode("cp949"))))
    by_key(page, "number_input", EPOCHS).set_value(1).run()
    folder = RunFolder(home.runs_dir, train(page))
    assert folder.text() == (" ".join(KOREAN.split("\n")) + "\n") * 20
    assert folder.run.name == "t.csv.gz"


def test_a_run_again_takes_the_text_as_it_was(page: AppTest) -> None:
    put(page, ("prose.txt", PROSE.encode()))
    by_key(page, "toggle", keys.JOIN_LINES).set_value(False).run()
    by_key(page, "number_input", EPOCHS).set_value(1).run()
    draft = resources.runs().again(train(page))
    assert draft.text == PROSE

    def again() -> None:
        import streamlit as st

        from embedcore.ui import text_choice

        st.button("again", key="again", on_click=text_choice.take, args=(st.session_state["draft"],))
        st.write(text_choice.choose())

    at = AppTest.from_function(again)
    at.session_state["draft"] = draft.text
    at.run()
    by_key(at, "button", "again").click().run()
    assert not at.exception
    assert by_key(at, "text_area", keys.PASTED).value == PROSE
    assert "they are kept as they are" in shown(at)
    by_key(at, "text_area", keys.PASTED).set_value(PROSE + " ").run()  # another text is looked at anew
    assert "they are joined into paragraphs" in shown(at)


# Morphemes


def test_korean_by_morphemes(open_page: OpenPage, home: Settings) -> None:
    at = open_page("train", source="Paste", tokenizer="morphemes", sentence="영화를 보고")
    by_key(at, "text_area", keys.PASTED).set_value("영화를 봤어요 ㅋㅋㅋㅋ\n음악을 들었다\n" * 20).run()
    assert words(at) == ["영화", "보다", "ㅋㅋ", "음악", "듣다"]
    assert at.dataframe[1].value.loc["token"].tolist() == ["영화", "보다"]
    assert "dictionary form" in shown(at)
    by_key(at, "number_input", EPOCHS).set_value(1).run()
    vocab = RunFolder(home.runs_dir, train(at, by_workers=True)).vocab()
    assert vocab is not None
    assert vocab[0][2:] == ["영화", "보다", "ㅋㅋ", "음악", "듣다"]


@pytest.mark.skipif(not REVIEWS.exists(), reason="the Korean film reviews are not here")
def test_korean_film_reviews_train_and_a_film_is_near_kinds_of_films(page: AppTest) -> None:
    put(page, (REVIEWS.name, REVIEWS.read_bytes()))
    assert "Read: “document”, the one with most text." in shown(page)
    by_key(page, "radio", keys.TOKENIZER).set_value("morphemes").run()
    run_id = train(page)
    next(box for box in page.multiselect if str(box.key).startswith(keys.WATCH)).set_value(["영화"]).run()
    near = page.dataframe[0].value["now"].tolist()
    kinds = (
        "시트콤 공포물 애니메이션 애니 애니매이션 수작 외화 대작 작품 드라마 스릴러 무비 영상 명작 코미디 장르 프로그램"
    )
    assert len(set(near) & set(kinds.split())) >= 3, near
    assert resources.runs().folder(run_id).text().count("\n") == 5_000


def test_morphemes_are_found_in_a_smaller_part(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    from embedcore.ui import training_form

    monkeypatch.setattr(training_form, "_PREVIEWED_BY_MORPHEMES", 100)
    at = open_page("train", sample="Korean", tokenizer="morphemes")
    assert "in the first" in shown(at)


def test_a_missing_analyser_is_said(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(lines: Any) -> Any:
        raise TextProblem("Korean morphemes need the package kiwipiepy, which is not installed here.")

    monkeypatch.setattr(morphemes, "tokens", missing)
    at = open_page("train", sample="Korean")
    by_key(at, "radio", keys.TOKENIZER).set_value("morphemes").run()
    assert not at.exception
    assert [error.value.replace("\\", "") for error in at.error] == [
        "Korean morphemes need the package kiwipiepy, which is not installed here."
    ]
    assert not has(at, "button", keys.START)
    by_key(at, "radio", keys.TOKENIZER).set_value("words").run()
    assert has(at, "button", keys.START)
