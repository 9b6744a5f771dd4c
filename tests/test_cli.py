"""The command line: its JSON, its lines, its errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcore import import_command, train_command
from embedcore.__main__ import COMMANDS, main
from embedcore.errors import TrainingProblem
from embedcore.formats import FORMATS
from embedcore.library import list_vectors, open_vectors, save_vectors
from embedcore.settings import Settings
from embedcore.vectors import WordVectors

ROOT = Path(__file__).parent.parent
WORDS = ["the", "king", "queen", "apple", "pear"]
MATRIX = np.array([[1, 1, 1], [1, 0.1, 0], [1, 0.2, 0], [0, 1, 0.1], [0, 1, 0.2]], np.float32)


@pytest.fixture
def small(home: Settings) -> Settings:
    """A home with the set "small"."""
    save_vectors("small", WordVectors(WORDS, MATRIX), source="test", licence="CC0")
    return home


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A text of 200 short lines on two subjects."""
    lines = ["the cat and the dog eat fish", "a ship sails the wide sea"] * 100
    (tmp_path / "text.txt").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "text.txt"


def answer(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    """The JSON object that a command prints."""
    assert main([*argv, "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert isinstance(value, dict)
    return value


def lines(capsys: pytest.CaptureFixture[str], *argv: str) -> list[str]:
    assert main([*argv]) == 0
    return capsys.readouterr().out.splitlines()


def error(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The one line on standard error of a command that fails."""
    try:
        status = main([*argv])
    except SystemExit as leaving:  # argparse's way
        status = leaving.code  # type: ignore[assignment]
    out, err = capsys.readouterr()
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1
    assert err.endswith("\n")
    return err.rstrip("\n")


def run(home: Settings, *argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "embedcore", *argv],
        cwd=ROOT,
        env={**os.environ, "EMBEDCORE_HOME": str(home.home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def test_vectors_list(small: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    sets = answer(capsys, "vectors", "list")["sets"]
    assert [(found["name"], found["rows"], found["dim"]) for found in sets] == [
        ("glove.6B.50d", 400_000, 50),
        ("small", 5, 3),
    ]
    glove, mine = lines(capsys, "vectors", "list")
    assert glove.split() == ["glove.6B.50d", "400,000", "x", "50", "PDDL", "1.0"]
    assert mine.split() == ["small", "5", "x", "3", "CC0"]


def test_vectors_list_on_a_fresh_install(home: Settings) -> None:
    found = run(home, "vectors", "list", "--json")
    assert found.returncode == 0
    assert [found["name"] for found in json.loads(found.stdout)["sets"]] == ["glove.6B.50d"]


@pytest.mark.parametrize("key", list(FORMATS))
def test_vectors_export_and_import(
    small: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path, key: str
) -> None:
    out = str(tmp_path / "out")
    found = answer(capsys, "vectors", "export", "small", "--format", key, "--out", out)
    assert (found["rows"], found["left_out"], found["renamed"]) == (5, [], {})
    assert lines(capsys, "vectors", "export", "small", "--format", key, "--out", out) == ["5 vectors written."]
    found = answer(capsys, "vectors", "import", out, "--name", "a")
    assert found == {"name": "a", "rows": 5, "dim": 3, "format": key, "skipped": {}, "notes": []}
    label = FORMATS[key].label
    assert lines(capsys, "vectors", "import", out, "--name", "한 글", "--format", key, "--licence", "CC0") == [
        "5 vectors read.", f"Kept as “한 글”: 5 words x 3, from {label}.",
    ]  # fmt: skip
    for name, licence in (("a", None), ("한 글", "CC0")):
        back = open_vectors(name)
        assert back.tokens[:] == WORDS
        np.testing.assert_array_equal(back.matrix, MATRIX)
        assert back.lowercased
        assert (back.meta["source"], back.meta["licence"]) == ("imported from out", licence)
        assert back.meta["import"]["format"] == key


@pytest.mark.parametrize("key", ["word2vec", "word2vec-binary", "glove"])
def test_gensim_opens_what_is_exported(
    small: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path, key: str
) -> None:
    from gensim.models import KeyedVectors

    out = str(tmp_path / "out")
    lines(capsys, "vectors", "export", "small", "--format", key, "--out", out)
    keyed = KeyedVectors.load_word2vec_format(out, binary=key == "word2vec-binary", no_header=key == "glove")
    assert keyed.index_to_key == WORDS
    np.testing.assert_array_equal(keyed.vectors, MATRIX)


def test_an_import_says_what_it_skipped_and_replaces_when_told(
    home: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "odd.vec"
    path.write_text("9 2\nKorea 1 2\nb 3 4\nb 5 6\nc 7\nd nan 1\n", encoding="utf-8")
    shown = lines(capsys, "vectors", "import", str(path), "--name", "odd")
    assert shown[0] == (
        "2 vectors read. 3 rows were skipped: too few numbers (1), numbers that are not finite (1), "
        "a repeated word (1). "
        "Its first line says 9 rows, but there are 5; all of them were looked at."
    )
    assert not open_vectors("odd").lowercased
    assert "There is already a vector set “odd”" in error(capsys, "vectors", "import", str(path), "--name", "odd")
    path.write_text("x 1\n", encoding="utf-8")
    assert answer(capsys, "vectors", "import", str(path), "--name", "odd", "--overwrite")["dim"] == 1
    assert open_vectors("odd").tokens[:] == ["x"]


def test_one_file_of_an_archive_is_imported(home: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = str(tmp_path / "glove.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("glove.1d.txt", "a 1\nb 2\n")
        archive.writestr("glove.2d.txt", "a 1 2\nb 3 4\n")
    said = error(capsys, "vectors", "import", path, "--name", "two")
    assert said == "embedcore: “glove.zip” holds 2 files: glove.1d.txt, glove.2d.txt. Choose one of them."
    assert answer(capsys, "vectors", "import", path, "--name", "two", "--member", "glove.2d.txt")["dim"] == 2
    assert open_vectors("two")["b"].tolist() == [3, 4]


def test_an_import_that_is_told_to_stop_leaves_nothing(home: Settings, tmp_path: Path) -> None:
    pipe = tmp_path / "v.txt"
    lines = b"".join(b"w%d 1 2 3\n" % row for row in range(400_000))
    with zipfile.ZipFile(pipe, "w") as archive:
        archive.writestr("v.txt", lines * 4)
    with subprocess.Popen(
        [sys.executable, "-m", "embedcore", "vectors", "import", str(pipe), "--name", "mine"],
        cwd=ROOT, env={**os.environ, "EMBEDCORE_HOME": str(home.home)}, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        deadline = time.monotonic() + 30
        while not list(home.vectors_dir.glob(".tmp-*/matrix.npy")) and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=30)[1] == b"Interrupted; nothing was kept.\n"
    assert process.returncode == 130
    assert os.listdir(home.vectors_dir) == []


def test_a_long_import_shows_how_far_it_is(
    home: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "v.txt").write_text("a 1 2\nb 3 4\n")
    for name, quiet, shown in (("short", 1.0, False), ("long", 0.0, True)):
        monkeypatch.setattr(import_command, "_QUIET_SECONDS", quiet)
        assert main(["vectors", "import", str(tmp_path / "v.txt"), "--name", name]) == 0
        assert ("Importing: " in capsys.readouterr().err) == shown


def test_vectors_delete(small: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "vectors", "delete", "small") == {"deleted": "small"}
    assert [info.name for info in list_vectors()] == ["glove.6B.50d"]
    assert error(capsys, "vectors", "delete", "small").startswith("embedcore: There is no vector set “small” here.")
    assert "cannot be deleted" in error(capsys, "vectors", "delete", "glove.6B.50d")


def test_similarity(small: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    expected = float(np.array([1, 0.1]) @ [1, 0.2] / np.sqrt(1.01 * 1.04))
    assert answer(capsys, "similarity", "small", "king", "queen")["similarity"] == pytest.approx(expected, abs=1e-7)
    assert lines(capsys, "similarity", "small", "king", "queen") == [f"{expected:.4f}"]


def test_a_word_read_as_another_is_told_on_standard_error(small: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["similarity", "small", "King", "queen"]) == 0
    assert capsys.readouterr().err == "“King” was read as “king”.\n"


def test_neighbors(small: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "neighbors", "small", "king", "-k", "2")["neighbors"]
    assert [(one["word"], one["row"]) for one in found] == [("queen", 2), ("the", 0)]
    assert found[0]["similarity"] == pytest.approx(open_vectors("small").similarity("king", "queen"))
    assert lines(capsys, "neighbors", "small", "king", "-k", "1") == [" 0.9952  queen"]
    assert len(answer(capsys, "neighbors", "small", "king")["neighbors"]) == 4
    assert [one["word"] for one in answer(capsys, "neighbors", "small", "pear", "--within", "3")["neighbors"]] == [
        "the", "queen", "king",
    ]  # fmt: skip


def test_analogy_and_odd_one_out_on_glove(glove_home: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("EMBEDCORE_HOME", str(glove_home))
    found = answer(capsys, "analogy", "glove.6B.50d", "man", "king", "woman", "-k", "1")["answers"]
    assert found[0]["word"] == "queen"
    assert found[0]["score"] == pytest.approx(0.852360, abs=1e-5)
    multiplied = answer(capsys, "analogy", "glove.6B.50d", "man", "king", "woman", "-k", "3", "--method", "mul")
    assert [one["word"] for one in multiplied["answers"]] == ["queen", "throne", "elizabeth"]
    assert multiplied["answers"][0]["score"] == pytest.approx(0.928940, abs=1e-4)
    assert multiplied["method"] == "mul"
    words = ["breakfast", "cereal", "dinner", "lunch"]
    assert answer(capsys, "odd-one-out", "glove.6B.50d", *words)["word"] == "cereal"
    assert lines(capsys, "odd-one-out", "glove.6B.50d", *words) == ["cereal"]
    assert error(capsys, "neighbors", "glove.6B.50d", "kign").startswith(
        "embedcore: “kign” is not in glove.6B.50d. Near: king"
    )


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["vectors"], "COMMAND"),
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["similarity", "small", "king"], "required: B"),
        (["neighbors", "small", "king", "-k", "0"], "should be at least 1, but is 0"),
        (["neighbors", "small", "king", "-k", "ten"], "invalid"),
        (["neighbors", "nope", "king"], "There is no vector set “nope” here. Here are: glove.6B.50d, small."),
        (["neighbors", "../small", "king"], "There is no vector set “../small” here."),
        (["neighbors", "small", "kingg"], "“kingg” is not in small. Near: king."),
        (["neighbors", "small", "a\nb\x1b[31m"], "“a\\nb\\x1b[31m” is not in small."),
        (["odd-one-out", "small", "king", "queen"], "at least three different words"),
        (["vectors", "export", "small", "--format", "pickle", "--out", "x"], "choose from"),
        (["vectors", "export", "small", "--format", "glove", "--out", "/proc/nothing/x"], "Could not write /proc"),
        (
            ["vectors", "import", "/no/such/file", "--name", "new"],
            "Could not read /no/such/file. There is no such file",
        ),
        (["vectors", "import", "/tmp", "--name", "new"], "A folder is where a file should be."),
        (["vectors", "import", __file__, "--name", "new"], "“test_cli.py” does not look like word vectors"),
        (["vectors", "import", __file__, "--name", "small"], "There is already a vector set “small”."),
        (["vectors", "import", __file__, "--name", "new", "--format", "pickle"], "choose from"),
        (["vectors", "import", __file__], "required: --name"),
        (["train", "/no/such/file", "--name", "new"], "Could not read /no/such/file. There is no such file or folder."),
        (["train", "/tmp", "--name", "new"], "A folder is where a file should be."),
        (["train", "x", "--name", "small"], "There is already a vector set “small”. Free is “small-2”."),
        (["train", "x", "--name", "a/b"], "“a/b” does not fit"),
        (["train", "x", "--name", "glove.6B.50d", "--overwrite"], "cannot be replaced"),
        (["train", "x", "--name", "new", "--dim", "0"], "dim should be from 1 to 2,000, but is 0."),
        (["train", "x", "--name", "new", "--dim", "1.5"], "invalid int value"),
        (["train", "x", "--name", "new", "--processes", "0"], "processes should be from 1 to 128, but is 0."),
        (["train", "x", "--name", "new", "--tokenizer", "bpe"], "invalid choice"),
        (["train", "x"], "required: --name"),
    ],
)
def test_errors_are_one_line(small: Settings, capsys: pytest.CaptureFixture[str], argv: list[str], part: str) -> None:
    for more in ([], ["--json"]) if argv else ([],):
        assert part in error(capsys, *argv, *more)
    assert len(list_vectors()) == 2


def test_an_error_in_a_process_of_its_own(home: Settings) -> None:
    found = run(home, "similarity", "nope", "a", "b")
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == "embedcore: There is no vector set “nope” here. Here are: glove.6B.50d.\n"


def test_an_unforeseen_error_is_one_line_too(home: Settings, capsys, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("embedcore.__main__.list_vectors", lambda: 1 / 0)
    assert error(capsys, "vectors", "list").endswith("ZeroDivisionError: division by zero")


def test_every_command_has_help_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        with pytest.raises(SystemExit) as leaving:
            main([*name.split(), "--help"])
        assert leaving.value.code == 0
        assert "--json" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough(small: Settings) -> None:
    command = f"{sys.executable} -m embedcore vectors list | true"
    environ = {**os.environ, "EMBEDCORE_HOME": str(small.home)}
    found = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    assert found.stderr == ""


def test_a_terminal_without_unicode(home: Settings) -> None:
    save_vectors("k", WordVectors(["왕", "여왕"], [[1, 0], [1, 1]]), source="test")
    environ = {**os.environ, "EMBEDCORE_HOME": str(home.home), "PYTHONIOENCODING": "ascii"}
    for more in ([], ["--json"]):
        command = [sys.executable, "-m", "embedcore", "neighbors", "k", "왕", *more]
        found = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
        assert "\\uc5ec\\uc655" in found.stdout


# train


def test_train(home: Settings, text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["train", str(text), "--name", "mine", "--dim", "8", "--epochs", "3", "--min-count", "1", "--json"]
    assert main(argv) == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert {"name", "vocab_size", "tokens", "seconds", "words_per_second", "loss"} <= set(result)
    assert (result["name"], result["vocab_size"], result["tokens"]) == ("mine", 13, 3 * 1300)
    assert result["words_per_second"] == pytest.approx(result["tokens"] / result["seconds"])
    assert 0 < result["loss"] < 10
    assert "Training: 100%" in err
    vectors = open_vectors("mine")
    assert (len(vectors), vectors.dim) == (11, 8)
    assert vectors.tokens[0] == "the"
    assert "<unk>" not in vectors
    assert vectors.meta["source"] == "trained on text.txt"
    assert vectors.meta["training"]["config"]["epochs"] == 3


def test_train_twice_gives_the_same_and_overwrites_when_told(
    home: Settings, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["train", str(text), "--dim", "8", "--epochs", "1", "--name"]
    assert lines(capsys, *argv, "a") == ["Kept as “a”: 11 words x 8."]
    main([*argv, "b"])
    main([*argv, "c", "--seed", "2"])
    np.testing.assert_array_equal(open_vectors("a").matrix, open_vectors("b").matrix)
    assert not np.array_equal(open_vectors("a").matrix, open_vectors("c").matrix)
    assert main([*argv, "a", "--seed", "2", "--overwrite"]) == 0
    np.testing.assert_array_equal(open_vectors("a").matrix, open_vectors("c").matrix)


def test_train_from_standard_input_and_several_files(home: Settings, text: Path) -> None:
    argv = ["--name", "mine", "--dim", "4", "--epochs", "1", "--min-count", "1", "--json"]
    found = run(home, "train", str(text), "-", *argv, input="바다 위의 배\n")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["tokens"] == 1303
    assert "바다" in open_vectors("mine")
    assert open_vectors("mine").meta["source"] == "trained on text.txt, standard input"


def test_a_text_without_words(home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.txt").write_text("...\n\n")
    assert "no words" in error(capsys, "train", str(tmp_path / "empty.txt"), "--name", "mine")
    assert len(list_vectors()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_training_keeps_what_there_is(home: Settings, text: Path, number: signal.Signals) -> None:
    argv = ["train", str(text), "--name", "mine", "--dim", "8", "--epochs", "10000", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "embedcore", *argv],
        cwd=ROOT,
        env={**os.environ, "EMBEDCORE_HOME": str(home.home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    shown = b""
    while b"loss" not in shown:  # it has begun to learn
        shown += process.stderr.read1()  # type: ignore[attr-defined]
    started = time.perf_counter()
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert time.perf_counter() - started < 5
    assert process.returncode == 0
    result = json.loads(out)
    assert result["status"] == "stopped"
    assert 0 < result["tokens"] < 10_000 * 1300
    assert len(open_vectors("mine")) == 11


def test_a_name_taken_meanwhile_does_not_lose_the_work(
    home: Settings, text: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_ = train_command._run

    def meanwhile(*args: Any) -> Any:
        save_vectors("mine", WordVectors(WORDS, MATRIX), source="somebody else")
        return run_(*args)

    monkeypatch.setattr(train_command, "_run", meanwhile)
    assert answer(capsys, "train", str(text), "--name", "mine", "--dim", "4", "--epochs", "1")["name"] == "mine-2"
    assert len(open_vectors("mine-2")) == 11


def test_weights_that_overflow_keep_the_last_good_ones(
    home: Settings, text: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from embedcore.training import Trainer

    def overflow(self: Trainer, **options: Any) -> str:
        raise TrainingProblem("The numbers grew without bound; the last good vectors were kept.")

    monkeypatch.setattr(Trainer, "run", overflow)
    assert main(["train", str(text), "--name", "mine", "--dim", "4"]) == 2
    assert capsys.readouterr().err.endswith(
        "embedcore: The numbers grew without bound; the last good vectors were kept. They are the set “mine”.\n"
    )
    assert np.isfinite(open_vectors("mine").matrix).all()
