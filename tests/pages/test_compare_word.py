"""A word's page: its figures are numpy's, its neighbours gensim's, and it leads to other words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from gensim.models import KeyedVectors
from streamlit.testing.v1 import AppTest

from embedcore.importing import import_vectors
from embedcore.library import open_vectors, save_vectors
from embedcore.settings import Settings
from embedcore.training import TrainConfig, train
from embedcore.ui import keys
from embedcore.ui.asking import tables
from embedcore.ui.asking.controls import Controls
from embedcore.ui.compare import page
from embedcore.ui.words import ordinal
from embedcore.vectors import WordVectors

from ..fasttext_models import train as train_fasttext
from .conftest import by_key, echarts, echarts_table, texts

OpenPage = Callable[..., AppTest]


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page as it is in a frame of another page, which AppTest has no word for."""

    def alone(*, embedded: bool) -> Controls:
        return Controls(embedded=True)

    monkeypatch.setattr(page, "Controls", alone)


def asked(open_page: OpenPage, word: str, **link: Any) -> AppTest:
    return open_page("compare", ask="Word", word=word, **link)


def near(at: AppTest, among: str, word: str, name: str = "glove.6B.50d") -> pd.DataFrame:
    """The table of the nearest among so many words."""
    found = {element.proto.alt: element.value for element in at.dataframe}
    assert len(found) == len(at.dataframe)
    frame: pd.DataFrame = found[f"The nearest words of {word} in {name} among {among}"]
    return frame


def metrics(at: AppTest) -> list[tuple[str, str]]:
    return [(metric.label, metric.value) for metric in at.metric]


def as_gensim(vectors: WordVectors) -> KeyedVectors:
    keyed = KeyedVectors(vectors.dim, dtype=np.float32)
    keyed.add_vectors(list(vectors.tokens), vectors.matrix)
    return keyed


def agrees(shown: pd.DataFrame, expected: list[tuple[str, float]]) -> None:
    assert shown["word"].tolist() == [word for word, _ in expected]
    assert shown["cosine"].tolist() == pytest.approx([float(cosine) for _, cosine in expected], abs=1e-6)


def test_where_a_word_stands_and_what_its_vector_is(open_page: OpenPage, glove: WordVectors) -> None:
    at = asked(open_page, "king")
    lengths = np.linalg.norm(glove.matrix.astype(np.float64), axis=1)
    assert metrics(at) == [
        ("Integer (row)", "691"), ("Rank", "692nd of 400,000"), ("Norm", f"{lengths[691]:.4g}")
    ]  # fmt: skip
    peers = np.delete(lengths[191:1_192], 500)
    shorter = (peers < lengths[691]).mean()
    assert (
        f"The 1,000 words about as frequent have a median norm of {np.median(peers):.4g}; {shorter:.0%} of them"
        in texts(at)
    )
    assert echarts_table(at, "strips_0")["value"].tolist() == pytest.approx(glove["king"].tolist(), abs=1e-5)
    assert len(echarts(at, "strips_0")["xAxis"]["data"]) == 50
    code = next(code.value for code in at.code if code.value.startswith(">>> "))
    assert ">>> stoi['king']\n691\n" in code
    assert "(400000, 50)" in code
    assert all(f"{number:.4f}" in code for number in glove["king"])


def test_neighbours_at_several_cuts_are_gensims(open_page: OpenPage, glove: WordVectors) -> None:
    at = asked(open_page, "korea")
    peer = as_gensim(glove)
    for size, among in ((1_000, "the 1,000 most frequent"), (10_000, "the 10,000 most frequent")):
        agrees(near(at, among, "korea"), peer.most_similar("korea", topn=10, restrict_vocab=size))
    # Where a larger cut brings nothing else, one table stands for both.
    assert peer.most_similar("korea", restrict_vocab=10_000) == peer.most_similar("korea")
    assert len(at.dataframe) == 2
    assert "Among the 10,000 most frequent; the same up to 400,000" in texts(at)


def test_a_trained_set_beside_glove(open_page: OpenPage, home: Settings, glove: WordVectors) -> None:
    lines = ["the king met the queen", "the cat saw the dog", "왕 은 왕비 를 만났다", "The The cat"]
    trained = train([line.split() for line in lines] * 30, TrainConfig(dim=10, epochs=3, min_count=1, seed=3))
    save_vectors("my text", trained, source="a test", settings=home)
    at = asked(open_page, "the", vectors="my text", other="glove.6B.50d")
    agrees(near(at, f"all {len(trained)}", "the", "my text"), as_gensim(trained).most_similar("the", topn=10))
    assert [value for label, value in metrics(at) if label == "Rank"] == [
        f"{ordinal(trained.row('the') + 1)} of {len(trained)}", "1st of 400,000"
    ]  # fmt: skip
    assert f"The · {ordinal(trained.row('The') + 1)}" in [button.label for button in at.button]
    assert texts(at).count("This set is lower-cased") == 1
    by_key(at, "text_input", keys.WORD).set_value("왕비").run()
    assert "is not in glove" in texts(at).replace("\\", "")
    agrees(near(at, f"all {len(trained)}", "왕비", "my text"), as_gensim(trained).most_similar("왕비", topn=10))


