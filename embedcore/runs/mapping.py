"""The job "map": words of a set, or of two, are laid out, measured, and kept; with pictures on the way.

pictures/rows.npy            (sets, W) the row of each word in each set, in the order of the points
pictures/NNNNNNN-of-E.npy    (n, dims) float32, the coordinates after N of E iterations

Here belongs what a worker does for a map, and reading its pictures. What was asked for is checked
in `jobs`, the work itself is in `maps`, which knows of no run.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from embedcore.errors import BadVectors, UnknownRun
from embedcore.library import open_vectors
from embedcore.maps import honesty, layouts, neighbors, selection, store
from embedcore.maps.identity import identity_of
from embedcore.maps.request import MapRequest
from embedcore.runs.folder import RunFolder
from embedcore.runs.jobs import MapConfig
from embedcore.runs.progress import Reporter, Stopped, unless_stopped
from embedcore.runs.record import PICTURES
from embedcore.settings import Settings
from embedcore.storage import open_array, os_errors, write_array
from embedcore.vectors import WordVectors

GATHERING, NEAREST, LAYING_OUT, MEASURING = "gathering", "nearest", "laying out", "measuring"
SHARES = {GATHERING: 2, NEAREST: 6, LAYING_OUT: 84, MEASURING: 8}  # of the whole job

MOST_PICTURES = 40  # of one layout
MOST_BYTES = 12_000_000  # of all of them together
_EVERY_SECONDS = 0.5  # between two pictures
_ROWS = "rows.npy"
_PICTURE = re.compile(r"([0-9]{7})-of-([0-9]{1,7})\.npy")


def run_map(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    """Make the map that the run asks for, unless it is there; returns what run.json's result says.

    It always begins anew: a layout cannot be continued. Raises BadSetting, BadVectors, also if
    a set is another by now than was asked for, UnknownVectors, StorageProblem.
    """
    config = MapConfig.from_json(folder.run.config)
    config.check(settings)
    request = config.asked
    folder.drop_metrics_after(-1.0)  # those of an earlier attempt
    if (there := store.find_map(request.key, settings)) is not None:
        return result_of(there)
    reporter = Reporter(folder, SHARES)
    return unless_stopped(folder, lambda: result_of(_make(request, folder, settings, reporter)))


def result_of(made: store.FinishedMap) -> dict[str, Any]:
    """What run.json says of a map that is kept."""
    return {"key": made.key, "points": len(made.coordinates), "seconds": made.facts.get("seconds")}


def _make(request: MapRequest, folder: RunFolder, settings: Settings, reporter: Reporter) -> store.FinishedMap:
    reporter.at(GATHERING, 0.0)
    began = time.monotonic()
    sets = opened(request, settings)
    chosen = selection.select(sets, request.words)
    units = chosen.units(sets)  # (n, D)
    layouts.check(request.method, len(units), request.dims, request.seed)
    reporter.at(GATHERING, 1.0)
    knn = _nearest(request, units, folder, reporter)
    pictures = PictureWriter(folder, chosen)

    def on_progress(done: int, of: int, coordinates: npt.NDArray[np.float32] | None) -> None:
        reporter.at(LAYING_OUT, done / max(of, 1), step=done, steps=of)  # raises Stopped when asked to
        if coordinates is not None:
            pictures.add(done, of, coordinates)

    reporter.at(LAYING_OUT, 0.0)  # the libraries may have to be imported first
    coordinates = layouts.lay_out(
        units, request.method, request.dims, request.params, request.seed, knn=knn, on_progress=on_progress
    )
    reporter.at(MEASURING, 0.0)
    measured = honesty.measure(units, coordinates)
    reporter.at(MEASURING, 1.0)
    facts: dict[str, Any] = {"seconds": round(time.monotonic() - began, 3), "run": folder.id}
    if request.method == layouts.PCA:
        facts["variance"] = [float(share) for share in honesty.variance_kept(units, request.dims)]
    return store.save_map(request, chosen, coordinates, honesty=measured, facts=facts, settings=settings)


def opened(request: MapRequest, settings: Settings) -> list[WordVectors]:
    """The sets of a request. Raises BadVectors if one is no longer what it was, UnknownVectors, StorageProblem."""
    sets = [open_vectors(one.name, settings) for one in request.sets]
    for one, vectors in zip(request.sets, sets, strict=True):
        if identity_of(vectors) != one.identity:
            raise BadVectors(f"“{one.name}” was replaced after this map was asked for. Ask for the map again.")
    return sets


def _nearest(
    request: MapRequest, units: npt.NDArray[np.float32], folder: RunFolder, reporter: Reporter
) -> neighbors.Neighbors | None:
    """The exact neighbours that the method wants; None if it wants none."""
    wanted = layouts.neighbors_needed(request.method, request.params, len(units))
    if not wanted:
        return None
    reporter.at(NEAREST, 0.0)
    knn = neighbors.nearest(units, wanted, should_stop=folder.should_stop)
    if knn is None:
        raise Stopped
    reporter.at(NEAREST, 1.0)
    return knn


# pictures on the way


class Picture(NamedTuple):
    """The places of all points at one moment of a layout."""

    done: int  # iterations
    of: int
    path: Path

    def open(self) -> npt.NDArray[np.float32]:
        """The (n, dims) coordinates, mapped. Raises StorageProblem if they are gone or damaged."""
        return open_array(self.path)


class PictureWriter:
    """Keeps pictures of a layout under way, evenly by share, and not more often than anybody can see."""

    def __init__(self, folder: RunFolder, chosen: selection.Selection) -> None:
        """Write down which points they are of; pictures of an earlier attempt go. Raises Stopped, StorageProblem."""
        self._folder = folder
        self._mark, self._last = -1, float("-inf")
        place = folder.path / PICTURES
        with os_errors("begin with this map"):
            try:
                place.mkdir(exist_ok=True)
            except FileNotFoundError:
                raise Stopped from None
            for picture in pictures(folder):
                picture.path.unlink(missing_ok=True)
        self._put(_ROWS, np.stack(chosen.rows))  # (sets, W)

    def add(self, done: int, of: int, coordinates: npt.NDArray[np.float32]) -> None:
        """Keep the coordinates (n, dims) of a moment if a picture is due. Raises Stopped, StorageProblem."""
        marks = min(MOST_PICTURES, max(1, MOST_BYTES // max(1, coordinates.nbytes)))
        mark, now = done * marks // max(of, 1), time.monotonic()
        if mark <= self._mark or now - self._last < _EVERY_SECONDS or not np.isfinite(coordinates).all():
            return
        self._put(f"{done:07d}-of-{of}.npy", coordinates)
        self._mark, self._last = mark, now

    def _put(self, name: str, array: npt.NDArray[Any]) -> None:
        try:
            self._folder.put(
                f"{PICTURES}/{name}", lambda place: write_array(place, array), doing="keep a picture of this map"
            )
        except UnknownRun:
            raise Stopped from None


def pictures(folder: RunFolder) -> list[Picture]:
    """The pictures that a run has kept so far, in the order of the layout; none if it keeps none."""
    with os_errors("list the pictures of this map"):
        try:
            names = sorted(path.name for path in (folder.path / PICTURES).iterdir())
        except FileNotFoundError:
            return []
    found = [(match, name) for name in names if (match := _PICTURE.fullmatch(name))]
    return [Picture(int(match[1]), int(match[2]), folder.path / PICTURES / name) for match, name in found]


def picture_rows(folder: RunFolder) -> npt.NDArray[np.int64]:
    """The (sets, W) rows of the points in a run's pictures. Raises StorageProblem if there are none yet."""
    return open_array(folder.path / PICTURES / _ROWS)


def steps_of(line: Mapping[str, Any] | None) -> tuple[int, int] | None:
    """How many of how many iterations the last line of a run's metrics tells of; None outside the layout itself."""
    return (int(line["step"]), int(line["steps"])) if line and "steps" in line else None
