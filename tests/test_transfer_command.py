"""The command `transfer`: its figures held to the experiment's own, its table, its notes, its errors, Ctrl-C."""

from __future__ import annotations

import gzip
import json
import os
import re
import select
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from embedcore import transfer_command
from embedcore.__main__ import main
from embedcore.library import save_vectors
from embedcore.settings import Settings
from embedcore.transfer.answers import Point
from embedcore.transfer.config import FROZEN, SCRATCH, STARTS, TUNED, TransferConfig
from embedcore.transfer.experiment import Experiment
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.results import Task
from embedcore.transfer.splitting import split_texts
from embedcore.vectors import WordVectors
from tests.transfer_texts import labelled, vectors

ROOT = Path(__file__).parent.parent


def rows_of(data: LabelledTexts) -> list[tuple[str, ...]]:
    return [(data.classes[label], text) for label, text in zip(data.labels.tolist(), data.texts, strict=True)]


ROWS = rows_of(labelled(60))
OTHERS = rows_of(labelled(20, 9))
QUICK: dict[str, Any] = {"hidden": 8, "epochs": 2}  # what the command has no option for
ONE = ["--vectors", "clouds", "--sizes", "--seeds", "1"]  # a fit from each start
SEVERAL = ["--vectors", "clouds", "--sizes", "10", "--seeds", "2"]
SCRATCH_ONLY = ["--starts", "scratch", "--sizes", "--seeds", "1"]


@pytest.fixture
def clouds(home: Settings) -> Settings:
    """A home with the set "clouds", which knows the telling words."""
    save_vectors("clouds", vectors(), source="test", settings=home)
    return home


@pytest.fixture
def quick(clouds: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The same; fits are small and few passes long."""
    monkeypatch.setattr(transfer_command, "TransferConfig", partial(TransferConfig, **QUICK))
    return clouds


@pytest.fixture
def file(tmp_path: Path) -> str:
    return write(tmp_path / "a.tsv", ROWS)


def write(path: Path, rows: list[tuple[str, ...]], header: tuple[str, ...] | None = None) -> str:
    """A table of tabs; its path as an argument."""
    path.write_text("\n".join("\t".join(row) for row in ([header] if header else []) + rows), encoding="utf-8")
    return str(path)


def told(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[str, list[str]]:
    """Standard output of an experiment that goes well, and the lines on standard error, but for the bar's."""
    status = main(["transfer", *argv])
    out, err = capsys.readouterr()
    assert status == 0, err
    return out, [line for line in err.splitlines() if line and not line.startswith("Fitting")]


def result(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(told(capsys, *argv, "--json")[0])
    return value


def error(capsys: pytest.CaptureFixture[str], *argv: str) -> list[str]:
    """The lines on standard error of an experiment that fails; the last says why."""
    try:
        status = main(["transfer", *argv])
    except SystemExit as leaving:  # argparse's way
        status = leaving.code  # type: ignore[assignment]
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert "Traceback" not in err
    assert "should not" not in err  # that is said of what nobody foresaw
    return err.splitlines()


def without_seconds(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: value for name, value in point.items() if name != "seconds"} for point in found["points"]]


def accuracies(found: dict[str, Any]) -> list[float]:
    return [point["accuracy"] for point in found["points"]]


# Its figures


def test_the_object_has_every_key(quick: Settings, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = result(capsys, file, *SEVERAL)
    assert list(found) == [
        "points", "answer", "helps", "level_from", "coverage", "texts", "labels", "config", "status", "fits", "of",
    ]  # fmt: skip
    assert found["texts"] == {"train": 34, "validation": 8, "test": 18}  # of 30 a class, 0.3 are 9 and 0.15 are 4
    assert found["labels"] == ["neg", "pos"]
    assert (found["status"], found["fits"], found["of"]) == ("finished", 12, 12)
    expected = TransferConfig(pretrained="clouds", sizes=(10,), seeds=2, **QUICK).to_json()
    assert found["config"] == expected
    assert [(point["start"], point["size"]) for point in found["points"]] == [
        (start, size) for start in STARTS for size in (10, 34)
    ]
    for point in found["points"]:
        assert set(point) == set(Point.__dataclass_fields__)
        assert point["fits"] == 2
        assert point["seconds"] > 0
        assert 0 <= point["low"] <= point["accuracy"] <= point["high"] <= 1
    frozen, tuned = (next(p["trained"] for p in found["points"] if p["start"] == start) for start in (FROZEN, TUNED))
    assert frozen == 12 * 8 + 8 + 8 * 2 + 2  # two layers: 12 numbers to 8 units, 8 units to 2 classes
    assert tuned > frozen


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        (["--seed", "5"], {"seed": 5}),
        (["--model", "convolution", "--starts", "frozen"], {"model": "convolution", "starts": (FROZEN,)}),
        (["--starts", "tuned", "scratch"], {"starts": (SCRATCH, TUNED)}),
    ],
)
def test_the_figures_are_those_of_the_experiment(
    quick: Settings, file: str, capsys: pytest.CaptureFixture[str], options: list[str], settings: dict[str, Any]
) -> None:
    config = TransferConfig(pretrained="clouds", sizes=(10,), seeds=2, **{**QUICK, **settings})
    data = LabelledTexts.of([text for _, text in ROWS], [label for label, _ in ROWS])
    split = split_texts(data, seed=config.seed, validation=0.15, test=0.3)
    made = Experiment(data, split, config, vectors())
    assert made.run() == "finished"

    found = result(capsys, file, *SEVERAL, *options)
    assert found["config"] == config.to_json()
    labels = data.labels[split.test]
    assert len(found["points"]) == 2 * len(config.starts)
    for point in found["points"]:
        answers = [made.finished[Task(point["start"], point["size"], seed)].answers for seed in config.every_seed]
        shares = [np.mean(each == labels) for each in answers]
        scores = [f1_score(labels, each, average="macro") for each in answers]
        assert (point["accuracy"], point["low"], point["high"]) == pytest.approx(
            (np.mean(shares), min(shares), max(shares))
        )
        assert (point["macro_f1"], point["f1_low"], point["f1_high"]) == pytest.approx(
            (np.mean(scores), min(scores), max(scores))
        )


