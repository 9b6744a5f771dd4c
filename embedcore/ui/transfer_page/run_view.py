"""One experiment: how far it is, the answer, and what came of its fits."""

from __future__ import annotations


def show(run_id: str) -> None:
    """The page of one experiment. Raises UnknownRun for a link that leads nowhere."""
