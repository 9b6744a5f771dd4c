"""The maps that were made here, by anybody: they open at once."""

from __future__ import annotations


def show() -> None:
    """The newest maps, each with its link."""
