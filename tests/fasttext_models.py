"""Small fastText models for tests, trained by fastText itself on a few lines in several scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

LINES = [
    "the king and the queen eat an apple",
    "the kings walked where the queens were walking",
    "한국어 단어 임베딩 한국 사람 사람들이 학교에서 공부한다",
    "кошка и собака едят рыбу naïve café Straße",
    "👍 👩\u200d👩\u200d👧 猫 と 犬 🇰🇷",
]
UNKNOWN = ["kingdom", "walk", "한국인", "학교", "собаками", "👩\u200d👧", "🇰🇷🇰🇷", "x", "naive", "e\u0301", "犬猫",
           "日本語", "</S>",
           "a-much-longer-word-than-any-in-the-text", "\U0010ffff", "\u0000\u0001", "<", ">", "<>"]  # fmt: skip


def train(folder: Path, kind: str = "skipgram", **settings: Any) -> Path:
    """A model of 10 dimensions and 300 n-grams in `folder`; `kind` is skipgram, cbow, supervised or quantised."""
    fasttext = pytest.importorskip("fasttext")
    text, model = folder / "text.txt", folder / f"{kind}.bin"
    labelled = kind in ("supervised", "quantised")
    lines = [f"__label__{place % 2} {line}" if labelled else line for place, line in enumerate(LINES)]
    text.write_text("\n".join(lines * 3) + "\n", encoding="utf-8")
    # Each thread fills a tenth of the first weights (uniform in densematrix.cc): with fewer, what memory held stays.
    said = {"dim": 10, "minCount": 1, "epoch": 2, "thread": 10, "verbose": 0, "bucket": 300, **settings}
    if labelled:
        trained = fasttext.train_supervised(str(text), **said)
        if kind == "quantised":
            trained.quantize(input=str(text), qnorm=True, verbose=0)
    else:
        trained = fasttext.train_unsupervised(str(text), model=kind, **said)
    trained.save_model(str(model))
    return model
