"""Some words of a set as a set of their own."""

from __future__ import annotations

import numpy as np
import pytest

from embedcore import library
from embedcore.errors import BadVectors
from embedcore.maps.part import part_of, source_of
from embedcore.settings import Settings
from embedcore.vectors import WordVectors

WORDS = ["the", "왕", "Queen", "apple", "𝒳", "zero"]


def vectors() -> WordVectors:
    matrix = np.random.default_rng(3).standard_normal((6, 4)).astype(np.float32)
    matrix[5] = 0
    return WordVectors(WORDS, matrix, name="mine")


def test_words_keep_their_order_and_their_vectors_to_the_bit() -> None:
    whole = vectors()
    part = part_of(whole, np.array([5, 1, 3, 1]))
    assert list(part.tokens) == ["왕", "apple", "zero"]
    assert part.matrix.tobytes() == whole.matrix[[1, 3, 5]].tobytes()
    assert part.norms.tolist() == pytest.approx(np.linalg.norm(whole.matrix[[1, 3, 5]], axis=1).tolist())
    assert part.similarity("왕", "apple") == whole.similarity("왕", "apple")
    assert (part.lowercased, part.name) == (False, "mine")


def test_a_part_of_a_lower_cased_set_is_asked_in_lower_case(glove: WordVectors) -> None:
    part = part_of(glove, np.array([glove.row("korea"), glove.row("seoul")]))
    assert part.find("Korea") == "korea"
    # As words that have no case would be in a set that was not lowered: there `KOREA` means nothing.
    assert part_of(vectors(), np.array([1, 3])).find("APPLE") is None


def test_a_part_is_its_own_copy() -> None:
    matrix = np.ones((6, 4), dtype=np.float32)
    part = part_of(WordVectors(WORDS, matrix), np.array([0, 1]))
    matrix[:] = 7
    assert part.matrix.tolist() == [[1.0] * 4] * 2


def test_rows_that_are_not_there_are_refused() -> None:
    with pytest.raises(BadVectors, match="no word"):
        part_of(vectors(), np.array([], dtype=np.int64))
    for row in (-1, 6):
        with pytest.raises(BadVectors, match="not all among the 6"):
            part_of(vectors(), np.array([0, row]))


def test_a_part_is_kept_with_where_it_is_from(home: Settings) -> None:
    source = source_of("mine", "a test", 2)
    assert source == "2 words of mine, chosen on its map; mine is from: a test"
    assert source_of("mine", "", 1) == "1 word of mine, chosen on its map"
    library.save_vectors("part", part_of(vectors(), np.array([1, 2])), source=source, licence="CC0", settings=home)
    kept = library.open_vectors("part", home)
    assert list(kept.tokens) == ["왕", "Queen"]
    assert kept.matrix.tobytes() == vectors().matrix[1:3].tobytes()
    (info,) = [info for info in library.list_vectors(home) if info.name == "part"]
    assert (info.source, info.licence) == (source, "CC0")
