"""The job "export": a vector set as a file of another program's, in the run's folder; and the file's address.

The file is made by a worker; a server only hands it out, so nothing heavy is imported here
before the job begins.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from embedcore import disk, formats
from embedcore.errors import UnknownRun
from embedcore.library import open_vectors
from embedcore.runs.folder import FINISHED, RunFolder
from embedcore.runs.jobs import EXPORT, ExportConfig
from embedcore.runs.progress import STOPPED_EARLY, WRITING, Reporter, Stopped
from embedcore.runs.record import EXPORTS, Run
from embedcore.settings import Settings
from embedcore.storage import os_errors

if TYPE_CHECKING:
    from embedcore.vectors import WordVectors

_BINARY = ("word2vec-binary", "safetensors", "torch")
_NUMBER_BYTES, _TEXT_BYTES, _PACKED_BYTES = 4, 6, 3  # of a number: exactly; as short text; as such text, packed


def run_export(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    """Write the set that the run names to a file in its folder; returns what run.json's result says.

    Raises BadSetting for an unknown format, UnknownVectors, StorageProblem.
    """
    config = ExportConfig.from_json(folder.run.config)
    config.check(settings)
    folder.drop_metrics_after(-1.0)  # those of an earlier attempt
    reporter = Reporter(folder, {WRITING: 1.0})
    try:
        reporter.at(WRITING, 0.0)
        vectors = open_vectors(config.vectors, settings)
        path = _place(folder) / f"{vectors.name}{formats.FORMATS[config.format].extension}"
        with os_errors(f"write {path.name}"):
            disk.check_room(_bytes_needed(vectors, config.format), path.parent, f"Writing “{path.name}”")
            written = formats.export(
                vectors, config.format, path, on_progress=lambda share: reporter.at(WRITING, share)
            )
            size = path.stat().st_size
    except Stopped:
        with suppress(OSError):  # empty, unless another worker has the run by now
            (folder.path / EXPORTS).rmdir()
        return STOPPED_EARLY
    said = str(written) if written.renamed or written.left_out or written.notes else ""
    return {"file": path.name, "bytes": size, "rows": written.rows, "said": said}


def file_of(runs_dir: Path, run_id: str, name: str) -> Path | None:
    """The file of that name that a finished export made; None if there is none, or no longer."""
    try:
        folder = RunFolder(runs_dir, run_id)
        run = folder.run
    except UnknownRun:
        return None
    if (run.kind, run.state, run.result.get("file")) != (EXPORT, FINISHED, name):
        return None
    path = folder.path / EXPORTS / name
    return path if path.is_file() else None


def address(run: Run) -> str | None:
    """Where the file of a finished export is to be had, from the root of the server; None for any other run."""
    if run.kind != EXPORT or run.state != FINISHED or not run.result.get("file"):
        return None
    return f"/{EXPORTS}/{run.id}/{quote(run.result['file'])}"


def _place(folder: RunFolder) -> Path:
    """The empty folder for the file. Raises Stopped if the run was deleted."""
    place = folder.path / EXPORTS
    shutil.rmtree(place, ignore_errors=True)  # of a worker that was killed
    with os_errors("begin with this export"):
        try:
            place.mkdir()
        except FileNotFoundError:
            raise Stopped from None
    return place


def _bytes_needed(vectors: WordVectors, format: str) -> int:
    """About how large the file will be, rather too small than too large; the words aside."""
    each = _NUMBER_BYTES if format in _BINARY else _PACKED_BYTES if format == "projector" else _TEXT_BYTES
    return len(vectors) * vectors.dim * each
