"""The sentences that users read."""

from __future__ import annotations

import pytest

from embedcore import errors
from embedcore.errors import EmbedcoreError, UnknownRun, UnknownVectors, UnknownWord


def test_every_error_is_in_the_one_tree() -> None:
    classes = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert len(classes) > 5
    assert all(issubclass(kind, EmbedcoreError) for kind in classes)


def test_unknown_word_names_the_set_and_near_spellings() -> None:
    error = UnknownWord("kign", "glove.6B.50d", ["king", "kin"])
    assert str(error) == "“kign” is not in glove.6B.50d. Near: king, kin."
    assert error.near == ("king", "kin")


def test_unknown_word_without_anything_near() -> None:
    assert str(UnknownWord("kign")) == "“kign” is not in this set."


def test_unknown_word_is_a_key_error_too() -> None:
    with pytest.raises(KeyError):
        raise UnknownWord("kign")


def test_unknown_vectors_names_those_that_are_here() -> None:
    assert str(UnknownVectors("mine", ["a", "b"])) == "There is no vector set “mine” here. Here are: a, b."
    assert str(UnknownVectors("mine")) == "There is no vector set “mine” here."


def test_unknown_run() -> None:
    assert "“abc”" in str(UnknownRun("abc"))
