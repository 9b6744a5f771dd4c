"""The frames of a run: some sixty pictures of its vectors, evenly by share, for the map and its replay.

frames/frames.json   which rows of the table a frame holds, by integer
frames/NNNNNNN.npy   (K, D) float32, their vectors; the name is the share done in millionths
frames/NNNNNNN-of-E.npy  the same, of E passes over the text, once passes were added to the run

Here belongs keeping and reading frames. The arithmetic of a map is in `projection`; the vectors
of all words are in the run's checkpoints.
"""

from __future__ import annotations

import json
import math
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore.errors import StorageProblem, UnknownRun
from embedcore.projection import SteadyMap
from embedcore.runs.folder import RunFolder
from embedcore.storage import open_array, os_errors, read_json, write_array
from embedcore.vocab import SPECIALS, Vocab

Float32s = npt.NDArray[np.float32]

MARKS = 60  # frames spread evenly over a run, besides the first
FEWEST_WORDS, MOST_WORDS = 60, 500
MOST_BYTES = 24_000_000  # of all frames of a run together

_DIRECTORY = "frames"
_VERSION = 1
_MILLION = 1_000_000
_FRAME = re.compile(r"([0-9]{7})(?:-of-([0-9]{1,9}))?\.npy")
_READ_TRIES = 20  # a run that goes on removes the frames that it comes to anew, and some of the older ones
_TEMPORARY = ".tmp-frame"  # where a frame is written; one writer a run, so one name is enough


