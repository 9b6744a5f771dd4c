"""The Compare page on a fastText model: words that it does not know are built from their parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from embedcore.importing import import_vectors
from embedcore.library import open_vectors
from embedcore.settings import Settings

from ..fasttext_models import train
from .conftest import echarts_table, texts

OpenPage = Callable[..., AppTest]


@pytest.fixture
def model(home: Settings, tmp_path: Path) -> Settings:
    """A home with the set "model"."""
    import_vectors(train(tmp_path), "model", settings=home)
    return home


def test_a_word_built_from_its_parts_is_said_and_compared(open_page: OpenPage, model: Settings) -> None:
    at = open_page("compare", vectors="model", words=["king", "한국인", "kingdom"])
    vectors = open_vectors("model", model)
    said = [info.value.replace("\\", "") for info in at.info]  # it is Markdown
    assert len(said) == 2
    assert said[0].startswith("“한국인” is not in this set; its vector is built from its parts.")
    assert said[1].startswith("“kingdom” is not in this set; its vector is built from its parts.")
    assert "Near: king" in said[1]
    assert not at.warning
    tables = [list(table.value["word"]) for table in at.dataframe]
    assert tables == [[n.word for n in vectors.most_similar(word)] for word in ("king", "한국인", "kingdom")]
    cells = echarts_table(at, "similarity")
    pair = cells[(cells["word"] == "한국인") & (cells["other word"] == "kingdom")]
    assert pair["cosine"].tolist() == pytest.approx([vectors.similarity("한국인", "kingdom")], abs=1e-3)
    labels = [expander.label for expander in at.expander]
    assert labels[0].startswith("king: row ")
    assert labels[1:] == ["한국인: no row, built from its parts", "kingdom: no row, built from its parts"]
    code = at.code[1].value
    assert ">>> '한국인' in stoi\nFalse\n" in code
    assert "'<한국', '<한국인', '<한국인>', '한국인', '한국인>', '국인>'" in code
    assert f"{vectors.vector('한국인')[0]:.4f}" in code
    assert "stoi['한국인']" not in texts(at)


def test_a_word_that_has_no_parts_is_unknown(open_page: OpenPage, home: Settings, tmp_path: Path) -> None:
    import_vectors(train(tmp_path, minn=5), "model", settings=home)
    at = open_page("compare", vectors="model", words=["king", "犬猫"])  # “<犬猫>” has four characters
    assert not at.info
    assert len(at.warning) == 1
    assert "is not in model" in at.warning[0].value
