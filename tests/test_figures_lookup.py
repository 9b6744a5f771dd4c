"""The look-up table as a picture: the numbers plotted are the table's, and the sentence's rows stand out."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from embedcore.figures_lookup import MOST_COLUMNS, MOST_POSITIONS, MOST_ROWS, TableFigure, integers, lookup_table
from embedcore.lookup import pad_batch
from embedcore.vocab import Vocab

TUTORIAL = ["you", "need", "to", "know", "how", "to", "code"]


def table(rows: int, dim: int) -> np.ndarray:
    return np.random.default_rng(rows).standard_normal((rows, dim)).astype(np.float32)  # (V, D)


def cells(figure: TableFigure) -> pd.DataFrame:
    return pd.concat([dataset["source"] for dataset in figure.options["dataset"]])


def rows_named(figure: TableFigure) -> list[str]:
    return [name["value"] if isinstance(name, dict) else name for name in figure.options["yAxis"]["data"]]


@pytest.mark.parametrize("dark", [False, True])
def test_the_tutorials_table_shows_every_number_beside_its_token(dark: bool) -> None:
    vocab, weight = Vocab.build([TUTORIAL]), table(8, 3)
    figure = lookup_table(vocab.itos, weight, vocab.encode(["to", "code"]), dark=dark)
    assert rows_named(figure) == [
        "0  <unk>", "1  <pad>", "▶ 2  to", "3  you", "4  need", "5  know", "6  how", "▶ 7  code"
    ]  # fmt: skip
    plotted = cells(figure)
    assert len(plotted) == 24
    for _, cell in plotted.iterrows():
        number = weight[cell["integer"], int(cell["dimension"])]
        assert cell["value"] == pytest.approx(number, abs=1e-6)
        assert cell["shown"] == f"{cell['value']:.4f}"
        assert cell["row"].endswith(f"{cell['integer']}  {vocab.itos[cell['integer']]}")
        assert cell["token"] == vocab.itos[cell["integer"]]
    assert (figure.left_out, figure.shape, figure.rows) == ("", (8, 3), tuple(range(8)))
    json.dumps(figure.options, default=lambda source: source.to_dict("list"), allow_nan=False)


def test_marked_rows_are_told_apart_without_colour() -> None:
    figure = lookup_table(list("abcdef"), table(6, 4), [4, 2, 4])
    bold = [name["value"] for name in figure.options["yAxis"]["data"] if isinstance(name, dict)]
    assert bold == ["▶ 2  c", "▶ 4  e"]
    framed: set[int] = set()
    plain: set[int] = set()
    for series in figure.options["series"]:
        held = set(figure.options["dataset"][series["datasetIndex"]]["source"]["integer"])
        (framed if series["itemStyle"] else plain).update(held)
    assert (framed, plain) == ({2, 4}, {0, 1, 3, 5})


def test_the_scale_is_symmetric_and_one_for_all() -> None:
    figure = lookup_table(list("ab"), np.array([[0.5, -2], [1, 0]], dtype=np.float32), [1])
    scale = figure.options["visualMap"]
    assert scale["min"] == -scale["max"]
    zeros = lookup_table(list("ab"), np.zeros((2, 3), dtype=np.float32)).options["visualMap"]
    assert zeros["min"] < zeros["max"]


def test_the_ink_differs_on_strong_cells_and_only_there() -> None:
    figure = lookup_table(list("ab"), np.array([[1, -1], [0.1, 0]], dtype=np.float32))
    by_ink = {
        series["label"]["color"]: figure.options["dataset"][series["datasetIndex"]]["source"]["value"].tolist()
        for series in figure.options["series"]
    }
    assert sorted(map(sorted, by_ink.values())) == [[-1, 1], [0, pytest.approx(0.1)]]


def test_a_large_table_is_a_window_that_says_what_it_leaves_out() -> None:
    weight = table(5_000, 300)
    figure = lookup_table([f"w{i}" for i in range(5_000)], weight, [4_999, 700, 3, 701])
    assert figure.rows == (*range(MOST_ROWS), 700, 701, 4_999)
    assert figure.columns == MOST_COLUMNS
    assert figure.left_out == "Shown: 43 of 5,000 rows and the first 120 of 300 dimensions."
    assert rows_named(figure)[MOST_ROWS - 1 :] == [
        "39  w39", "⋮ 40 – 699", "▶ 700  w700", "▶ 701  w701", "⋮ 702 – 4,998", "▶ 4999  w4999"
    ]  # fmt: skip
    plotted = cells(figure)
    assert len(plotted) == 43 * 120
    last = plotted[(plotted["integer"] == 4_999) & (plotted["dimension"] == "119")]["value"].item()
    assert last == pytest.approx(weight[4_999, 119], abs=1e-6)
    assert not any(series["label"]["show"] for series in figure.options["series"])


def test_a_gap_at_the_end_and_a_gap_of_one_row() -> None:
    figure = lookup_table([f"w{i}" for i in range(100)], table(100, 2), [41])
    assert rows_named(figure)[-3:] == ["⋮ 40", "▶ 41  w41", "⋮ 42 – 99"]
    assert len({*rows_named(figure)}) == len(rows_named(figure))


def test_a_long_sentence_marks_as_many_rows_as_there_is_room_for() -> None:
    figure = lookup_table([f"w{i}" for i in range(1_000)], table(1_000, 2), range(100, 300))
    assert len(figure.rows) == 2 * MOST_ROWS
    assert figure.marked_left_out == 160
    assert figure.left_out.endswith("160 more rows of the sentence are left out.")


def test_what_a_token_holds_is_data() -> None:
    nasty = ["{@value}", "<img src=x>", "a\nb", ""]
    figure = lookup_table(nasty, table(4, 2), [1])
    assert "img" not in json.dumps([figure.options["tooltip"], figure.options["series"]])
    assert rows_named(figure)[2:] == ["2  a⟨U+000A⟩b", "3  ⟨empty⟩"]


def test_a_sentence_stands_above_its_integers() -> None:
    vocab = Vocab.build([TUTORIAL])
    tokens = ["know", "how", "to", "dance", "to"]
    shown = integers([tokens], [vocab.encode(tokens)])
    assert shown.index.tolist() == ["token", "integer"]
    assert shown.loc["token"].tolist() == tokens
    assert shown.loc["integer"].tolist() == ["5", "6", "2", "0", "2"]
    assert shown.columns.is_unique


def test_a_padded_batch_shows_where_the_shorter_one_ended() -> None:
    vocab = Vocab.build([TUTORIAL])
    sentences = [["how", "to", "code"], ["know"]]
    shown = integers(sentences, pad_batch([vocab.encode(sentence) for sentence in sentences]))
    assert shown.index.tolist() == ["token 1", "integer 1", "token 2", "integer 2"]
    assert shown.loc["token 2"].tolist() == ["know", "<pad>", "<pad>"]
    assert shown.loc["integer 2"].tolist() == ["5", "1", "1"]
    unpadded = integers(sentences, [vocab.encode(sentence) for sentence in sentences])
    assert unpadded.loc["integer 2"].tolist() == ["5", "", ""]


def test_a_long_sentence_is_cut_and_says_so() -> None:
    shown = integers([["a"] * 5_000, ["a"]], pad_batch([[2] * 5_000, [2]]))
    assert shown.shape == (4, MOST_POSITIONS + 1)
    assert shown["…"].tolist() == ["…", "4,940 more", "…", "4,940 more"]
    assert shown.loc["token 2"].tolist()[:2] == ["a", "<pad>"]


def test_no_words_are_an_empty_table() -> None:
    assert integers([[]], [[]]).shape == (2, 0)
    with pytest.raises(ValueError, match="2 tokens need at least as many integers, not 1"):
        integers([["a", "b"]], [[2]])
    with pytest.raises(ValueError, match="1 sentences need as many rows of integers, not 2"):
        integers([["a"]], [[2], [3]])