def chosen_rows(vocab: Vocab, dim: int, watched: Iterable[str] = ()) -> list[int]:
    """The integers of the words that frames hold, rising, that is, the most frequent first.

    As many as fit MOST_BYTES over all frames (400 words at 240 dimensions), but never fewer
    than 60 nor more than 500, if the vocabulary has as many: the watched words that are in it,
    and then the most frequent ones. The specials are no words.
    """
    most = min(max(MOST_BYTES // ((MARKS + 1) * dim * 4), FEWEST_WORDS), MOST_WORDS)
    rows: dict[int, None] = {}  # in order, each once
    for word in watched:
        if vocab.stoi.get(word, 0) >= len(SPECIALS):
            rows[vocab.stoi[word]] = None
    for row in range(len(SPECIALS), len(vocab)):
        if len(rows) >= most:
            break
        rows[row] = None
    return sorted([*rows][:most])


class FrameWriter:
    """Keeps frames while a run trains: the untrained weight, one at each sixtieth, and the last weight."""

    def __init__(
        self, folder: RunFolder, vocab: Vocab, dim: int, watched: Iterable[str] = (), *, share: float = 0.0
    ) -> None:
        """Begin, or go on with a run that stands at `share`: what was kept up to there stays.

        Later frames, which a run resumed from an older checkpoint comes to anew, are removed.
        Raises StorageProblem if the disk does not take it, UnknownRun if the run was deleted.
        """
        self._folder = folder
        self._path = folder.path / _DIRECTORY
        self._rows = np.array(chosen_rows(vocab, dim, watched), dtype=np.int64)  # (K,)
        self._mark = -1  # of the last frame; the next is due when the share has reached a later one
        run = folder.run
        self._epochs = int(run.config["epochs"]) if run.earlier_epochs else None
        about = {"version": _VERSION, "rows": self._rows.tolist(), "words": len(self._rows), "dim": dim}
        with self._problems():
            self._path.mkdir(exist_ok=True)
            same = _about(self._path) == about
            for number, name in _kept(folder):
                mark = number * MARKS // _MILLION
                # One frame a mark, so that stopping, resuming and adding often does not fill the disk.
                if same and number <= _number(share) and mark > self._mark:
                    self._mark = mark
                else:
                    (self._path / name).unlink(missing_ok=True)
        if not same:
            self._put("frames.json", lambda place: place.write_text(json.dumps(about), encoding="utf-8"))

    def add(self, share: float, weight: Float32s, *, last: bool = False) -> bool:
        """Keep the chosen rows of `weight` (V, D) if a frame is due at this share, or if it is the `last`.

        Returns whether it did. Reads K rows and nothing else. Raises as making this does.
        """
        mark = int(share * MARKS)
        if not last and mark <= self._mark:
            return False
        self._mark = max(mark, self._mark)
        self._put(_name(_number(share), self._epochs), lambda place: write_array(place, weight[self._rows]))  # (K, D)
        return True

    def _put(self, name: str, write: Callable[[Path], object]) -> None:
        """Write a file beside its place and rename it there.

        Not synced: a frame lost in a power cut is no loss, and waiting for the disk sixty times
        would take longer than a small text trains.
        """
        place = self._path / _TEMPORARY
        with self._problems():
            try:
                write(place)
                place.replace(self._path / name)
            finally:
                place.unlink(missing_ok=True)

    @contextmanager
    def _problems(self) -> Iterator[None]:
        with os_errors("keep a frame of this run"):
            try:
                yield
            except FileNotFoundError:
                if not self._folder.exists():
                    raise UnknownRun(self._folder.id) from None
                raise


class Frames:
    """The frames of a run as they were when this was made, or last refreshed.

    Attributes:
        shares: the share of the run, 0 to 1, that was done at each frame; rising.
        rows: the integers of the K words, rising; empty before the run has begun to keep frames.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._path = folder.path / _DIRECTORY
        self.rows: list[int] = []
        self.refresh()

    def refresh(self) -> None:
        """Look for new frames; one `listdir`, so once a second is cheap."""
        if not self.rows:
            self.rows = [int(row) for row in _about(self._path).get("rows", [])]
        # Of two of the same share, the one made before and the one made after passes were added, one will do.
        kept = dict(_kept(self._folder)) if self.rows else {}
        self._files = list(kept.values())
        self.shares = tuple(number / _MILLION for number in kept)

    def __len__(self) -> int:
        return len(self._files)

    @cached_property
    def words(self) -> list[str]:
        """The K words by row of a frame, the most frequent first; for a run that keeps frames."""
        vocab = self._folder.vocab()
        return [vocab[0][row] for row in self.rows] if vocab else []

    def load(self, index: int) -> Float32s:
        """The vectors (K, D) of a frame. Raises StorageProblem if it is damaged or was removed."""
        name = self._files[index]
        array = np.array(open_array(self._path / name))  # (K, D), read whole: its file may be removed
        if array.ndim != 2 or len(array) != len(self.rows) or array.dtype != np.float32:
            raise StorageProblem(f"{name} is damaged: it does not fit frames.json.")
        return array


class RunMaps:
    """The flat maps of a run's frames, each computed once, for all who watch it, also at the same time."""

    def __init__(self, folder: RunFolder, fit: int = 100) -> None:
        """The map is the PCA of the `fit` most frequent words of the frames; see `projection.SteadyMap`."""
        self.frames = Frames(folder)
        self._fit = fit
        self._lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self._steady = SteadyMap(self._fit)
        self._shares: tuple[float, ...] = ()
        self._maps: list[Float32s] = []

    def update(self) -> tuple[tuple[float, ...], Float32s]:
        """The shares (F,) and maps (F, K, 2) of all frames there are by now; only new ones are read.

        Raises StorageProblem if a frame is damaged.
        """
        with self._lock:
            for _ in range(_READ_TRIES):
                self.frames.refresh()
                shares = self.frames.shares
                try:
                    self._follow(shares)
                    break
                except StorageProblem:
                    self.frames.refresh()
                    if self.frames.shares == shares:
                        raise  # not because a run that goes on has just removed it
            maps = np.stack(self._maps) if self._maps else np.zeros((0, len(self.frames.rows), 2), np.float32)
            return self._shares, maps  # (F,), (F, K, 2)

    def _follow(self, shares: tuple[float, ...]) -> None:
        """Make the maps of the frames that are not drawn yet."""
        if shares[: len(self._shares)] != self._shares:
            self._begin()  # the run was resumed from before its last frames, or passes were added
        for index in range(len(self._shares), len(shares)):
            self._maps.append(self._steady.add(self.frames.load(index)))  # (K, 2)
            self._shares = shares[: index + 1]


def _number(share: float) -> int:
    """A share in millionths, rounded up, so that it never falls behind its mark and only no work at all is 0."""
    return min(math.ceil(share * _MILLION), _MILLION)


def _name(number: int, epochs: int | None = None) -> str:
    return f"{number:07d}.npy" if epochs is None else f"{number:07d}-of-{epochs}.npy"


def _kept(folder: RunFolder) -> list[tuple[int, str]]:
    """The frames of a run, by rising share in millionths of what it is to do now; none if there are none yet."""
    try:
        names = os.listdir(folder.path / _DIRECTORY)
    except FileNotFoundError:
        return []
    found = []
    run = folder.run  # read after the names: no frame is of more passes than it says
    for match in filter(None, map(_FRAME.fullmatch, names)):
        share = run.share_now(int(match[1]) / _MILLION, int(match[2]) if match[2] else None)
        found.append((_number(share) if run.earlier_epochs else int(match[1]), match[0]))
    return sorted(found)


def _about(path: Path) -> Mapping[str, Any]:
    """frames.json, or nothing if it is not there, or damaged by a power cut, or of another version."""
    try:
        about = read_json(path / "frames.json")
    except StorageProblem:
        return {}
    return about if about.get("version") == _VERSION else {}
