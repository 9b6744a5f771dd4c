"""The form of an experiment: labelled texts, how they are divided, vectors, model, Start."""

from __future__ import annotations


def go_to_started() -> None:
    """On to the page of the experiment that was started just now, before anything else is drawn."""


def show() -> None:
    """Draw the form."""
