"""All of Google's analogy questions on all of GloVe, by the code that the page's one question takes.

The questions come with gensim: Mikolov et al. 2013, "Efficient Estimation of Word Representations in
Vector Space".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embedcore.vectors import WordVectors
from tests.gensim_sets import keyed_vectors

Question = tuple[str, str, str, str]


@pytest.fixture(scope="module")
def sections() -> dict[str, list[Question]]:
    """The questions by the name of their section, lower-cased as the words of the set are."""
    from gensim.test.utils import datapath

    found: dict[str, list[Question]] = {}
    for line in Path(datapath("questions-words.txt")).read_text(encoding="utf-8").splitlines():
        if line.startswith(":"):
            section = found.setdefault(line[1:].strip(), [])
        else:
            a, b, c, d = line.lower().split()
            section.append((a, b, c, d))
    return found


def test_shares_of_right_answers(glove: WordVectors, sections: dict[str, list[Question]]) -> None:
    """48.46 % of the semantic, 44.36 % of the syntactic and 46.22 % of all, none left out.

    The same as gensim's `evaluate_word_analogies` with `restrict_vocab=400000`.
    """
    questions = [question for section in sections.values() for question in section]
    assert len(questions) == 19_544
    answers = glove.analogies([(a, b, c) for a, b, c, _ in questions])
    right = iter([near[0].word == d for near, (_, _, _, d) in zip(answers, questions, strict=True)])
    by_section = {name: [next(right) for _ in section] for name, section in sections.items()}

    def share(syntactic: set[bool]) -> float:
        return 100 * float(np.mean([r for name in sections if name.startswith("gram") in syntactic
                                    for r in by_section[name]]))  # fmt: skip

    assert [round(share(kinds), 2) for kinds in ({False}, {True}, {False, True})] == [48.46, 44.36, 46.22]


def test_3cosmul_gives_gensims_answers(glove: WordVectors, sections: dict[str, list[Question]]) -> None:
    """One question of each section, from its middle: the first ten words and their scores."""
    keyed = keyed_vectors(glove)
    chosen = [section[len(section) // 2] for section in sections.values()]
    ours = glove.analogies([(a, b, c) for a, b, c, _ in chosen], 10, method="mul")
    for near, (a, b, c, _) in zip(ours, chosen, strict=True):
        theirs = keyed.most_similar_cosmul(positive=[b, c], negative=[a], topn=10)
        assert [n.word for n in near] == [word for word, _ in theirs]
        np.testing.assert_allclose([n.similarity for n in near], [score for _, score in theirs], atol=1e-6)
