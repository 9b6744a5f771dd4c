"""Runs that start from a vector set: resumed without it, failing cleanly, and what moves on a real text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcore import moved
from embedcore.errors import StorageProblem, UnknownRun
from embedcore.library import delete_vectors, save_vectors
from embedcore.runs import RunFolder, Runs, first
from embedcore.runs.folder import FAILED, FINISHED, STOPPED
from embedcore.runs.frames import Frames
from embedcore.runs.worker import execute
from embedcore.settings import Settings
from embedcore.training import TrainConfig
from embedcore.training.initial import FirstWeight
from embedcore.vectors import WordVectors
from tests.test_runs import LONG_TEXT, short_config
from tests.test_runs_manage import StillRuns, make

INAUGURAL = Path(__file__).parents[2] / "shared" / "data" / "en" / "inaugural.txt"


def a_set(seed: int = 0, dim: int = 8) -> WordVectors:
    """Vectors for most letters of LONG_TEXT, and for words that it does not have."""
    words = ["sees", "zebra", *"ahcbdefgijkmnop", "the"]
    matrix = np.random.default_rng(seed).standard_normal((len(words), dim)).astype(np.float32)
    return WordVectors(words, matrix)


@pytest.fixture
def runs(home: Settings) -> Runs:
    save_vectors("start", a_set(), source="test", settings=home)
    return StillRuns(home)


def make_one(home: Settings, **changes: Any) -> RunFolder:
    return make(home, LONG_TEXT, config=short_config(**{"pretrained": "start", "epochs": 4, "batch": 64, **changes}))


def weight(folder: RunFolder) -> np.ndarray:
    arrays = folder.checkpoint("weight")
    assert arrays is not None
    return np.array(arrays["weight"])


def stop_half_way(monkeypatch: pytest.MonkeyPatch, home: Settings, folder: RunFolder) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "should_stop", lambda self: ((self.last_metric() or {}).get("share", 0)) > 0.4)
        assert execute(home, home.runs_dir, folder.id) == STOPPED
    assert 0.4 < folder.run.result["share"] < 0.9


@pytest.mark.parametrize("freeze", [True, False])
@pytest.mark.parametrize("meanwhile", ["deleted", "replaced"])
def test_a_run_resumes_without_its_set(
    runs: Runs, home: Settings, monkeypatch: pytest.MonkeyPatch, freeze: bool, meanwhile: str
) -> None:
    whole, part = make_one(home, freeze=freeze), make_one(home, freeze=freeze)
    assert execute(home, home.runs_dir, whole.id) == FINISHED
    stop_half_way(monkeypatch, home, part)
    if meanwhile == "deleted":
        delete_vectors("start", home)
    else:
        save_vectors("start", a_set(seed=9, dim=5), source="another", overwrite=True, settings=home)
    runs.resume(part.id)
    assert execute(home, home.runs_dir, part.id) == FINISHED
    assert weight(part).tobytes() == weight(whole).tobytes()
    began, vocab = first.load(part), part.vocab()
    assert began is not None
    assert vocab is not None
    assert [token for token, here in zip(vocab[0], began.from_set, strict=True) if here] == [
        token for token in vocab[0] if token in a_set()
    ]
    known = np.flatnonzero(began.from_set)
    assert np.array_equal(began.weight[known], np.array([a_set()[vocab[0][row]] for row in known]))
    assert (weight(part)[known].tobytes() == began.weight[known].tobytes()) is freeze
    assert part.run.result["words_from_set"] == len(known) == 17


def test_what_a_run_started_from_is_its_first_frame_and_is_written_once(
    runs: Runs, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_one(home)
    stop_half_way(monkeypatch, home, folder)
    written = (folder.path / first.WEIGHT_FILE).stat().st_mtime_ns
    began, frames = first.load(folder), Frames(folder)
    assert began is not None
    assert frames.load(0).tobytes() == began.weight[frames.rows].tobytes()
    runs.resume(folder.id)
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    assert (folder.path / first.WEIGHT_FILE).stat().st_mtime_ns == written
    assert not [path for path in folder.path.iterdir() if path.name.startswith(".tmp")]


def test_passes_added_leave_frozen_rows_frozen(runs: Runs, home: Settings) -> None:
    folder = make_one(home, freeze=True)
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    delete_vectors("start", home)
    runs.add_passes(folder.id, 2)
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    began = first.load(folder)
    assert began is not None
    same = (began.weight.view(np.uint32) == weight(folder).view(np.uint32)).all(axis=1)
    assert same[began.from_set].all()
    assert not same[2:][~began.from_set[2:]].any()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"pretrained": "gone"}, "There is no vector set “gone” here. Here are: glove.6B.50d, start."),
        ({"dim": 9}, "dim is 9, but “start” has 8 numbers a word. To start from it, dim should be 8."),
    ],
)
def test_a_run_whose_set_does_not_do_fails_with_a_sentence(
    runs: Runs, home: Settings, changes: dict[str, Any], sentence: str
) -> None:
    folder = make_one(home, **changes)
    assert execute(home, home.runs_dir, folder.id) == FAILED
    assert folder.run.error == sentence
    assert folder.checkpoint_number() == 0
    assert first.load(folder) is None


def test_a_set_with_none_of_the_words_fails_with_a_sentence(runs: Runs, home: Settings) -> None:
    folder = make(home, "너 나\n나 너 우리", config=short_config(pretrained="start"))
    assert execute(home, home.runs_dir, folder.id) == FAILED
    assert "None of the text's words is in “start”" in (folder.run.error or "")


def test_a_run_that_lost_what_it_started_from_says_so(
    runs: Runs, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_one(home)
    stop_half_way(monkeypatch, home, folder)
    (folder.path / first.WEIGHT_FILE).unlink()
    runs.resume(folder.id)
    assert execute(home, home.runs_dir, folder.id) == FAILED
    assert "What this run took from “start” is no longer in its folder" in (folder.run.error or "")


def test_what_cannot_be_kept_is_told(runs: Runs, home: Settings) -> None:
    folder = make_one(home)
    begin = FirstWeight(np.zeros((3, 2), np.float32), np.array([False, False, True]))
    first.keep(folder, begin)
    (folder.path / first.FROM_SET_FILE).write_bytes(b"junk")
    with pytest.raises(StorageProblem, match="damaged"):
        first.load(folder)
    folder.remove()
    with pytest.raises(UnknownRun):
        first.keep(folder, begin)
    assert not folder.path.exists()


def test_a_run_from_random_numbers_keeps_no_first_weight(runs: Runs, home: Settings) -> None:
    folder = make_one(home, pretrained=None)
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    assert first.load(folder) is None
    assert "words_from_set" not in folder.run.result


# A real text


@pytest.mark.skipif(not INAUGURAL.is_file(), reason="needs the inaugural addresses in ../shared/data/en")
def test_the_words_that_move_on_the_inaugural_addresses(home: Settings, glove: WordVectors) -> None:
    """Tuned from GloVe by a worker, as Start on the Train page proposes it."""
    config = TrainConfig(dim=50, min_count=5, epochs=11, pretrained="glove.6B.50d").to_json()
    runs = Runs(home)
    try:
        run_id = runs.submit("train", config, name="addresses", text=INAUGURAL.read_text(encoding="utf-8")).id
        assert runs.wait(run_id, 120).state == FINISHED
    finally:
        runs.stop()
    folder = runs.folder(run_id)
    began, vocab = first.load(folder), folder.vocab()
    assert began is not None
    assert vocab is not None
    itos, counts = vocab[0], np.array(vocab[1])
    now = weight(folder)
    assert np.array_equal(began.weight[itos.index("war")], glove["war"])
    found = moved.moves(began.weight, now, counts, began.from_set)
    assert found.least == 20
    ranked = began.from_set & (counts >= 20)
    # By the angle, what is read most often leads: words such as "our" and "of".
    turned = [itos[row] for row in found.most(ranked, found.degrees, 15)]
    assert np.median([counts[itos.index(word)] for word in turned]) > 5 * np.median(counts[ranked])
    assert len({"the", "of", "and", "to", "our", "in", "that", "be", "is", "we", "their"} & set(turned)) >= 6
    # For how often they occur, words that an address uses in a sense of its own: "law and order", "our own".
    unusual = [itos[row] for row in found.most(ranked, found.unusual, 20)]
    assert len({"order", "own", "community", "personal", "political", "common", "means"} & set(unusual)) >= 5
    often = np.log(counts[ranked])
    assert np.corrcoef(found.degrees[ranked], often)[0, 1] > 0.5
    assert abs(np.corrcoef(np.log(found.unusual[ranked]), often)[0, 1]) < 1e-6
    # Words whose sense in GloVe is that of the text hardly change their company.
    least = [itos[row] for row in found.most(ranked, found.unusual, 30, fewest=True)]
    assert len({"mankind", "ideals", "enlightened", "patriotism", "prosperity", "civilization"} & set(least)) >= 4
    # And what was learned makes sense: "presence" was a military threat, and is a solemn moment.
    near = [n.word for n in WordVectors(itos[2:], now[2:]).most_similar("war", topn=20)]
    assert len({"wars", "invasion", "fought", "strife", "armies", "conflict", "peace"} & set(near)) >= 4
