"""How a run reads its text: a long one is kept as integers until the run has finished, and Stop is heard meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from embedcore.runs import RunFolder
from embedcore.runs import training as training_module
from embedcore.runs.folder import CORPUS, FINISHED, QUEUED, STOPPED
from embedcore.runs.worker import execute
from embedcore.settings import Settings
from embedcore.storage import write_json
from embedcore.text import tokenize
from embedcore.training import TrainConfig, Trainer
from tests.test_runs import LONG_TEXT, short_config
from tests.test_runs_manage import make


@pytest.fixture
def long_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any text counts as long."""
    monkeypatch.setattr(training_module, "_LARGE_TEXT", 1)


def a_folder(home: Settings) -> RunFolder:
    return make(home, LONG_TEXT, config=short_config(epochs=4, batch=64, seed=3))


def again(folder: RunFolder) -> None:
    """Put an ended run back in the line, as resuming does."""
    (folder.path / "stop").unlink(missing_ok=True)
    folder.update(state=QUEUED, owner={}, ended=None, error=None, result={})


def weight(folder: RunFolder) -> np.ndarray:
    state = folder.checkpoint("weight")
    assert state is not None
    return np.array(state["weight"])


def expected() -> np.ndarray:
    """What training on the lists of tokens gives."""
    values = short_config(epochs=4, batch=64, seed=3)
    values.pop("watch", None)
    trainer = Trainer(tokenize(LONG_TEXT), TrainConfig.from_json(values))
    trainer.run()
    return trainer.weight()


def stop_at_first_checkpoint(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the run to stop as soon as it has learned something."""
    seen = RunFolder.append_metric

    def append(self: RunFolder, metric: dict[str, object]) -> None:
        seen(self, metric)
        (folder.path / "stop").touch()

    monkeypatch.setattr(RunFolder, "append_metric", append)


def test_a_short_text_is_never_written(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_folder(home)
    stop_at_first_checkpoint(folder, monkeypatch)
    assert execute(home, home.runs_dir, folder.id) == STOPPED
    assert not (folder.path / CORPUS).exists()


def test_a_long_text_is_kept_until_the_run_has_finished(
    home: Settings, long_text: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = a_folder(home)
    with monkeypatch.context() as patch:
        stop_at_first_checkpoint(folder, patch)
        assert execute(home, home.runs_dir, folder.id) == STOPPED
    assert 0 < folder.run.result["share"] < 1
    assert (folder.path / CORPUS / "ids.npy").exists()

    again(folder)
    with monkeypatch.context() as patch:
        patch.setattr(training_module, "encode", _never)  # it is not read again
        assert execute(home, home.runs_dir, folder.id) == FINISHED, folder.run.error
    assert not (folder.path / CORPUS).exists()
    np.testing.assert_array_equal(weight(folder), expected())


def _never(*_: object, **__: object) -> None:
    raise AssertionError("The text was read again.")


@pytest.mark.parametrize("damage", ["cut", "missing"])
def test_a_damaged_one_is_read_again(
    home: Settings, long_text: None, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    folder = a_folder(home)
    with monkeypatch.context() as patch:
        stop_at_first_checkpoint(folder, patch)
        assert execute(home, home.runs_dir, folder.id) == STOPPED
    ids = folder.path / CORPUS / "ids.npy"
    ids.write_bytes(ids.read_bytes()[:100]) if damage == "cut" else ids.unlink()
    again(folder)
    assert execute(home, home.runs_dir, folder.id) == FINISHED, folder.run.error
    np.testing.assert_array_equal(weight(folder), expected())


def test_stop_is_heard_while_the_text_is_read(home: Settings, long_text: None, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_folder(home)
    blocks = RunFolder.text_blocks

    def slow(self: RunFolder):  # type: ignore[no-untyped-def]
        for number, block in enumerate([*blocks(self)] * 3):
            assert number < 2  # the third is never asked for
            if number == 1:
                (self.path / "stop").touch()
            yield block

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "text_blocks", slow)
        assert execute(home, home.runs_dir, folder.id) == STOPPED
    assert folder.run.error is None
    assert not folder.checkpoint_number()
    assert not leftovers(folder)
    again(folder)
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    np.testing.assert_array_equal(weight(folder), expected())


def test_what_a_killed_worker_left_while_reading_is_removed(home: Settings, long_text: None) -> None:
    folder = a_folder(home)
    junk = folder.path / ".tmp-0123"
    junk.mkdir()
    write_json(junk / "corpus.json", {})
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    assert not leftovers(folder)


def leftovers(folder: RunFolder) -> list[Path]:
    return [path for path in folder.path.rglob("*") if path.name.startswith(".tmp-") or path.name == CORPUS]


def test_the_blocks_are_the_text_in_whole_lines(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedcore.runs.folder._BLOCK", 5)
    text = "한국어 문장\r\nand a line\n\nlast"
    folder = make(home, text)
    blocks = list(folder.text_blocks())
    assert "".join(blocks) == text
    assert len(blocks) > 2
    assert all(block.endswith("\n") for block in blocks[:-1])
    assert folder.text_bytes() == len(text.encode())
    shutil.rmtree(folder.path)
    assert (list(folder.text_blocks()), folder.text_bytes()) == ([], 0)
