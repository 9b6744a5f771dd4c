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
    cells = echarts_table(at, "similarity")
    pair = cells[(cells["word"] == "한국인") & (cells["other word"] == "kingdom")]
    assert pair["cosine"].tolist() == pytest.approx([vectors.similarity("한국인", "kingdom")], abs=1e-3)


def test_many_built_words_are_told_in_a_few_sentences(open_page: OpenPage, model: Settings) -> None:
    words = [f"한국사람{number}" for number in range(40)]
    at = open_page("compare", vectors="model", words=words)
    said = [info.value.replace("\\", "") for info in at.info]
    assert len(said) == 6
    assert said[-1].startswith("The vectors of 35 more words are built from their parts: “한국사람5”, ")
    assert said[-1].endswith("“한국사람16” and 23 more.")
    assert not at.warning


def test_how_a_vector_is_built_is_shown_on_the_page_of_the_word(open_page: OpenPage, model: Settings) -> None:
    at = open_page("compare", ask="Word", vectors="model", word="한국인")
    code = "\n".join(block.value for block in at.code)
    assert ">>> '한국인' in stoi\nFalse\n" in code
    assert "'<한국', '<한국인', '<한국인>', '한국인', '한국인>', '국인>'" in code
    assert f"{open_vectors('model', model).vector('한국인')[0]:.4f}" in code
    assert "stoi['한국인']" not in texts(at)


def test_a_word_that_has_no_parts_is_unknown(open_page: OpenPage, home: Settings, tmp_path: Path) -> None:
    import_vectors(train(tmp_path, minn=5), "model", settings=home)
    at = open_page("compare", vectors="model", words=["king", "犬猫"])  # “<犬猫>” has four characters
    assert not at.info
    assert len(at.warning) == 1
    assert "is not in model" in at.warning[0].value