def test_settings_that_nobody_gave_are_those_of_the_experiment(
    home: Settings, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = TransferConfig(starts=(SCRATCH,), sizes=(), seeds=1)
    data = LabelledTexts.of([text for _, text in ROWS], [label for label, _ in ROWS])
    made = Experiment(data, split_texts(data, validation=0.15, test=0.3), config)
    made.run()
    found = result(capsys, file, *SCRATCH_ONLY)
    assert found["config"] == config.to_json()
    assert accuracies(found) == [made.finished[Task(SCRATCH, 34, 1)].accuracy]


def test_coverage_counts_the_words_of_all_texts(quick: Settings, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    known, words = set(vectors().tokens), [word for _, text in ROWS for word in text.split()]
    found = result(capsys, file, *ONE)["coverage"]
    assert (found["words"], found["known"]) == (len(set(words)), len(set(words) & known))
    assert (found["tokens"], found["known_tokens"]) == (600, sum(word in known for word in words))
    assert found["share"] == pytest.approx(len(set(words) & known) / len(set(words)))
    assert found["token_share"] == pytest.approx(sum(word in known for word in words) / 600)
    assert set(found["missing"]) == set(words) - known
    counts = [words.count(word) for word in found["missing"]]
    assert counts == sorted(counts, reverse=True)


def test_the_tokenizer_is_taken(quick: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.tsv", [(label, f"{text.capitalize()}!") for label, text in ROWS])
    words, pieces = (result(capsys, path, *ONE, "--tokenizer", name)["coverage"] for name in ("words", "whitespace"))
    assert words["tokens"] == pieces["tokens"] == 600
    assert pieces["known_tokens"] < words["known_tokens"]  # “good1!” is another word than “good1”
    assert any(piece.endswith("!") for piece in pieces["missing"])


def test_pretrained_vectors_that_know_the_words_help(
    quick: Settings, file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_command, "TransferConfig", partial(TransferConfig, hidden=30))
    found = result(capsys, file, "--vectors", "clouds", "--sizes", "--seeds", "3", "--starts", "scratch", "frozen")
    scratch, frozen = accuracies(found)
    assert found["helps"] is True
    assert frozen > scratch
    assert found["answer"][0].startswith("With 34 examples, the frozen vectors are ahead by ")
    assert f"({100 * frozen:.1f} % against {100 * scratch:.1f} %)" in found["answer"][0]


def test_the_same_seed_gives_the_same_and_another_divides_otherwise(
    quick: Settings, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    one, again, other = (result(capsys, file, *ONE, "--seed", seed) for seed in ("3", "3", "4"))
    assert without_seconds(one) == without_seconds(again)
    assert without_seconds(one) != without_seconds(other)


# What people see


def point(start: str, size: int, accuracy: float, f1: float) -> Point:
    return Point(start, size, 2, accuracy, accuracy - 0.02, accuracy + 0.01, f1, f1 - 0.05, f1 + 0.05, 1.0, 100)


def test_the_table() -> None:
    found = [point(SCRATCH, 20, 0.5, 0.4), point(SCRATCH, 1_000, 0.75, 0.7), point(TUNED, 20, 0.9, 0.85)]
    assert transfer_command.table(found, uneven=False) == [
        "   texts  scratch              tuned               test accuracy, %",
        "      20  50.0 (48.0–51.0)     90.0 (88.0–91.0)",
        "   1,000  75.0 (73.0–76.0)",  # no fit of it yet
    ]
    both = transfer_command.table(found, uneven=True)
    assert both[:3] == transfer_command.table(found, uneven=False)
    assert both[3].endswith(" test macro-F1, %")
    assert both[4] == "      20  40.0 (35.0–45.0)     85.0 (80.0–90.0)"
    assert transfer_command.table([], uneven=False)[1:] == []


def test_people_see_the_numbers_of_the_object(quick: Settings, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = result(capsys, file, *SEVERAL)
    lines = told(capsys, file, *SEVERAL)[0].splitlines()
    assert lines[0].split() == ["texts", *STARTS, "test", "accuracy,", "%"]
    for line, size in zip(lines[1:3], (10, 34), strict=True):
        numbers = [float(number) for number in re.findall(r"[\d.]+", line)]
        points = [each for each in found["points"] if each["size"] == size]
        expected = [100 * each[name] for each in points for name in ("accuracy", "low", "high")]
        assert numbers == pytest.approx([size, *expected], abs=0.051)
    assert lines[3:-1] == found["answer"]
    known = found["coverage"]
    assert lines[-1] == (
        f"“clouds” has {known['known']:,} of the {known['words']:,} different words, "
        f"{100 * known['token_share']:.1f} % of all as they stand in the text. It lacks {', '.join(known['missing'])}."
    )
    assert len(known["missing"]) == 10


def test_ten_words_that_the_set_lacks_are_named(quick: Settings, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    save_vectors("few", WordVectors(["good1", "bad1"], np.eye(2, dtype=np.float32)), source="test", settings=quick)
    options = ["--vectors", "few", "--starts", "frozen", "--sizes", "--seeds", "1"]
    missing = result(capsys, file, *options)["coverage"]["missing"]
    assert len(missing) == 20
    last = told(capsys, file, *options)[0].splitlines()[-1]
    assert last.startswith("“few” has 2 of the ")
    assert last.endswith(f" It lacks {', '.join(missing[:10])}, ….")


def test_one_object_on_standard_output_and_notes_on_standard_error(
    quick: Settings, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["transfer", file, *SEVERAL, "--json"]) == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    assert isinstance(json.loads(out), dict)
    notes = err.splitlines()
    assert notes[:3] == [
        "“a.tsv”: The first line names no columns, so it counts as an example.",
        "“a.tsv”: 60 texts, text from “column 2”, label from “column 1”.",
        "The test part has 18 texts, so that one answer more or less moves the accuracy by 5.6 points.",
    ]
    assert re.fullmatch(r"12 fits, about \d+ s\. Ctrl-C shows what there is by then\.", notes[3])
    assert "Fitting: 12/12" in err
    assert re.search(r"left, tuned 34: \d+\.\d %", err)


@pytest.mark.parametrize(("seconds", "shown"), [(0.2, "0 s"), (99.4, "99 s"), (100.0, "2 min"), (7_200.0, "120 min")])
def test_how_long_it_will_take_is_told_first(
    quick: Settings, file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, seconds: float,
    shown: str,
) -> None:  # fmt: skip
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(
        "embedcore.transfer.expected.expected_seconds", lambda *given: (asked.append(given), seconds)[1]
    )
    assert f"3 fits, about {shown}. Ctrl-C shows what there is by then." in told(capsys, file, *ONE)[1]
    # Tokens a text, texts to learn from, to stop by and to ask about, numbers a vector, classes.
    assert [given[1:] for given in asked] == [(10.0, 34, 8, 18, 12, 2)]


def test_scratch_alone_needs_no_set(quick: Settings, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = result(capsys, file, *SCRATCH_ONLY, "--vectors", "nope")
    assert [point["start"] for point in found["points"]] == [SCRATCH]
    assert (found["coverage"], found["helps"], found["level_from"]) == (None, None, None)
    assert found["config"]["pretrained"] is None
    lines = told(capsys, file, *SCRATCH_ONLY)[0].splitlines()
    assert len(lines) == 2  # nothing is compared, so nothing is said
    assert lines[0].split() == ["texts", "scratch", "test", "accuracy,", "%"]
    assert lines[1].split()[:2] == ["34", f"{100 * accuracies(found)[0]:.1f}"]


def test_uneven_labels_have_a_table_of_macro_f1(
    quick: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row for number, row in enumerate(ROWS) if row[0] == "pos" or number % 6 == 1]  # 30 and 10
    path = write(tmp_path / "uneven.tsv", rows)
    found = result(capsys, path, *ONE)
    out, notes = told(capsys, path, *ONE)
    lines = out.splitlines()
    assert [line.split()[-2:] for line in (lines[0], lines[2])] == [["accuracy,", "%"], ["macro-F1,", "%"]]
    shown = [float(number) for number in re.findall(r"[\d.]+", lines[3])[1::3]]
    assert shown == pytest.approx([100 * point["macro_f1"] for point in found["points"]], abs=0.051)
    assert any("The labels are uneven" in sentence or "most frequent label" in sentence for sentence in found["answer"])
    assert any(note.startswith("75 % of the texts are “pos”") for note in notes)


# Files, columns and parts


def test_every_kind_of_file_gives_the_same(quick: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = result(capsys, write(tmp_path / "a.tsv", ROWS), *SCRATCH_ONLY)
    write(tmp_path / "lines.txt", ROWS)
    (tmp_path / "a.csv").write_text("\n".join(["text,label", *(f'"{text}",{label}' for label, text in ROWS)]))
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps({"text": text, "label": label}) for label, text in ROWS))
    (tmp_path / "a.tsv.gz").write_bytes(gzip.compress((tmp_path / "a.tsv").read_bytes()))
    for name in ("lines.txt", "a.csv", "a.jsonl", "a.tsv.gz"):
        assert without_seconds(result(capsys, str(tmp_path / name), *SCRATCH_ONLY)) == without_seconds(plain), name


def test_several_files_are_one(quick: Settings, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = write(tmp_path / "one.tsv", ROWS[:25]), write(tmp_path / "two.tsv", ROWS[25:40])
    three = tmp_path / "three.jsonl"
    three.write_text("\n".join(json.dumps({"text": text, "label": label}) for label, text in ROWS[40:]))
    out, notes = told(capsys, one, two, str(three), *ONE, "--json")
    assert without_seconds(json.loads(out)) == without_seconds(result(capsys, file, *ONE))
    for name, count, columns in (("one.tsv", 25, 1), ("two.tsv", 15, 1), ("three.jsonl", 20, 0)):
        read = "text from “column 2”, label from “column 1”" if columns else "text from “text”, label from “label”"
        assert f"“{name}”: {count} texts, {read}." in notes


def test_a_file_for_each_class(quick: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [write(tmp_path / f"{name}.tsv", [row for row in ROWS if row[0] == name]) for name in ("neg", "pos")]
    found = result(capsys, *paths, *ONE)
    assert found["labels"] == ["neg", "pos"]
    assert found["texts"] == {"train": 34, "validation": 8, "test": 18}


def test_a_file_of_test_texts(quick: Settings, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = result(capsys, file, *ONE, "--test", write(tmp_path / "b.tsv", OTHERS))
    assert right["texts"] == {"train": 52, "validation": 8, "test": 20}
    swapped = [({"pos": "neg", "neg": "pos"}[label], text) for label, text in OTHERS]
    wrong = result(capsys, file, *ONE, "--test", write(tmp_path / "c.tsv", swapped))
    assert accuracies(wrong) == pytest.approx([1 - share for share in accuracies(right)])
    assert accuracies(right) != pytest.approx(accuracies(wrong))


def test_a_column_says_the_parts(
    quick: Settings, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = result(capsys, file, *ONE, "--test", write(tmp_path / "b.tsv", OTHERS))
    rows = [("train", *row) for row in ROWS] + [("test", *row) for row in OTHERS]
    odd = write(tmp_path / "odd.tsv", rows, ("fold", "kind", "words"))
    columns = ["--part-column", "fold", "--label-column", "kind", "--text-column", "words"]
    out, notes = told(capsys, odd, *ONE, *columns, "--json")
    assert without_seconds(json.loads(out)) == without_seconds(expected)
    assert json.loads(out)["texts"] == {"train": 52, "validation": 8, "test": 20}
    assert "“odd.tsv”: 80 texts, text from “words”, label from “kind”, part from “fold”." in notes
    usual = write(tmp_path / "usual.tsv", rows, ("split", "label", "text"))
    assert without_seconds(result(capsys, usual, *ONE)) == without_seconds(expected)  # found out


def test_validation_texts_that_are_marked_are_the_validation(
    quick: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = ["학습"] * 40 + ["검증"] * 6 + ["평가"] * 14
    rows = [(part, *row) for part, row in zip(parts, ROWS, strict=True)]
    found = result(capsys, write(tmp_path / "a.tsv", rows, ("구분", "label", "text")), *ONE)
    assert found["texts"] == {"train": 40, "validation": 6, "test": 14}


def test_a_file_of_test_texts_counts_more_than_parts_that_were_found_out(
    quick: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [(("train", "test")[number % 2], *row) for number, row in enumerate(ROWS)]
    path = write(tmp_path / "a.tsv", rows, ("split", "label", "text"))
    out, notes = told(capsys, path, *ONE, "--test", write(tmp_path / "b.tsv", OTHERS), "--json")
    assert json.loads(out)["texts"] == {"train": 52, "validation": 8, "test": 20}
    assert "“a.tsv”: 60 texts, text from “text”, label from “label”." in notes


def test_columns_that_are_chosen(
    quick: Settings, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [(label, ("x", "y", "z")[number % 3], f"a remark of no use {number} " * 5, text)
            for number, (label, text) in enumerate(ROWS)]  # fmt: skip
    path = write(tmp_path / "b.tsv", rows, ("mood", "kind", "remark", "words"))
    out, notes = told(capsys, path, *ONE, "--text-column", "words", "--label-column", "mood", "--json")
    assert without_seconds(json.loads(out)) == without_seconds(result(capsys, file, *ONE))
    assert "“b.tsv”: 60 texts, text from “words”, label from “mood”." in notes
    out, notes = told(capsys, path, *ONE, "--label-column", "kind", "--json")
    assert json.loads(out)["labels"] == ["x", "y", "z"]
    assert "“b.tsv”: 60 texts, text from “remark”, label from “kind”." in notes


def test_the_guess_of_the_text_gives_way_to_a_label(
    quick: Settings, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "b.tsv", ROWS, ("content", "words"))  # “content” is what texts are called
    out, notes = told(capsys, path, *ONE, "--label-column", "content", "--json")
    assert "“b.tsv”: 60 texts, text from “words”, label from “content”." in notes
    assert without_seconds(json.loads(out)) == without_seconds(result(capsys, file, *ONE))


def test_the_guess_of_the_label_gives_way_to_a_text(
    quick: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "b.tsv", ROWS, ("label", "text"))
    last = error(capsys, path, *ONE, "--text-column", "label")[-1]
    assert last == "embedcore: Give 3 texts or more of two labels at least."  # the other column, where none repeats
    both = error(capsys, path, *ONE, "--text-column", "text", "--label-column", "text")[-1]
    assert both == "embedcore: Text, label and part need a column each; one was chosen twice."


def test_rows_without_a_label_are_left_out_and_told(
    quick: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("", text) if number < 3 else (label, text) for number, (label, text) in enumerate(ROWS)]
    out, notes = told(capsys, write(tmp_path / "a.tsv", rows, ("label", "text")), *ONE, "--json")
    assert "“a.tsv”: 3 rows have no label: left out." in notes
    assert sum(json.loads(out)["texts"].values()) == 57


def test_test_texts_that_are_learned_from_are_told(
    quick: Settings, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leaked = [*OTHERS, (ROWS[0][0], f"{ROWS[0][1].upper()}!")]  # case and punctuation do not count
    notes = told(capsys, file, *ONE, "--test", write(tmp_path / "b.tsv", leaked))[1]
    (note,) = [note for note in notes if "fair judge" in note]
    assert re.match(r"1 of the 21 test texts is also in (training|validation), such as “WORD", note)
    clean = told(capsys, file, *ONE, "--test", write(tmp_path / "c.tsv", OTHERS))[1]
    assert not [note for note in clean if "fair judge" in note]


def korean_rows() -> list[tuple[str, str]]:
    rng = np.random.default_rng(1)
    telling = {"긍정": ["훌륭하다", "즐겁다", "아름답다"], "부정": ["지루하다", "아쉽다", "어둡다"]}
    other = ["영화", "배우", "음악", "이야기", "장면", "감독"]
    labels = ["긍정", "부정"] * 20
    return [(label, " ".join([rng.choice(telling[label]), *rng.permutation(other)[:4]])) for label in labels]


def test_korean(quick: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = ["훌륭하다", "지루하다", "영화", "배우"]
    save_vectors("한국어", WordVectors(known, np.eye(4, dtype=np.float32)), source="test", settings=quick)
    rows = korean_rows()
    path = tmp_path / "영화평.tsv"
    path.write_bytes("\n".join(["감정\t리뷰", *("\t".join(row) for row in rows)]).encode("cp949"))
    options = ["--vectors", "한국어", "--sizes", "--seeds", "1"]
    out, notes = told(capsys, str(path), *options, "--json")
    assert "긍정" in out  # as it is, not as \u escapes
    found = json.loads(out)
    assert found["labels"] == ["긍정", "부정"]
    assert "“영화평.tsv”: 40 texts, text from “리뷰”, label from “감정”." in notes
    assert any("CP949" in note for note in notes)
    words = [word for _, text in rows for word in text.split()]
    assert found["coverage"]["known"] == 4
    assert found["coverage"]["known_tokens"] == sum(word in known for word in words)
    last = told(capsys, str(path), *options, "--encoding", "cp949")[0].splitlines()[-1]
    assert last.startswith(f"“한국어” has 4 of the {len(set(words))} different words, ")
    assert set(found["coverage"]["missing"]) == set(words) - set(known)


def test_labels_in_either_form_of_unicode_are_one(
    quick: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [(unicodedata.normalize("NFD", label) if number % 3 else label, text)
            for number, (label, text) in enumerate(korean_rows())]  # fmt: skip
    found = result(capsys, write(tmp_path / "a.tsv", rows), *SCRATCH_ONLY)
    assert found["labels"] == ["긍정", "부정"]


def test_control_characters_do_not_reach_the_terminal(
    quick: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("\x1b[31mred" if number < 2 else label, text) for number, (label, text) in enumerate(ROWS)]
    notes = told(capsys, write(tmp_path / "a\x1b[31m.tsv", rows), *SCRATCH_ONLY)[1]
    assert "“a\\x1b[31m.tsv”: 60 texts, text from “column 2”, label from “column 1”." in notes
    assert any(note.startswith("“\\x1b[31mred” has fewer than 3 texts") for note in notes)
    assert not any("\x1b" in note for note in notes)
    path = write(tmp_path / "b.tsv", ROWS, ("label", "wo\x1b[31mrds"))
    notes = told(capsys, path, *SCRATCH_ONLY)[1]
    assert "“b.tsv”: 60 texts, text from “wo\\x1b[31mrds”, label from “label”." in notes


# What cannot be


def bad_file(path: Path, kind: str) -> None:
    contents: dict[str, bytes] = {
        "empty": b"",
        "blank": b"\n \n",
        "binary": bytes(range(256)) * 20,
        "a picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(200),
        "no tab": "\n".join(text for _, text in ROWS).encode(),
        "one class": "\n".join(f"pos\t{text}" for _, text in ROWS).encode(),
        "five": "\n".join(f"{label}\t{text}" for label, text in ROWS[:5]).encode(),
        "damaged": gzip.compress("\n".join(f"{label}\t{text}" for label, text in ROWS).encode())[:-30],
        "no object": b'{"label": "pos", "text": "cut o',
    }
    path.write_bytes(contents[kind])


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        ("empty", "a.tsv", "“a.tsv” is empty."),
        ("blank", "a.tsv", "“a.tsv” holds no text."),
        ("binary", "a.tsv", "“a.tsv” holds zero bytes, so it is no text."),
        ("a picture", "a.tsv", "“a.tsv” is a picture, so there is no text to read."),
        ("no tab", "a.txt", "No labels were found in “a.txt”. Write an example on each line: the label, a tab, "),
        ("no tab", "a.tsv", "No labels were found in “a.tsv”. Write an example on each line: the label, a tab, "),
        ("one class", "a.tsv", "All texts have the label “pos”. To tell classes apart, give texts of two."),
        ("five", "a.tsv", "There are 5 examples in all. Give 10 at least; a few hundred show something."),
        ("damaged", "a.tsv.gz", "“a.tsv.gz”"),
        ("no object", "a.jsonl", "No line of “a.jsonl” is a JSON object"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_used(
    clouds: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, name: str, sentence: str
) -> None:
    bad_file(tmp_path / name, kind)
    for more in ([], ["--json"]):
        lines = error(capsys, str(tmp_path / name), *ONE, *more)
        assert lines[-1].startswith("embedcore: ")
        assert sentence in lines[-1]
        assert all(line.startswith(f"“{name}”: ") for line in lines[:-1])  # what was read


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--vectors", "nope"], "There is no vector set “nope” here. Here are: glove.6B.50d, clouds."),
        (["--vectors", ""], "frozen and tuned start from a vector set, so pretrained should name one."),
        (["--sizes", "50", "20"], "sizes should rise, each named once."),
        (["--sizes", "20", "20"], "sizes should rise, each named once."),
        (["--sizes", "1"], "each of sizes should be at least 2 texts."),
        (["--sizes", "ten"], "argument --sizes: invalid int value: 'ten'"),
        (["--seeds", "0"], "seeds should be from 1 to 20, but is 0."),
        (["--seeds", "21"], "seeds should be from 1 to 20, but is 21."),
        (["--seed", "-1"], "seed should be from 0 to 2,147,483,627, but is -1."),
        (["--starts", "warm"], "argument --starts: invalid choice: 'warm'"),
        (["--starts"], "argument --starts: expected at least one argument"),
        (["--model", "transformer"], "argument --model: invalid choice: 'transformer'"),
        (["--tokenizer", "bpe"], "argument --tokenizer: invalid choice: 'bpe'"),
        (["--test", "b.tsv", "--part-column", "split"], "--test and --part-column both say what the test is."),
        (["--label-column", "mood"], "There is no column “mood”. There are: “column 1”, “column 2”."),
        (["--text-column", "mood"], "There is no column “mood”. There are: “column 1”, “column 2”."),
        (["--part-column", "mood"], "There is no column “mood”. There are: “column 1”, “column 2”."),
        (["--encoding", "klingon"], "There is no encoding “klingon” here."),
    ],
)
def test_choices_that_cannot_be(
    clouds: Settings, file: str, capsys: pytest.CaptureFixture[str], options: list[str], sentence: str
) -> None:
    argv = options if "--vectors" in options else ["--vectors", "clouds", *options]
    (line,) = error(capsys, file, *argv)
    assert sentence in line


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/no/such/file", "Could not read /no/such/file. There is no such file or folder."),
        (str(ROOT), f"Could not read {ROOT}. A folder is where a file should be."),
    ],
)
def test_files_that_are_not_there(
    clouds: Settings, file: str, capsys: pytest.CaptureFixture[str], path: str, sentence: str
) -> None:
    assert error(capsys, path, *ONE) == [f"embedcore: {sentence}"]
    assert error(capsys, file, *ONE, "--test", path)[-1] == f"embedcore: {sentence}"
    assert error(capsys, path, *ONE, "--seeds", "0")[-1].startswith("embedcore: seeds should be")  # told before it


def test_no_file_at_all(home: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = error(capsys)
    assert "the following arguments are required: FILE" in line


def test_an_encoding_that_it_is_not(home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes("\n".join("\t".join(row) for row in korean_rows()).encode("cp949"))
    (line,) = error(capsys, str(path), *SCRATCH_ONLY, "--encoding", "utf-8")
    assert line.startswith("embedcore: “a.tsv” is not UTF-8 text: byte 0, in line 1, cannot be read.")


def test_parts_in_one_file_and_none_in_another(
    clouds: Settings, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [(("train", "test")[number % 2], *row) for number, row in enumerate(OTHERS)]
    marked = write(tmp_path / "marked.tsv", rows, ("split", "label", "text"))
    for files in ([file, marked], [marked, file]):
        last = error(capsys, *files, *ONE)[-1]
        assert last == "embedcore: “a.tsv” has no column that says the part, but another file has."


def test_parts_that_are_none(clouds: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("soon" if number == 4 else "train", *row) for number, row in enumerate(ROWS)]
    path = write(tmp_path / "a.tsv", rows, ("split", "label", "text"))
    assert error(capsys, path, *ONE, "--part-column", "split") == [
        "embedcore: “soon” in “split”, row 5, is no part. A part is train, validation or test."
    ]


def test_parts_of_one_class(clouds: Settings, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("train" if row[0] == "pos" else "test", *row) for row in ROWS]
    path = write(tmp_path / "a.tsv", rows, ("split", "label", "text"))
    assert error(capsys, path, *ONE)[-1] == "embedcore: All texts of the training part have the same label."
    alone = write(tmp_path / "b.tsv", [row for row in OTHERS if row[0] == "pos"])
    last = error(capsys, file, *ONE, "--test", alone)[-1]
    assert last == "embedcore: All texts of the test part have the same label."


# Ctrl-C


@pytest.fixture
def polite() -> Iterator[None]:
    """A polite kill that nobody hears does not end the tests."""
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    yield
    signal.signal(signal.SIGTERM, before)


def interrupted_at(monkeypatch: pytest.MonkeyPatch, number: int, *signals: signal.Signals) -> None:
    """As the fit of that number begins, counted from 0, the signals come."""
    learn: Callable[..., Any] = Experiment.learn
    begun: list[Task] = []

    def learned(self: Experiment, task: Task, should_stop: Callable[[], bool] | None = None) -> Any:
        begun.append(task)
        if len(begun) == number + 1:
            for each in signals:
                signal.raise_signal(each)
        return learn(self, task, should_stop)

    monkeypatch.setattr(Experiment, "learn", learned)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("polite")
def test_stopped_after_some_fits_shows_what_there_is(
    quick: Settings, file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
) -> None:  # fmt: skip
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    whole = result(capsys, file, *ONE[:2], "--sizes", "10", "--seeds", "1")
    interrupted_at(monkeypatch, 2, number)
    out, _ = told(capsys, file, *SEVERAL)
    lines = out.splitlines()
    assert lines[0].split() == ["texts", "scratch", "frozen", "test", "accuracy,", "%"]
    shares = [float(share) for share in re.findall(r"[\d.]+", lines[1])]
    first = [100 * point["accuracy"] for point in whole["points"] if point["size"] == 10][:2]
    assert shares == pytest.approx([10, first[0], first[0], first[0], first[1], first[1], first[1]], abs=0.051)
    assert lines[2] == "Stopped after 2 of 12 fits."
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_stopped_before_the_first_fit_there_is_nothing_to_show(
    quick: Settings, file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_at(monkeypatch, 0, signal.SIGINT)
    assert main(["transfer", file, *ONE, "--json"]) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == "Interrupted before the first fit was finished; there is nothing to show."


def test_a_second_ctrl_c_ends_at_once(
    quick: Settings, file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_at(monkeypatch, 1, signal.SIGINT, signal.SIGINT)
    assert main(["transfer", file, *ONE]) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == "Interrupted; nothing was kept."


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("polite")
def test_interrupted_while_reading(
    clouds: Settings, file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
) -> None:  # fmt: skip
    monkeypatch.setattr(transfer_command, "read_records", lambda *_, **__: signal.raise_signal(number))
    assert main(["transfer", file, *ONE]) == 130
    assert capsys.readouterr() == ("", "Interrupted; nothing was kept.\n")


def test_ctrl_c_in_a_process_of_its_own(clouds: Settings, tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", rows_of(labelled(400)))
    options = ["--vectors", "clouds", "--sizes", "20", "50", "100", "--seeds", "20", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "embedcore", "transfer", path, *options],
        cwd=ROOT, env={**os.environ, "EMBEDCORE_HOME": str(clouds.home), "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
    )  # fmt: skip
    assert process.stderr is not None
    seen = b""
    while not (done := re.search(rb"Fitting: ([1-9]\d*)/240", seen)):  # the bar shows a fit that is finished
        assert select.select([process.stderr], [], [], 60)[0], seen
        more = os.read(process.stderr.fileno(), 4_096)
        assert more, seen  # it has not ended
        seen += more
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert b"Traceback" not in seen + err
    found = json.loads(out)
    assert (found["status"], found["of"]) == ("stopped", 240)
    assert int(done[1]) <= found["fits"] < 240
    assert sum(point["fits"] for point in found["points"]) == found["fits"]
    assert out.count(b"\n") == 1


# What is asked for is done, or it is said why not.


def test_the_guess_of_the_label_gives_way_to_a_part(
    quick: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A column that says train and test alone looks like labels, until somebody says what it is."""
    moods = {"pos": ("glad", "merry"), "neg": ("sad", "gloomy")}
    rows = [("test" if number % 3 == 0 else "train", moods[label][number // 2 % 2], text)
            for number, (label, text) in enumerate(ROWS)]  # fmt: skip
    path = write(tmp_path / "a.tsv", rows, ("fold", "mood", "words"))
    out, notes = told(capsys, path, *ONE, "--part-column", "fold", "--json")
    assert "“a.tsv”: 60 texts, text from “words”, label from “mood”, part from “fold”." in notes
    assert json.loads(out)["labels"] == ["glad", "gloomy", "merry", "sad"]


def test_the_guess_of_the_part_gives_way_to_a_label(
    quick: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [(("train", "test")[number % 2], *row) for number, row in enumerate(ROWS)]
    path = write(tmp_path / "a.tsv", rows, ("split", "label", "text"))
    out, notes = told(capsys, path, *ONE, "--label-column", "split", "--json")
    assert "“a.tsv”: 60 texts, text from “text”, label from “split”." in notes
    assert json.loads(out)["labels"] == ["test", "train"]


def test_parts_that_were_asked_for_are_not_ignored(
    quick: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [(("train", "dev")[number % 2], *row) for number, row in enumerate(ROWS)]
    path = write(tmp_path / "a.tsv", rows, ("split", "label", "text"))
    last = error(capsys, path, *ONE, "--part-column", "split")[-1]
    assert last == "embedcore: None of “a.tsv” is marked “test”. Mark some, or divide them by a seed."


def test_texts_without_a_word(quick: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marks = [(label, "?!."[number % 3] * (1 + number // 3)) for number, (label, _) in enumerate(ROWS)]
    path = write(tmp_path / "a.tsv", marks, ("label", "text"))
    assert error(capsys, path, *ONE)[-1] == (
        "embedcore: There is no word in any of the texts. Is another column the one with the texts?"
    )
    path = write(tmp_path / "b.tsv", [*ROWS[:-1], (ROWS[-1][0], "?!")])
    assert "1 text has no word to tell the label by, such as “?!”." in told(capsys, path, *ONE)[1]
