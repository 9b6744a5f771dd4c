"""Tables: delimiter, quotes, header and column are found out, and can be chosen."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest

from embedcore.documents import WHOLE_LINES, Choices, Document, read_document
from embedcore.documents.tables import rows
from embedcore.errors import TextProblem

DATA = Path(__file__).parents[1].parent / "shared" / "data"


def read(text: str, name: str = "t.csv", column: str | None = None) -> Document:
    return read_document(name, text.encode(), Choices(column=column))


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found_out(delimiter: str) -> None:
    table = delimiter.join(["id", "review", "label"]) + "\n"
    table += "".join(delimiter.join([str(i), f"a long review number {i}", "good"]) + "\n" for i in range(20))
    document = read(table)
    assert (document.kind, document.columns, document.column) == ("table", ("id", "review", "label"), "review")
    assert document.text.split("\n")[:2] == ["a long review number 0", "a long review number 1"]
    assert "“review”, the one with most text" in document.notes[0]


def test_another_column_is_read_when_asked_for() -> None:
    document = read("a,b\nred fox,some longer text\nblue,another text\n", column="a")
    assert (document.text, document.column) == ("red fox\nblue\n", "a")
    assert "most text" not in document.notes[0]
    with pytest.raises(TextProblem, match=r"There is no column “c”\. There are: “a”, “b”\."):
        read("a,b\nred fox,some longer text\n", column="c")
    with pytest.raises(TextProblem, match=r"“t\.txt” is no table, so it has no column “c”"):
        read("just a line\n", name="t.txt", column="c")


def test_a_table_can_be_read_as_it_stands() -> None:
    table = "id,text\n1,some words\n"
    document = read(table, column=WHOLE_LINES)
    assert (document.text, document.kind, document.column) == (table, "text", None)
    assert document.columns == ("id", "text")  # to choose from


def test_quoted_cells_with_line_breaks_become_one_line() -> None:
    table = 'id,text\n1,"first line\nsecond, line\r\nthird ""quoted"" line"\n2,plain text here\n'
    assert read(table).text == 'first line second, line third "quoted" line\nplain text here\n'


def test_quotes_that_are_not_closed_are_characters() -> None:
    table = "id\tdocument\tlabel\n" + "".join(
        f"{i}\t{chr(34) if i % 7 == 0 else ''}영화가 참 좋다 {i}\t1\n" for i in range(100)
    )
    lines = read(table, "ratings.tsv").text.split("\n")[:-1]
    assert len(lines) == 100
    assert lines[0] == '"영화가 참 좋다 0'


def test_one_quote_too_few_swallows_no_more_than_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    from embedcore.documents import tables

    monkeypatch.setattr(tables, "_MOST_CELL", 1000)
    body = ['1,"never closed', *(f"{i},text {i}" for i in range(2, 2000)), '2000,"closed, at last"']
    found = list(rows(body, ",", quoted=True))
    assert found[0] == ["1", '"never closed']
    assert found[-1] == ["2000", "closed, at last"]
    assert len(found) == 2000


def test_rows_agree_with_the_csv_module() -> None:
    draw = random.Random(3)
    for _ in range(300):
        table = [["".join(draw.choices('ab,"\n 가', k=draw.randrange(6))) for _ in range(3)] for _ in range(8)]
        table = [["x" if not any(row) else row[0], *row[1:]] for row in table]
        made = io.StringIO()
        csv.writer(made, lineterminator="\n").writerows(table)
        lines = made.getvalue().split("\n")[:-1]
        assert list(rows(lines, ",", quoted=True)) == table


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("사랑,섹스,6.77\n호랑이,고양이,7.35\n책,종이,7.46\n", ("column 1", "column 2", "column 3")),
        (",text\n0,some words here\n1,more words\n", ("column 1", "text")),
        ("text,text\n1,some words\n2,more words\n", ("column 1", "column 2")),
        ("review\nWhat a wonderful film this was\nNot so wonderful a film\n", ("review",)),
        ("What a wonderful film this was\nNot so wonderful a film\n", ("column 1",)),
    ],
)
def test_the_header_is_found_out(table: str, columns: tuple[str, ...]) -> None:
    document = read(table)
    assert document.columns == columns
    named = columns[0] == "review" or "text" in columns
    assert document.text.count("\n") == table.count("\n") - named


def test_lines_with_commas_in_them_are_no_table() -> None:
    text = "Yes, I liked it\nI did not\nWell, yes, no, perhaps, maybe\nNo idea\nA, b, c\nSo so\n"
    document = read(text)
    assert (document.kind, document.text) == ("text", text)


def test_a_table_by_its_content_alone() -> None:
    table = "id\tdocument\tlabel\n" + "".join(f"{i}\t영화가 참 좋다 {i}\t1\n" for i in range(10))
    document = read(table, "ratings_train.txt")
    assert (document.kind, document.column) == ("table", "document")
    for text in ("a b\tc\nd e\nf\n", "one\ttwo\n", "no tabs\nat all\nhere\n"):
        assert read(text, "a.txt").kind == "text"


@pytest.mark.skipif(not DATA.is_dir(), reason="the sample corpora are not here")
def test_the_film_reviews() -> None:
    document = read_document("nsmc_train20k.tsv", (DATA / "ko/nsmc_train20k.tsv").read_bytes())
    lines = (DATA / "ko/nsmc_train20k.tsv").read_text(encoding="utf-8").split("\n")[1:-1]
    import unicodedata

    assert document.text.split("\n")[:-1] == [unicodedata.normalize("NFC", line.split("\t")[1]) for line in lines]
