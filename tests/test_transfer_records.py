"""Files of labelled texts: every form that people have them in, and every way in which they go wrong."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from dataclasses import replace

import pytest

from embedcore.errors import EmbedcoreError, TextProblem
from embedcore.settings import Settings
from embedcore.transfer.columns import Columns, from_json_lines, guess_columns, json_lines, labelled
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.records import Records, paste_records, read_records

TEXTS = [
    "a fine day, really",
    'so called "art"',
    "배송이 빨라요",
    "never again",
    "tabs\tare rare",
    "two\nlines",
    "e\u0301clair",
]
LABELS = ["good", "bad", "good", "bad", "good", "bad", "good"]
ONE_LINE = [
    "a fine day, really",
    'so called "art"',
    "배송이 빨라요",
    "never again",
    "tabs\tare rare",
    "two lines",
    "éclair",
]


def as_csv(delimiter: str = ",", **more: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=more.get("end", "\n"))
    writer.writerows(
        [["id", "text", "label"], *([n, t, x] for n, (t, x) in enumerate(zip(TEXTS, LABELS, strict=True)))]
    )
    return text.getvalue().encode(more.get("encoding", "utf-8"))


def as_json_lines(ascii_only: bool) -> bytes:
    objects = [{"text": text, "label": label} for text, label in zip(TEXTS, LABELS, strict=True)]
    return "\n".join(json.dumps(each, ensure_ascii=ascii_only) for each in objects).encode()


def read(name: str, data: bytes) -> LabelledTexts:
    records = read_records(name, data)
    return labelled(records, guess_columns(records))[0]


def named(data: LabelledTexts) -> list[str]:
    return [data.classes[label] for label in data.labels.tolist()]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", as_csv()),
        ("a.csv", as_csv(end="\r\n", encoding="utf-8-sig")),
        ("a.csv", as_csv(";")),
        ("a.csv", as_csv(encoding="utf-16")),
        ("a.tsv", as_csv("\t")),
        ("a.csv.gz", gzip.compress(as_csv(), mtime=0)),
        ("a.jsonl", as_json_lines(ascii_only=True)),
        ("a.txt", as_json_lines(ascii_only=False)),
        ("a.json", as_json_lines(ascii_only=False)),  # as some call it
        ("a.ndjson.gz", gzip.compress(as_json_lines(ascii_only=False), mtime=0)),
    ],
)
def test_every_form_gives_the_same_texts(name: str, data: bytes) -> None:
    found = read(name, data)
    assert list(found.texts) == ONE_LINE
    assert named(found) == LABELS
    assert found.classes == ("bad", "good")


def test_korean_encodings_are_found() -> None:
    lines = [
        ("긍정", "배송이 빠르고 아주 좋아요"),
        ("부정", "다시는 사지 않을 거예요"),
        ("긍정", "정말 마음에 들어요"),
    ] * 20
    text = "".join(f"{label}\t{line}\n" for label, line in lines)
    for encoding in ("utf-8", "cp949", "utf-16"):
        found = read("후기.tsv", text.encode(encoding))
        assert list(found.texts) == [line for _, line in lines]
        assert found.classes == ("긍정", "부정")


def test_a_pasted_line_is_label_tab_text() -> None:
    records = paste_records(
        "spam\tBuy now, cheap!\nham\tSee you at eight\r\nspam\tWin\ta prize, today only\n\nham\tDinner is ready"
    )
    found, left_out = labelled(records, guess_columns(records))
    assert found.texts == ("Buy now, cheap!", "See you at eight", "Win\ta prize, today only", "Dinner is ready")
    assert named(found) == ["spam", "ham", "spam", "ham"]
    assert (left_out, records.notes[0]) == ((), "The first line names no columns, so it counts as an example.")
    assert records.notes[1] == "1 row has more than 2 columns, which were read as part of “column 2”."


def test_a_tab_counts_before_a_comma() -> None:
    records = paste_records("good\tSunny, warm\nbad\tCold, wet\ngood\tMild, dry")
    assert records.rows[0] == ["good", "Sunny, warm"]
    assert paste_records("good,Sunny\twarm\nbad,Cold and wet\ngood,Mild").rows[0] == ["good", "Sunny\twarm"]


def test_a_first_line_of_usual_names_is_no_example() -> None:
    for first in ("label\ttext", "Label\tText", "라벨\t문장"):
        records = paste_records(f"{first}\na\tno\nb\tyes\na\twell")
        assert records.columns == tuple(first.split("\t"))
        assert labelled(records, guess_columns(records))[0].texts == ("no", "yes", "well")


def test_delimiters_inside_a_text_that_nobody_quoted() -> None:
    rows = ["1,good,plain words here", "2,bad,plain words there", "3,good,plain words, again"]
    records = read_records("a.csv", "\n".join(["id,label,text", *rows]).encode())
    assert records.rows[2] == ["3", "good", "plain words, again"]
    between = [",".join([row.split(",", 2)[0], row.split(",", 2)[2], row.split(",", 2)[1]]) for row in rows]
    records = read_records("a.csv", "\n".join(["id,text,label", *between]).encode())
    assert records.rows[2] == ["3", "plain words, again", "good"]


def test_rows_with_too_little_are_left_out_and_counted() -> None:
    records = paste_records("a\tone word\nb\ttwo words\nonly text\n\tno label\na\t \nb\tthree more words")
    found, left_out = labelled(records, guess_columns(records))
    assert found.texts == ("one word", "two words", "three more words")
    assert "1 row is left out: fewer than 2 columns." in records.notes
    assert left_out == ("1 row has no text: left out.", "1 row has no label: left out.")


def test_json_values_of_every_kind() -> None:
    lines = ['{"y": 1, "text": "a b"}', '{"y": true, "text": "c"}', '{"y": null, "text": "d"}',
             '{"y": 2.5, "text": ["e"]}',
             '{"y": 1, "text": "half \\ud83d", "more": "x"}', "{broken", "[1]", "{}", '{"y": ' * 3]  # fmt: skip
    records = read_records("a.jsonl", "\n".join(lines).encode())
    assert records.columns == ("y", "text", "more")
    assert [row[:2] for row in records.rows] == [
        ["1", "a b"], ["true", "c"], ["", "d"], ["2.5", '["e"]'], ["1", "half \ufffd"],
    ]  # fmt: skip
    assert records.notes == ("4 rows are left out: no JSON object with anything in it, such as “{broken”.",)


def test_json_nested_beyond_measure_is_no_crash() -> None:
    records = paste_records('{"label": "a", "text": "b"}\n' + '{"label": ' * 100_000)
    assert len(records.rows) == 1


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        (
            "a.txt",
            b"no labels\nat all\n",
            "No labels were found in “a.txt”. Write an example on each line: the label, a tab",
        ),
        ("a.csv", b"text\nonly one\ncolumn here\n", "No labels were found in “a.csv”"),
        ("a.csv", b"label,text\n", "There is only one line in “a.csv”, the one that names its columns."),
        (
            "a.json",
            b'[{"label": 1}',
            "JSON is read here as one list of objects, or as an object on each line; “a.json” is",
        ),
        ("a.txt", b'{\n"label": 1\n}', "an object on each line; “a.txt” is neither."),
        ("a.txt", b"[\n1, 2\n]", "No line of “a.txt” is a JSON object such as"),
        ("a.jsonl", b"label\ttext\n", "No line of “a.jsonl” is a JSON object such as"),
        ("a.csv", b"", "“a.csv” is empty."),
        ("a.csv", b" \n \n", "“a.csv” holds no text."),
        ("a.csv", b"PK\x03\x04 an archive", "“a.csv” is a .zip archive"),
        ("a.tsv", bytes(random.Random(1).randrange(256) for _ in range(4000)), "“a.tsv”"),
        ("a.csv.gz", gzip.compress(as_csv(), mtime=0)[:60], "“a.csv.gz”"),
    ],
)
def test_what_cannot_be_read_is_said(name: str, data: bytes, sentence: str) -> None:
    with pytest.raises(TextProblem) as problem:
        read_records(name, data)
    assert sentence in str(problem.value)


def test_nothing_pasted_and_too_much(home: Settings) -> None:
    with pytest.raises(TextProblem, match=r"There is no text yet. Write an example on each line"):
        paste_records(" \n\t\n")
    small = replace(home, max_pasted_characters=10)
    with pytest.raises(TextProblem, match="has 11 characters; at most 10 can be pasted"):
        paste_records("a\tbb\nb\tcc\nd", settings=small)
    assert len(paste_records("a\tb\nb\tcc", settings=small).rows) == 2


def test_the_columns_are_guessed() -> None:
    def guess(columns: str, *rows: str) -> Columns:
        return guess_columns(Records("t", tuple(columns.split()), [row.split("|") for row in rows]))

    reviews = ["1|fine film|good|train", "2|dull film|bad|test", "3|old film|good|train", "4|new film|bad|dev"]
    assert guess("id document label split", *reviews) == Columns("document", "label", "split")
    assert guess("a b c d", *reviews) == Columns("b", "c", "d")
    # Called so beats fewer values; a column that says the same everywhere is a label only if it is called so.
    rows = ["word after word|x|1|same", "and a word|y|2|same", "words again|x|3|same", "more of them|y|1|same"]
    assert guess("w half stars all", *rows) == Columns("w", "half")
    assert guess("w half sentiment all", *rows) == Columns("w", "sentiment")
    assert guess("w a b label", *rows).label == "label"
    # An id is no label, and two parts alone are parts only in a column that is called so.
    assert guess("id text", *(f"{n}|words {n * 'a'}" for n in range(9))) == Columns("text", "id")
    assert guess("id text n", *(f"{n}|words {n * 'a'}|{-n}" for n in range(9))).label is None
    assert guess("x kind", "some words|train", "more words|test", "few words|train", "no words|test") == Columns(
        "x", "kind"
    )


def test_columns_that_do_not_fit_are_said() -> None:
    records = Records("“a.csv”", ("id", "text", "set"), [["1", "a b", "train"], ["2", "c d", "fold 3"]])
    for columns, sentence in [
        (
            Columns("text", None),
            "No column of “a.csv” looks like labels, which repeat. Choose one: “id”, “text”, “set”.",
        ),
        (Columns("text", "text"), "Text, label and part need a column each; one was chosen twice."),
        (Columns("words", "id"), "There is no column “words”. There are: “id”, “text”, “set”."),
        (Columns("text", "id", "set"), "“fold 3” in “set”, row 2, is no part. A part is train, validation or test."),
    ]:
        with pytest.raises(TextProblem) as problem:
            labelled(records, columns)
        assert str(problem.value) == sentence
    with pytest.raises(TextProblem, match=r"No row of “a.csv” has both a text and a label"):
        labelled(replace(records, rows=[["", "a", "train"], ["1", " ", "test"]]), Columns("text", "id"))


def test_parts_in_two_languages() -> None:
    parts = ["Train", "학습", "DEV", "검증", "test", "평가"]
    records = Records("t", ("t", "y", "p"), [[f"text {n}", str(n % 2), part] for n, part in enumerate(parts)])
    found, _ = labelled(records, Columns("t", "y", "p"))
    assert found.parts == ("train", "train", "validation", "validation", "test", "test")


def test_what_is_kept_is_read_back_the_same() -> None:
    texts = ['a "b", c\td', "가나\u2028다 {}", "[1]", "😀\x0bx\x85y"]
    for parts in (None, ["train", "test", "validation", "test"]):
        data = LabelledTexts.of(texts, ["10", "9", "긍정", "9"], parts=parts)
        records = read_records("texts.jsonl", json_lines(data).encode())
        again, left_out = labelled(records, Columns("text", "label", "part" if parts else None))
        assert (again.texts, again.classes, again.parts, left_out) == (data.texts, data.classes, data.parts, ())
        assert again.labels.tolist() == data.labels.tolist()


def test_lines_of_one_width_are_not_joined_nor_spoken_of() -> None:
    draw = random.Random(2)
    lines = []
    for number in range(200):
        line = f"{'ab'[number % 2]}\t"
        while len(line) < 66:
            line += "x" * draw.randrange(2, 9) + " "
        lines.append(line.strip())
    records = read_records("a.txt", "\n".join(lines).encode())
    assert len(records.rows) == 200
    assert records.notes == ("The first line names no columns, so it counts as an example.",)


def test_files_of_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedcore.transfer.records.MOST_ROWS", 3)
    assert len(paste_records("label\ttext\n" + "a\tb\n" * 3).rows) == 3
    for text in ("label\ttext\n" + "a\tb\n" * 4, '{"a": "b"}\n' * 4, "a\tb\n" * 9):
        with pytest.raises(TextProblem, match=r"There are more than 3 rows in the pasted text. Take a part of them."):
            paste_records(text)


def test_whatever_is_pasted_is_read_or_refused_with_a_sentence() -> None:
    draw = random.Random(3)
    pieces = [
        "label",
        "text",
        "\t",
        "\t",
        "\n",
        "\n",
        ",",
        '"',
        "{",
        "}",
        '{"a": "b"}',
        "[",
        "1",
        "가",
        "é",
        "\0",
        "\u2028",
        " ",
        ";",
        "|",
    ]
    for _ in range(3000):
        text = "".join(draw.choices(pieces, k=draw.randrange(40)))
        try:
            records = paste_records(text)
            assert all(len(row) == len(records.columns) for row in records.rows)
            assert len({*records.columns}) == len(records.columns)
            found, _ = labelled(records, guess_columns(records))
        except EmbedcoreError as problem:
            assert str(problem).endswith(".")  # noqa: PT017 (most are refused, and how matters)
        else:
            assert all(each and each.strip() == each and "\n" not in each for each in [*found.texts, *found.classes])


@pytest.mark.parametrize("indent", [None, 1])
def test_a_json_list_is_read_as_lines_are(indent: int | None) -> None:
    objects = [{"label": "good", "text": "a fine day"}, {"text": "비가 온다\n또", "label": 2}, 7, {}]
    records = read_records("a.json", json.dumps(objects, indent=indent, ensure_ascii=False).encode())
    assert records.columns == ("label", "text")
    assert records.rows == [["good", "a fine day"], ["2", "비가 온다\n또"]]
    assert "2 rows are left out: no JSON object with anything in it, such as “7”." in records.notes
    lines = "\n".join(json.dumps(each) for each in objects)
    assert read_records("a.jsonl", lines.encode()).rows == records.rows


def test_parts_stay_with_their_rows_when_rows_are_left_out() -> None:
    rows = [["", "x", "test"], ["a", "x", "train"], ["b", "y", "test"], ["c", "", "train"], ["d", "y", "validation"]]
    data, _ = labelled(Records("r", ("text", "label", "split"), rows), Columns("text", "label", "split"))
    assert [*zip(data.texts, data.parts or (), strict=True)] == [("a", "train"), ("b", "test"), ("d", "validation")]


def test_half_a_character_that_was_pasted_is_no_danger() -> None:
    data, _ = labelled(paste_records("good\tday \ud83d\nbad\train\n"), Columns("column 2", "column 1"))
    assert data.texts == ("day \ufffd", "rain")
    assert json_lines(data).encode("utf-8")


def test_columns_that_are_named_are_guessed_for_nothing_else() -> None:
    rows = [
        [part, mood, f"it was {mood} {number}"]
        for number, (part, mood) in enumerate(
            [("train", "good"), ("test", "bad"), ("train", "bad"), ("test", "good")] * 5
        )
    ]
    records = Records("r", ("split", "label", "text"), rows)
    assert guess_columns(records) == Columns("text", "label", "split")
    assert guess_columns(records, part="label") == Columns("text", "split", "label")
    assert guess_columns(records, label="split") == Columns("text", "split", None)
    assert guess_columns(records, text="label") == Columns("label", None, None)  # no text repeats


def test_json_lines_are_read_back_however_many_and_whatever_is_in_them() -> None:
    texts = [f"text {number} “a” 한 👩🏽‍🚀" for number in range(1_000)]
    data = LabelledTexts.of(texts, ["good", "bad"] * 500, parts=["train", "test"] * 500)
    back = from_json_lines(json_lines(data), "it")
    assert (back.texts, back.labels.tolist(), back.classes, back.parts) == (
        data.texts, data.labels.tolist(), data.classes, data.parts,
    )  # fmt: skip
    assert from_json_lines(json_lines(replace(data, parts=None)), "it").parts is None


@pytest.mark.parametrize("text", ["", "x", '{"text": "a"}\n', "[]\n", '{"text": 1, "label": "a"}\n',
                                  '{"text": "a", "label": "b", "part": "now"}\n'])  # fmt: skip
def test_damaged_json_lines_are_said(text: str) -> None:
    with pytest.raises(TextProblem, match="“x” is damaged: its labelled texts cannot be read"):
        from_json_lines(text, "“x”")
