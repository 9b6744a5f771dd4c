"""Texts on the form of the Transfer page: pasted, sent as files, with leaks, and such as cannot be used."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from embedcore import morphemes
from embedcore.errors import TextProblem
from embedcore.runs.experiments import texts_of
from embedcore.settings import Settings
from embedcore.transfer import records
from embedcore.transfer.problems import find_leaks
from embedcore.transfer.samples import LABELLED_SAMPLES
from embedcore.ui import keys, resources
from embedcore.ui.transfer_page import texts_choice

from .conftest import by_key
from .transfer_form import (
    GOOD_AND_BAD,
    LEAKY_TEXT,
    MOOD_AND_SIZE,
    UGLY,
    USUAL,
    can_start,
    division,
    errors,
    first_texts,
    has,
    in_parts,
    lines,
    pairs,
    paste,
    press,
    put,
    shown,
    submitted,
    warnings,
)

pytestmark = pytest.mark.usefixtures("no_worker_starts")
OpenPage = Callable[..., AppTest]


@pytest.fixture
def pasting(open_page: OpenPage) -> AppTest:
    return open_page("transfer", texts="Paste")


@pytest.fixture
def sending(open_page: OpenPage) -> AppTest:
    return open_page("transfer", texts="File")


# Pasted texts

CSV = "label,text\n" + "".join(f'{label},"{text}"\n' for label, text in GOOD_AND_BAD)
JSON_LINES = "".join(json.dumps({"text": text, "label": label}) + "\n" for label, text in GOOD_AND_BAD)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (lines(GOOD_AND_BAD), ("column 2", "column 1")),
        (CSV, ("text", "label")),
        (JSON_LINES, ("text", "label")),
        (json.dumps([json.loads(line) for line in JSON_LINES.splitlines()], indent=1), ("text", "label")),
    ],
    ids=["tabs", "csv", "json-lines", "json"],
)
def test_every_way_to_paste_gives_the_same_texts(pasting: AppTest, text: str, columns: tuple[str, str]) -> None:
    assert not can_start(pasting)
    at = paste(pasting, text)
    assert not at.error
    assert "**60 texts** of **2 labels**: “bad” 30, “good” 30." in shown(at)
    assert by_key(at, "selectbox", keys.TEXT_COLUMN).value == columns[0]
    assert by_key(at, "selectbox", keys.LABEL_COLUMN).value == columns[1]
    assert division(at) == {"bad": [17, 4, 9], "good": [17, 4, 9], "all together": [34, 8, 18]}
    # 20 and all 34, since 50 is more; three starts, three seeds
    assert "Start makes **18 fits**, on 20, 34 training texts" in shown(at)
    config, data = submitted(at)
    assert pairs(data) == GOOD_AND_BAD
    assert config.split == USUAL


def test_korean_is_pasted(pasting: AppTest) -> None:
    rows = [
        row for i in range(20) for row in (("긍정", f"정말 재미있는 영화 {i}편"), ("부정", f"돈이 아까운 책 {i}권"))
    ]
    at = paste(pasting, lines(rows))
    assert "**40 texts** of **2 labels**: “긍정” 20, “부정” 20." in shown(at)
    assert division(at) == {"긍정": [11, 3, 6], "부정": [11, 3, 6], "all together": [22, 6, 12]}
    assert "Is it a set of another language?" in warnings(at)
    config, data = submitted(at)
    assert pairs(data) == rows
    assert config.settings.tokenizer == "words"


def test_other_columns_are_chosen_and_others_guessed_for_another_text(pasting: AppTest) -> None:
    at = paste(pasting, "mood\tsize\ttext\n" + lines(MOOD_AND_SIZE))
    by_key(at, "selectbox", keys.LABEL_COLUMN).set_value("size").run()
    assert "**60 texts** of **2 labels**: “one” 40, “two” 20." in shown(at)
    assert pairs(submitted(at)[1]) == [(size, text) for _, size, text in MOOD_AND_SIZE]


def test_a_column_chosen_twice_is_told_and_another_text_is_guessed_anew(pasting: AppTest) -> None:
    at = paste(pasting, "mood\tsize\ttext\n" + lines(MOOD_AND_SIZE))
    by_key(at, "selectbox", keys.LABEL_COLUMN).set_value("size")
    by_key(at, "selectbox", keys.TEXT_COLUMN).set_value("size").run()
    assert "one was chosen twice" in errors(at)
    assert not can_start(at)
    paste(at, lines(GOOD_AND_BAD))
    assert by_key(at, "selectbox", keys.TEXT_COLUMN).value == "column 2"
    assert pairs(submitted(at)[1]) == GOOD_AND_BAD


def test_rows_that_lack_something_are_counted(pasting: AppTest) -> None:
    at = paste(pasting, "label\ttext\n" + lines(GOOD_AND_BAD) + "good\t\n\tno label here\nbad\t \n")
    assert "2 rows have no text: left out. 1 row has no label: left out." in shown(at)
    assert "**60 texts**" in shown(at)
    assert pairs(submitted(at)[1]) == GOOD_AND_BAD


def test_a_column_of_parts_is_offered_and_divides(pasting: AppTest) -> None:
    rows = in_parts(36, 10, 14)
    at = paste(pasting, "split\tlabel\ttext\n" + lines(rows))
    assert by_key(at, "selectbox", keys.PART_COLUMN).value == "split"
    assert by_key(at, "radio", keys.DIVIDE).value == "parts"
    assert division(at) == {"bad": [18, 5, 7], "good": [18, 5, 7], "all together": [36, 10, 14]}
    assert first_texts(at)["for"].tolist() == ["train"] * 8
    assert not has(at, "number_input", keys.TEST)
    assert not has(at, "number_input", keys.VALIDATION)
    config, data = submitted(at)
    assert config.split.by == "parts"
    assert list(data.parts or ()) == [row[0] for row in rows]
    split = config.split.split(data)
    assert {data.texts[place] for place in split.test} == {text for part, _, text in rows if part == "test"}
    assert {data.texts[place] for place in split.validation} == {text for part, _, text in rows if part == "validation"}


def test_marked_texts_can_be_divided_by_a_seed_all_the_same(pasting: AppTest) -> None:
    at = paste(pasting, "split\tlabel\ttext\n" + lines(in_parts(36, 10, 14)))
    by_key(at, "radio", keys.DIVIDE).set_value("seed").run()
    assert division(at)["all together"] == [34, 8, 18]
    config, data = submitted(at)
    assert config.split == USUAL
    assert config.split.split(data).test.size == 18


def test_no_part_column_means_a_seed(pasting: AppTest) -> None:
    at = paste(pasting, "split\tlabel\ttext\n" + lines(in_parts(36, 10, 14)))
    by_key(at, "selectbox", keys.PART_COLUMN).set_value("None: divide by a seed").run()
    assert not has(at, "radio", keys.DIVIDE)
    assert division(at)["all together"] == [34, 8, 18]
    config, data = submitted(at)
    assert config.split.by == "seed"
    assert data.parts is None


def test_without_validation_texts_a_share_of_training_is_taken(pasting: AppTest) -> None:
    at = paste(pasting, "split\tlabel\ttext\n" + lines(in_parts(40, 0, 20)))
    assert division(at)["all together"] == [34, 6, 20]  # 15 % of twenty each is 3
    by_key(at, "number_input", keys.VALIDATION).set_value(50).run()
    assert division(at)["all together"] == [20, 20, 20]
    config, _ = submitted(at)
    assert (config.split.by, config.split.validation) == ("parts", 0.5)


def test_a_column_that_says_no_parts_is_told(pasting: AppTest) -> None:
    at = paste(pasting, "split\tlabel\ttext\n" + lines(in_parts(36, 10, 14)))
    by_key(at, "selectbox", keys.PART_COLUMN).set_value("text").run()
    assert "one was chosen twice" in errors(at)
    rows = [("somewhere", label, text) for label, text in GOOD_AND_BAD]
    paste(at, "place\tlabel\ttext\n" + lines(rows))
    by_key(at, "selectbox", keys.PART_COLUMN).set_value("place").run()
    assert "“somewhere” in “place”, row 1, is no part. A part is train, validation or test." in errors(at)
    assert not can_start(at)


# Leaks


def test_a_leak_is_told_and_left_out_unless_one_wants_it(pasting: AppTest) -> None:
    at = paste(pasting, LEAKY_TEXT)
    assert "2 of the 14 test texts are also in training and validation, such as “" in warnings(at)
    toggle = by_key(at, "toggle", keys.WITHOUT_LEAKS)
    assert toggle.value is True
    assert toggle.label == "Leave 3 texts out of training and validation that the test has too"
    assert division(at)["all together"] == [36, 10, 14]
    config, data = submitted(at)
    assert config.split.without_leaks is True
    split = config.split.split(data)
    assert not find_leaks(data, split)
    assert [len(part) for part in (split.train, split.validation, split.test)] == [36, 10, 14]


def test_a_leak_can_be_kept(pasting: AppTest) -> None:
    at = paste(pasting, LEAKY_TEXT)
    by_key(at, "toggle", keys.WITHOUT_LEAKS).set_value(False).run()
    assert division(at)["all together"] == [38, 11, 14]
    config, data = submitted(at)
    assert config.split.without_leaks is False
    assert len(find_leaks(data, config.split.split(data)).train) == 2


def test_without_leaks_there_is_no_toggle(pasting: AppTest) -> None:
    at = paste(pasting, "split\tlabel\ttext\n" + lines(in_parts(36, 10, 14)))
    assert not has(at, "toggle", keys.WITHOUT_LEAKS)
    assert "also in" not in warnings(at)
    assert submitted(at)[0].split.without_leaks is True  # there are none


def test_a_link_can_keep_leaks(open_page: OpenPage) -> None:
    at = paste(open_page("transfer", texts="Paste", without_leaks="false"), LEAKY_TEXT)
    assert by_key(at, "toggle", keys.WITHOUT_LEAKS).value is False
    assert submitted(at)[0].split.without_leaks is False


def test_a_training_part_that_is_in_the_test_whole_is_told(pasting: AppTest) -> None:
    doubled = [("test", label, text) for _, label, text in in_parts(20, 0, 0)]
    at = paste(pasting, "split\tlabel\ttext\n" + lines([*in_parts(20, 0, 0), *doubled]))
    assert "20 of the 20 test texts are also in training and validation" in warnings(at)
    assert "Without these texts too little is left to learn from." in errors(at)
    assert not can_start(at)
    by_key(at, "toggle", keys.WITHOUT_LEAKS).set_value(False).run()
    assert can_start(at)


# Long pasted texts


def test_a_long_text_leaves_the_text_area_and_comes_back(pasting: AppTest) -> None:
    rows = [(label, f"{text} " + "and so on " * 60) for label, text in GOOD_AND_BAD]
    text = lines(rows)
    assert 20_000 < len(text) < 100_000
    at = paste(pasting, text)
    assert not has(at, "text_area", keys.LABELLED)
    assert "**60 texts** of **2 labels**" in shown(at)
    assert len(at.text[0].value) < 3_000  # how it begins
    assert sum(len(str(element.proto)) for element in at.main) < len(text)
    by_key(at, "button", keys.CHANGE_LABELLED).click().run()
    assert by_key(at, "text_area", keys.LABELLED).value == text
    assert "**60 texts**" in shown(at)
    paste(at, lines(rows[:40]))
    assert "**40 texts**" in shown(at)
    assert pairs(submitted(at)[1]) == [(label, words.strip()) for label, words in rows[:40]]


def test_a_text_that_is_too_long_to_paste_is_refused(
    home: Settings, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMBEDCORE_MAX_PASTED_CHARACTERS", "3000")
    at = open_page("transfer", texts="Paste")
    paste(at, lines(GOOD_AND_BAD) + "x" * 3_000)
    assert f"This text has {len(lines(GOOD_AND_BAD)) + 3_000:,} characters; at most 3,000 can be pasted." in errors(at)
    assert not can_start(at)
    paste(at, lines(GOOD_AND_BAD))
    assert not at.error
    assert can_start(at)


def test_what_was_pasted_is_still_there_after_a_look_at_the_sample(pasting: AppTest) -> None:
    at = paste(pasting, lines(GOOD_AND_BAD))
    by_key(at, "radio", keys.LABELLED_FROM).set_value("Sample").run()
    assert "**300 texts**" in shown(at)
    by_key(at, "radio", keys.LABELLED_FROM).set_value("Paste").run()
    assert by_key(at, "text_area", keys.LABELLED).value == lines(GOOD_AND_BAD)
    assert "**60 texts**" in shown(at)


# Files


def test_a_file_of_tabs(sending: AppTest) -> None:
    assert "There is no file yet." in shown(sending)
    at = put(sending, "letters.tsv", ("label\ttext\n" + lines(GOOD_AND_BAD)).encode())
    assert "**60 texts** of **2 labels**" in shown(at)
    run = press(at)
    assert run.name == "letters.tsv"
    assert pairs(texts_of(resources.runs().folder(run.id))) == GOOD_AND_BAD


def test_a_packed_file(sending: AppTest) -> None:
    at = put(sending, "letters.csv.gz", gzip.compress(CSV.encode()))
    assert "**60 texts** of **2 labels**" in shown(at)
    assert pairs(submitted(at)[1]) == GOOD_AND_BAD


def test_a_test_file_of_its_own_is_the_test(sending: AppTest) -> None:
    put(sending, "train.tsv", ("label\ttext\n" + lines(GOOD_AND_BAD[:48])).encode())
    assert division(sending)["all together"] == [26, 8, 14]
    at = put(sending, "test.tsv", ("label\ttext\n" + lines(GOOD_AND_BAD[48:])).encode(), keys.TEST_FILE)
    # 15 % of 24 is 4 (3.6)
    assert division(at) == {"bad": [20, 4, 6], "good": [20, 4, 6], "all together": [40, 8, 12]}
    assert not has(at, "selectbox", keys.PART_COLUMN)
    config, data = submitted(at)
    assert config.split.by == "parts"
    assert {data.texts[place] for place in config.split.split(data).test} == {text for _, text in GOOD_AND_BAD[48:]}


def test_the_columns_of_a_test_file_may_be_called_otherwise(sending: AppTest) -> None:
    put(sending, "train.tsv", ("label\ttext\n" + lines(GOOD_AND_BAD[:48])).encode())
    test = "".join(json.dumps({"review": text, "class": label}) + "\n" for label, text in GOOD_AND_BAD[48:])
    at = put(sending, "test.jsonl", test.encode(), keys.TEST_FILE)
    assert division(at)["all together"] == [40, 8, 12]
    by_key(at, "file_uploader", keys.TEST_FILE).set_value(None).run()
    assert division(at)["all together"] == [26, 8, 14]


def test_a_test_file_with_texts_of_the_training_leaks(sending: AppTest) -> None:
    put(sending, "train.tsv", ("label\ttext\n" + lines(GOOD_AND_BAD[:50])).encode())
    at = put(sending, "test.tsv", ("label\ttext\n" + lines(GOOD_AND_BAD[48:])).encode(), keys.TEST_FILE)
    assert "2 of the 12 test texts are also in " in warnings(at)
    assert sum(division(at)["all together"]) == 60
    assert submitted(at)[0].split.without_leaks is True


def test_a_chosen_column_stays_when_a_test_file_comes(sending: AppTest) -> None:
    put(sending, "train.tsv", ("mood\tsize\ttext\n" + lines(MOOD_AND_SIZE[:48])).encode())
    guessed = by_key(sending, "selectbox", keys.LABEL_COLUMN).value
    other = "size" if guessed == "mood" else "mood"
    by_key(sending, "selectbox", keys.LABEL_COLUMN).set_value(other).run()
    at = put(sending, "test.tsv", ("mood\tsize\ttext\n" + lines(MOOD_AND_SIZE[48:])).encode(), keys.TEST_FILE)
    assert by_key(at, "selectbox", keys.LABEL_COLUMN).value == other


TURKISH = [(("iyi", f"Şu çığ çok güzel {i}") if i % 2 else ("kötü", f"Ağır ve sıkıcı bir öğle {i}")) for i in range(40)]


def test_a_wrong_encoding_is_put_right(sending: AppTest) -> None:
    at = put(sending, "t.tsv", ("label\ttext\n" + lines(TURKISH)).encode("cp1254"))
    by_key(at, "selectbox", keys.LABELLED_ENCODING).set_value("cp1252").run()
    assert "Read as Windows-1252" in shown(at)
    assert first_texts(at)["text"].tolist()[1] == "Þu çýð çok güzel 1"
    by_key(at, "selectbox", keys.LABELLED_ENCODING).set_value("utf-8").run()
    assert "is not UTF-8 text" in errors(at)
    assert not can_start(at)
    by_key(at, "selectbox", keys.LABELLED_ENCODING).set_value("cp1254").run()
    assert not at.error
    assert "Read as Windows-1254 (Turkish), as chosen." in shown(at)
    assert first_texts(at)["text"].tolist() == [text for _, text in TURKISH[:8]]
    assert pairs(submitted(at)[1]) == TURKISH


def test_an_encoding_that_was_chosen_for_one_file_does_not_hold_for_the_next(sending: AppTest) -> None:
    at = put(sending, "t.tsv", ("label\ttext\n" + lines(TURKISH)).encode("cp1254"))
    by_key(at, "selectbox", keys.LABELLED_ENCODING).set_value("cp1254").run()
    put(at, "ko.tsv", ("label\ttext\n" + lines(pairs(LABELLED_SAMPLES["Korean"].texts()))).encode())
    assert "**280 texts** of **2 labels**: “긍정” 140, “부정” 140." in shown(at)
    assert by_key(at, "selectbox", keys.LABELLED_ENCODING).value == "find out"


def test_an_encoding_that_is_chosen_for_one_file_does_not_spoil_the_other(sending: AppTest) -> None:
    """As on the Train page: what was no guess stays as it is."""
    put(sending, "train.tsv", ("label\ttext\n" + lines(TURKISH[:30])).encode("cp1254"))
    at = put(sending, "test.tsv", ("label\ttext\n" + lines(TURKISH[30:])).encode("utf-8"), keys.TEST_FILE)
    by_key(at, "selectbox", keys.LABELLED_ENCODING).set_value("cp1254").run()
    assert pairs(submitted(at)[1]) == TURKISH


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("empty.tsv", b"", "“empty.tsv” is empty."),
        ("blank.csv", b" \n\n", "“blank.csv” holds no text."),
        ("junk.txt", bytes(range(256)) * 40, "so it is no text"),
        ("sheet.csv", b"PK\x03\x04xl/worksheets", "such as .xlsx"),
        ("cut.tsv.gz", gzip.compress(CSV.encode())[:-9], "ends before the text does"),
        ("one.csv", b"text\n" + b"".join(b"line %d of text\n" % i for i in range(30)), "No labels were found"),
        ("head.csv", b"label,text\n", "There is only one line"),
        ("a.json", b'{"text": "a", ', "“a.json” is neither."),
        ("**a** <b>.csv", b"", "“**a** <b>.csv” is empty."),
    ],
    ids=["empty", "blank", "junk", "sheet", "cut", "one-column", "head-only", "array", "ugly-name"],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_a_sentence(sending: AppTest, name: str, data: bytes, sentence: str) -> None:
    at = put(sending, name, data)
    assert len(at.error) == 1
    assert sentence in errors(at)
    assert not can_start(at)
    assert "Experiments" in [header.value for header in at.header]  # and the rest of the page is there
    put(at, "good.tsv", lines(GOOD_AND_BAD).encode())
    assert not at.error
    assert can_start(at)


def test_a_bad_test_file_is_a_sentence_that_names_it(sending: AppTest) -> None:
    put(sending, "train.tsv", ("label\ttext\n" + lines(GOOD_AND_BAD)).encode())
    at = put(sending, "test.tsv", b"", keys.TEST_FILE)
    assert "“test.tsv” is empty." in errors(at)
    assert not can_start(at)
    put(at, "test.tsv", lines([(str(n), text) for n, (_, text) in enumerate(GOOD_AND_BAD)]).encode(), keys.TEST_FILE)
    assert not at.exception
    assert not can_start(at)


def test_a_file_is_read_once(sending: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    def read(name: str, data: bytes, **more: Any) -> records.Records:
        names.append(name)
        return records.read_records(name, data, **more)

    monkeypatch.setattr(texts_choice, "read_records", read)
    at = put(sending, "t.tsv", lines(GOOD_AND_BAD).encode())
    for _ in range(3):
        at.run()
    by_key(at, "number_input", keys.SEEDS).set_value(2).run()
    assert len(names) == 1
    put(at, "t.tsv", lines(GOOD_AND_BAD[:40]).encode())
    assert len(names) == 2
    assert "**40 texts**" in shown(at)


# What stops an experiment


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("good\tI would see it again.\n", "There is 1 example in all. Give 10 at least"),
        (lines([("good", f"text {i} is here") for i in range(30)]), "All texts have the label “good”."),
        (lines(GOOD_AND_BAD[:5]), "There are 5 examples in all. Give 10 at least"),
        (
            lines([(f"id{i}", f"text number {i} here") for i in range(30)]),
            "Give 3 texts or more of two labels",
        ),
        (lines([(f"id{i}", f"{i}", f"text number {i} here") for i in range(30)]), "looks like labels, which repeat"),
        ("just a line without any label\n" * 12, "No labels were found in the pasted text."),
        (
            "label\ttext\n" + lines([("ab"[i % 2], "!" * (i + 1)) for i in range(30)]),
            "There is no word in any of the",
        ),
        (json.dumps({"text": "a", "label": "b"}, indent=1), "an object on each line; the pasted text is neither."),
        (json.dumps([1, 2, 3]), "No line of the pasted text is a JSON object"),
    ],
    ids=["one", "one-class", "five", "all-different", "no-label-column", "no-label", "no-word", "tall-object", "array"],
)
def test_texts_of_which_no_experiment_can_be_made_are_told(pasting: AppTest, text: str, sentence: str) -> None:
    at = paste(pasting, text)
    assert sentence in errors(at)
    assert at.error
    assert not can_start(at)
    assert "Experiments" in [header.value for header in at.header]


@pytest.mark.parametrize("text", ["", " \n\t\n"])
def test_no_text_is_no_error(pasting: AppTest, text: str) -> None:
    at = paste(pasting, text)
    assert "There is no text yet." in shown(at)
    assert not at.error
    assert not can_start(at)


def test_a_missing_analyser_is_said(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(lines: Any) -> Any:
        raise TextProblem("Korean morphemes need the package kiwipiepy, which is not installed here.")

    monkeypatch.setattr(morphemes, "tokens", missing)
    at = open_page("transfer", sample="Korean", tokenizer="morphemes")
    assert errors(at) == "Korean morphemes need the package kiwipiepy, which is not installed here."
    assert not can_start(at)
    by_key(at, "radio", keys.TOKENIZER).set_value("words").run()
    assert can_start(at)


# What somebody else wrote


def test_texts_and_labels_are_shown_as_they_are(pasting: AppTest, home: Settings) -> None:
    rows = [(f"{UGLY} {'ab'[i % 2]}", f"{UGLY} ![i](http://x.y) word{i} `c`") for i in range(40)]
    at = paste(pasting, "label\ttext\n" + lines([*rows, ("rare [a](b) $z$", "one text $alone$")]))
    by_key(at, "radio", keys.TOKENIZER).set_value("whitespace").run()
    written = "\n".join(
        str(element.value)
        for kind in (at.markdown, at.caption, at.header, at.warning, at.error, at.info)
        for element in kind
    )
    assert r"\*\*x\*\* \<b\> \$y\$ \:red\[z\] a” 20" in written
    for mark in ("**x**", "<b>", "$y$", ":red[", "![i]", "[a](", "`c`", "$z$", "$alone$"):
        assert mark not in written
    assert first_texts(at)["label"].tolist()[:2] == [rows[0][0], rows[1][0]]
    assert first_texts(at)["text"][0] == rows[0][1]
    assert f"{UGLY} a" in division(at)
    toggles = [element.label for element in [*at.toggle, *at.radio, *at.button]]
    assert UGLY not in "".join(toggles)
    assert pairs(submitted(at)[1])[0] == rows[0]


def test_columns_are_shown_as_they_are(pasting: AppTest) -> None:
    at = paste(pasting, f"label\t{UGLY}\ttext\n" + lines([(a, "1" if n % 2 else "2", t) for n, (a, t) in
                                                          enumerate(GOOD_AND_BAD)]))  # fmt: skip
    assert UGLY in by_key(at, "selectbox", keys.LABEL_COLUMN).options
    by_key(at, "selectbox", keys.PART_COLUMN).set_value(UGLY).run()
    assert f"“{UGLY}”, row 1, is no part" in errors(at)
    assert UGLY not in at.error[0].value


def test_a_label_over_the_length_of_a_line_is_cut(pasting: AppTest) -> None:
    at = paste(pasting, lines([(label * 200, text) for label, text in GOOD_AND_BAD]))
    assert not at.exception
    assert all(len(str(block.value)) < 1_000 for block in at.markdown)
    assert submitted(at)[1].classes == ("bad" * 200, "good" * 200)


def test_many_labels_are_named_by_the_first(pasting: AppTest) -> None:
    rows = [(f"label{i % 60:02}", f"text number {i} of many") for i in range(600)]
    at = paste(pasting, lines(rows))
    assert "**600 texts** of **60 labels**: “label00” 10, " in shown(at)
    assert "and 52 more" in shown(at)
    assert "The first 50 of 60 labels." in shown(at)
    table = division(at)
    assert len(table) == 51
    assert table["all together"] == [300, 120, 180]  # of ten each: 3 are the test, 2 say when to stop
    paste(at, lines([(f"label{i % 101:03}", text) for i, (_, text) in enumerate(rows)]))
    assert "There are 101 different labels, and at most 100 can be told apart here." in errors(at)
    assert not can_start(at)
