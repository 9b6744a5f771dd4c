"""What the Library page says of a job, and of where a file came from."""

from __future__ import annotations

from typing import Any

import pytest

from embedcore.downloads import without_secrets
from embedcore.runs import Run
from embedcore.runs.progress import JobProgress
from embedcore.ui.library_search import having
from embedcore.ui.library_words import STATES, ended, outcome, progress


def a_run(kind: str = "download", state: str = "finished", **more: Any) -> Run:
    return Run("0" * 23, kind, "a name", more.pop("config", {"name": "mine"}), state=state, created=0.0, **more)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (None, "About to begin"),
        (JobProgress("fetching", 0.1, 0.2, 5_000_000, None, None, None), "Fetching · 5.0 MB"),
        (
            JobProgress("fetching", 0.1, 0.2, 5_000_000, 2_030_000_000, 11e6, 184.0),
            "Fetching · 5.0 MB of 2.0 GB · 11.0 MB a second · 3 min left",
        ),
        (JobProgress("reading", 0.5, 0.25, None, None, None, 40.0), "Reading · 25% · 40 s left"),
        (JobProgress("indexing", 0.9, 0.0, None, None, None, None), "Putting in order · 0%"),
        (JobProgress("writing", 1.0, 1.0, None, None, None, 0.0), "Writing · 100% · under 1 s left"),
    ],
)
def test_how_far_a_job_is(now: JobProgress | None, said: str) -> None:
    assert progress(now) == said


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (a_run(result={"name": "mine", "rows": 1, "dim": 3, "read": {}}), "“mine” is here: 1 word × 3."),
        (
            a_run(
                "import",
                result={
                    "name": "우리", "rows": 2_000, "dim": 300,
                    "read": {"skipped": {"a repeated word": 3, "cut short": 1}, "notes": ["It was cut."]},
                },
            ),
            "“우리” is here: 2,000 words × 300. 4 rows were skipped: a repeated word (3), cut short (1). It was cut.",
        ),
        (a_run(config={}, result={"bytes": 1_234}), "The file is here, 1.2 kB."),
        (a_run("export", result={"bytes": 5, "said": "Mind that."}), "The file is ready, 5 bytes. Mind that."),
    ],
)  # fmt: skip
def test_what_a_finished_job_brought(run: Run, said: str) -> None:
    assert outcome(run) == said


def test_why_a_job_ended_early() -> None:
    assert ended(a_run(state="failed", error="The disk is full.")) == "The disk is full."
    assert "goes on from what is here" in ended(a_run(state="stopped"))
    assert "begins anew" in ended(a_run("import", state="stopped"))


def test_every_state_has_a_word() -> None:
    assert set(STATES) == {"queued", "running", "finished", "stopped", "failed", "interrupted"}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.org/b.vec?key=secret#x", "https://a.org/b.vec"),
        ("http://me:word@a.org:8080/b.vec", "http://a.org:8080/b.vec"),
    ],
)
def test_no_secret_of_an_address_is_kept(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


def test_finding_knows_no_case_and_no_composition() -> None:
    items = ["한국어 Vectors", "\u1112\u1161\u11ab글", "STRASSE"]
    assert having(items, "vectors 한국어", str) == items[:1]
    assert having(items, "한글", str) == items[1:2]
    assert having(items, "straße", str) == items[2:]
    assert having(items, "  ", str) == items