def test_other_spellings_lead_to_their_pages(open_page: OpenPage, home: Settings) -> None:
    words = ["us", "US", "Us", "bus", "use", "them", "uS"]
    matrix = np.random.default_rng(5).normal(size=(len(words), 4))
    save_vectors("cased", WordVectors(words, matrix), source="a test", settings=home)
    at = asked(open_page, "us", vectors="cased")
    shown = texts(at)
    assert "**In another case**" in shown
    assert "**Spelt almost the same**" in shown
    labels = [button.label for button in at.button if (button.key or "").startswith(keys.OPEN_WORD)]
    assert labels[:3] == ["US · 2nd", "Us · 3rd", "uS · 7th"]
    assert set(labels[3:]) == {"bus · 4th", "use · 5th"}
    next(button for button in at.button if button.label == "Us · 3rd").click().run()
    assert by_key(at, "text_input", keys.WORD).value == "Us"
    assert metrics(at)[:2] == [("Integer (row)", "2"), ("Rank", "3rd of 7")]


def test_a_word_built_from_its_parts(open_page: OpenPage, home: Settings, tmp_path: Path) -> None:
    import_vectors(train_fasttext(tmp_path), "model", settings=home)
    at = asked(open_page, "한국인", vectors="model")
    vectors = open_vectors("model", home)
    length = np.linalg.norm(vectors.vector("한국인").astype(np.float64))
    assert metrics(at) == [("Integer (row)", "none"), ("Norm", f"{length:.4g}")]
    code = next(code.value for code in at.code if code.value.startswith(">>> "))
    assert ">>> '한국인' in stoi\nFalse\n" in code
    assert "'<한국', '<한국인', '<한국인>', '한국인', '한국인>', '국인>'" in code
    assert "stoi['한국인']" not in code
    shown = near(at, f"all {len(vectors)}", "한국인", "model")
    wide = vectors.matrix.astype(np.float64)
    cosines = wide @ vectors.vector("한국인") / np.linalg.norm(wide, axis=1) / length
    best = np.argsort(-cosines, kind="stable")[:10]
    agrees(shown, [(vectors.tokens[int(row)], cosines[row]) for row in best])


def test_an_unknown_word_is_answered_by_near_ones(open_page: OpenPage) -> None:
    at = asked(open_page, "governmetn")
    assert not at.metric
    assert "is not in glove" in texts(at).replace("\\", "")
    next(button for button in at.button if button.label.startswith("government ·")).click().run()
    assert by_key(at, "text_input", keys.WORD).value == "government"
    assert "government" in [header.value for header in at.header]


def test_case_is_handled_as_the_set_needs(open_page: OpenPage) -> None:
    at = asked(open_page, "Korea")
    assert "“Korea” as “korea”" in texts(at)
    assert [header.value for header in at.header] == ["korea"]


def test_vectors_that_point_nowhere_still_have_a_page(open_page: OpenPage, home: Settings) -> None:
    matrix = np.array([[1, 0], [0, 0], [np.nan, 1], [np.inf, 2]], dtype=np.float32)
    save_vectors("odd", WordVectors(["a", "zero", "nan", "inf"], matrix), source="a test", settings=home)
    for word, not_finite in (("zero", 0), ("nan", 1), ("inf", 1)):
        at = asked(open_page, word, vectors="odd")
        assert not at.error
        assert not at.dataframe
        assert ("1 number of this vector is not finite" in texts(at)) == bool(not_finite)
        assert "Nothing is near a vector without a direction" in texts(at)


@pytest.mark.parametrize("word", ["", "   ", "<script>alert(1)</script>", "$x$ **b** [a](b)", "שלום", "x" * 200])
def test_whatever_is_typed_is_no_error(open_page: OpenPage, word: str) -> None:
    at = asked(open_page, word)
    assert not at.error
    assert not at.metric
    if not word.strip():
        assert "Type a word to see its page." in texts(at)


def test_a_link_with_too_long_a_word_is_told(open_page: OpenPage) -> None:
    at = asked(open_page, "x" * 10_000)
    assert "a text of at most 200 characters" in texts(at).replace("\\", "")
    assert not at.error


def test_alone_in_a_frame(open_page: OpenPage, embedded: None) -> None:
    at = asked(open_page, "king")
    assert metrics(at)[0] == ("Integer (row)", "691")
    assert "kings (3,948th)" in texts(at).replace("\\", "")
    for kind in ("button", "text_input", "selectbox", "radio"):
        assert not at.get(kind)


def test_a_button_in_a_table_opens_the_word_of_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    class Click:
        row = 1

    state: dict[str, Any] = {"open_word_x": Click()}
    monkeypatch.setattr(tables.st, "session_state", state)
    tables._open_row("open_word_x", ["king", "queen"])
    assert (state[keys.ASK], state[keys.WORD]) == ("Word", "queen")
    assert tables.WORD_PAGE in page.VIEWS
    Click.row = 2  # of a table that was longer
    state[keys.WORD] = "king"
    tables._open_row("open_word_x", ["king", "queen"])
    tables._open_row("of another table", ["king"])
    assert state[keys.WORD] == "king"
