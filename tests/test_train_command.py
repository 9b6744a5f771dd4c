"""The command `train`: every kind of file, Ctrl-C at any moment, and going on after it."""

from __future__ import annotations

import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcore.__main__ import main
from embedcore.library import list_vectors, open_vectors
from embedcore.settings import Settings

ROOT = Path(__file__).parent.parent
LINES = ["the cat and the dog eat fish", "a ship sails the wide sea"] * 100
KOREAN = ["고양이와 개가 생선을 먹는다", "배가 넓은 바다를 건넌다"] * 100
FAST = ["--dim", "4", "--epochs", "1", "--min-count", "1"]


def place(home: Settings, name: str = "mine") -> Path:
    """Where a training that was stopped is kept."""
    return home.cache_dir / "training" / name


def result(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    """The JSON of a training that goes well."""
    status = main(["train", *argv, "--json"])
    out, err = capsys.readouterr()
    assert status == 0, err
    value: dict[str, Any] = json.loads(out)
    return value


def error(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The last line on standard error of a training that fails."""
    assert main(["train", *argv]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()[-1]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(LINES), encoding="utf-8")
    return path


# Files of every kind.


def write(path: Path, kind: str) -> list[str]:
    """A file of that kind; the options that it takes."""
    if kind == "utf-8 with a mark":
        path.write_bytes(("\ufeff" + "\r\n".join(KOREAN)).encode())
    elif kind in ("utf-16", "cp949"):
        path.write_text("\n".join(KOREAN), encoding=kind)
    elif kind == "gz":
        path.write_bytes(gzip.compress("\n".join(KOREAN).encode()))
    elif kind == "csv":
        rows = [f'{number},"{line}, 그리고",spam' for number, line in enumerate(KOREAN)]
        path.write_text("\n".join(["id,review,label", *rows]), encoding="utf-8")
        return ["--column", "review"]
    return []


@pytest.mark.parametrize("kind", ["utf-8 with a mark", "utf-16", "cp949", "gz", "csv"])
def test_every_kind_of_file(home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    path = tmp_path / ("text.csv" if kind == "csv" else "text.txt.gz" if kind == "gz" else "text.txt")
    options = write(path, kind)
    found = result(capsys, str(path), "--name", "mine", *FAST, *options)
    words = {word for line in KOREAN for word in line.split()} | ({"그리고"} if kind == "csv" else set())
    assert set(open_vectors("mine").tokens) == words
    assert found["tokens"] == 800 + (200 if kind == "csv" else 0)
    assert found["read_seconds"] > 0
    assert not place(home).exists()


def test_several_files_and_what_was_found_out_about_each(
    home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, kind in [("a.txt", "utf-16"), ("b.csv", "csv"), ("c.txt", "cp949")]:
        write(tmp_path / name, kind)
    files = [str(tmp_path / name) for name in ("a.txt", "b.csv", "c.txt")]
    assert main(["train", *files, "--name", "mine", *FAST]) == 0
    out, err = capsys.readouterr()
    assert "a.txt: Read as UTF-16" in err
    assert "b.csv: A table with 3 columns" in err
    assert "c.txt: Read as CP949" in err
    assert open_vectors("mine").meta["source"] == "trained on a.txt, b.csv, c.txt"
    assert open_vectors("mine").meta["training"]["tokens"] == 800 + 1000 + 800
    assert out.startswith("Kept as “mine”: ")


def test_choices_are_taken(home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "text.csv", "csv")
    argv = [str(tmp_path / "text.csv"), *FAST]
    result(capsys, *argv, "--name", "lines", "--column", "")
    assert "spam" in open_vectors("lines")
    assert "There is no column “nothing”" in error(capsys, *argv, "--name", "mine", "--column", "nothing")
    assert "There is no encoding “klingon”" in error(capsys, *argv, "--name", "mine", "--encoding", "klingon")
    wrapped = "it was a long line of words that goes on and on until the\nmargin stops it and the next begins\n"
    (tmp_path / "wrapped.txt").write_text(wrapped * 50)
    sizes = {}
    for choice in ("yes", "no"):
        result(
            capsys, str(tmp_path / "wrapped.txt"), "--name", choice, *FAST, "--join-lines", choice, "--window", "50",
            "--sample", "0",
        )  # fmt: skip
        sizes[choice] = open_vectors(choice).matrix.copy()
    assert not np.array_equal(sizes["yes"], sizes["no"])  # the windows reach further
    assert len(list_vectors()) == 4


def test_it_is_what_training_on_the_lists_of_tokens_gives(
    home: Settings, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from embedcore import TrainConfig, train

    result(capsys, str(text), "--name", "mine", *FAST, "--dim", "6", "--seed", "3")
    expected = train([line.split() for line in LINES], TrainConfig(dim=6, epochs=1, min_count=1, seed=3))
    assert [*open_vectors("mine").tokens] == [*expected.tokens]
    np.testing.assert_array_equal(open_vectors("mine").matrix, expected.matrix)


def test_two_processes(home: Settings, text: Path) -> None:
    argv = [str(text), "--name", "mine", *FAST, "--processes", "2", "--json"]
    done = run(home, *argv)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tokens"] == 1300
    assert len(open_vectors("mine")) == 11


# Interrupted, and gone on with.


def start(home: Settings, *argv: str, **options: Any) -> subprocess.Popen[bytes]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "embedcore", "train", *argv]
    environ = {**os.environ, "EMBEDCORE_HOME": str(home.home)}
    return subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )  # fmt: skip


def run(home: Settings, *argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """The same to its end."""
    process = start(home, *argv, **options)
    out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(argv, process.returncode, out.decode(), err.decode())


def wait_for(process: subprocess.Popen[bytes], there: Callable[[], bool]) -> None:
    """Until something is on disk that the process has yet to write."""
    until = time.monotonic() + 60
    while not there():
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_reading_nothing_is_kept(home: Settings, tmp_path: Path, number: signal.Signals) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = start(home, str(pipe), "--name", "mine", *FAST)
    with pipe.open("wb") as writer:  # opens once the other end does
        writer.write(b"the text begins\n" * 1000)
        writer.flush()
        wait_for(process, lambda: any(place(home).glob(".tmp-*")))  # where the integers will be
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, b"")
    assert err.decode().splitlines()[-1].endswith("Interrupted; nothing was kept.")
    assert not place(home).exists()
    assert len(list_vectors()) == 1


LONG = ["--dim", "8", "--epochs", "100", "--min-count", "1"]


def whole() -> np.ndarray:
    """The vectors that LONG learns without a break."""
    from embedcore import TrainConfig, train

    config = TrainConfig(dim=8, epochs=100, min_count=1)
    return train([line.split() for line in LINES], config).matrix


def test_ctrl_c_keeps_what_there_is_and_resume_goes_on_to_the_same_end(
    home: Settings, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    process = start(home, str(text), "--name", "mine", *LONG, "--json")
    wait_for(process, lambda: (place(home) / "checkpoints" / "000001").exists())
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    stopped = json.loads(out)
    assert stopped["status"] == "stopped"
    assert 0 < stopped["tokens"] < 100 * 1300
    half = open_vectors("mine").matrix.copy()
    again = error(capsys, str(text), "--name", "mine", *LONG)
    assert again.endswith("Add --resume to go on with it, or --overwrite to begin anew.")

    done = result(capsys, str(text), "--name", "mine", *LONG, "--resume")
    assert (done["name"], done["status"], done["tokens"]) == ("mine", "finished", 100 * 1300)
    assert done["seconds"] > stopped["seconds"]
    assert done["read_seconds"] == stopped["read_seconds"]  # it was not read again
    assert not np.array_equal(half, whole())
    np.testing.assert_array_equal(open_vectors("mine").matrix, whole())
    assert not place(home).exists()
    assert [info.name for info in list_vectors()] == ["glove.6B.50d", "mine"]


def test_killed_and_gone_on_with_to_the_same_end(
    home: Settings, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    process = start(home, str(text), "--name", "mine", *LONG)
    wait_for(process, lambda: (place(home) / "checkpoints" / "000001").exists())
    process.kill()
    process.communicate(timeout=60)
    assert [info.name for info in list_vectors()] == ["glove.6B.50d"]
    share = np.load(max((place(home) / "checkpoints").glob("0*")) / "share.npy")
    assert 0 < share < 1
    argv = [str(text), "--name", "mine", *LONG, "--resume"]

    was, changed = text.read_bytes(), text.stat().st_mtime_ns
    text.write_text("something else\n")
    assert "The files are others than “mine” was begun with, or have changed since." in error(capsys, *argv)
    text.write_bytes(was)
    os.utime(text, ns=(changed, changed))
    assert "“mine” was begun with seed 1, not 2." in error(capsys, *argv, "--seed", "2")

    result(capsys, *argv)
    np.testing.assert_array_equal(open_vectors("mine").matrix, whole())


def test_begun_anew_when_told(home: Settings, text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    process = start(home, str(text), "--name", "mine", *LONG)
    wait_for(process, lambda: (place(home) / "training.json").exists())
    process.kill()
    process.communicate(timeout=60)
    result(capsys, str(text), "--name", "mine", *FAST, "--overwrite")
    assert open_vectors("mine").dim == 4
    assert not place(home).exists()


def test_resume_begins_where_nothing_was_stopped(
    home: Settings, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(text), "--name", "mine", *FAST, "--resume"]) == 0
    assert capsys.readouterr().err.startswith("No training of “mine” was stopped, so this one begins.\n")
    assert "There is already a vector set “mine”" in error(capsys, str(text), "--name", "mine", *FAST, "--resume")


def test_what_was_killed_while_reading_is_removed_by_the_next(
    home: Settings, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    junk = place(home, "killed") / ".tmp-1234"
    junk.mkdir(parents=True)
    (junk / "ids.npy").write_bytes(b"half")
    result(capsys, str(text), "--name", "mine", *FAST)
    assert not place(home, "killed").exists()


def test_one_name_is_trained_by_one_at_a_time(home: Settings, text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from embedcore.resuming import place_for

    with place_for("mine", home):
        assert "“mine” is being trained by another process." in error(capsys, str(text), "--name", "mine", *FAST)
        result(capsys, str(text), "--name", "other", *FAST)
        assert place(home).exists()  # not swept away by the other
    result(capsys, str(text), "--name", "mine", *FAST)


def test_a_full_disk_while_reading(home: Settings, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("\n".join(LINES * 100), encoding="utf-8")

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    found = run(home, str(tmp_path / "long.txt"), "--name", "mine", *FAST, preexec_fn=limit)
    assert found.returncode == 2
    assert found.stderr.splitlines()[-1].endswith(
        "embedcore: Could not keep the text as integers. A file would grow larger than this system allows."
    )
    assert not place(home).exists()


def test_a_disk_that_fills_up_does_not_end_the_training(
    home: Settings, text: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from embedcore.errors import StorageProblem
    from embedcore.resuming import Place

    def full(*_: object) -> None:
        raise StorageProblem("Could not save a checkpoint of this run. The disk is full.")

    monkeypatch.setattr(Place, "save", full)
    assert main(["train", str(text), "--name", "mine", *FAST]) == 0
    assert capsys.readouterr().err.count("The disk is full. The training goes on.") == 1
    assert len(open_vectors("mine")) == 11


def test_what_nobody_went_on_with_is_removed_when_runs_are(
    home: Settings, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = 24 * 3600
    for name, days in [("old", 31), ("young", 29)]:
        (place(home, name) / "checkpoints").mkdir(parents=True)
        (place(home, name) / "training.json").write_text("{}")
        then = time.time() - days * day
        for path in (place(home, name) / "training.json", place(home, name) / "checkpoints"):
            os.utime(path, (then, then))
    result(capsys, str(text), "--name", "mine", *FAST)
    assert not place(home, "old").exists()
    assert place(home, "young").exists()
