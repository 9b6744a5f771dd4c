"""All experiments, newest first, each with its link."""

from __future__ import annotations


def show() -> None:
    """One page of the list, and the way to the others."""
