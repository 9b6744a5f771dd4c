"""The job "import": a file that lies here becomes a vector set; and making a set within any job."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from embedcore import uploads
from embedcore.errors import StorageProblem
from embedcore.importing import PHASES, Imported, import_vectors, phase_of
from embedcore.library import check_free, list_vectors
from embedcore.runs.folder import RunFolder
from embedcore.runs.jobs import ImportConfig, check_file
from embedcore.runs.progress import INDEXING, READING, STOPPED_EARLY, Reporter, Stopped
from embedcore.runs.record import SCRATCH
from embedcore.settings import Settings
from embedcore.storage import os_errors, printable

# How much of an import each phase is.
SHARES = {READING: PHASES["reading"], INDEXING: PHASES["indexing"] - PHASES["reading"]}


def run_import(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    """Make a set of the file that the run names; returns what run.json's result says.

    It always begins anew: an import that ended early left nothing. An uploaded file is removed
    once it is imported. Raises BadName if the name is taken by now, BadSetting for a file that
    lies elsewhere, BadVectors, StorageProblem.
    """
    config = ImportConfig.from_json(folder.run.config)
    if done := made_before(config.name, folder, settings):
        return done
    folder.drop_metrics_after(-1.0)  # those of an earlier attempt
    config.check(settings)
    path = check_file(config.file, settings)
    reporter = Reporter(folder, SHARES)
    try:
        imported = make_set(
            path, config.name, folder, settings, reporter, format=config.format, member=config.member,
            source=config.source or f"imported from {printable(path.name)}", licence=config.licence,
            overwrite=config.overwrite,
        )  # fmt: skip
    except Stopped:
        return STOPPED_EARLY
    uploads.remove(path, settings)
    return result_of(imported)


def make_set(
    path: Path,
    name: str,
    folder: RunFolder,
    settings: Settings,
    reporter: Reporter,
    *,
    format: str | None,
    member: str | None,
    source: str,
    licence: str | None,
    overwrite: bool,
    meta: Mapping[str, Any] | None = None,
) -> Imported:
    """Read a file and keep it as a set, built within the run's folder: what a kill leaves goes with the run.

    Raises Stopped, BadName if somebody else took the name meanwhile, and what reading raises.
    """
    reporter.at(READING, 0.0)
    with _scratch(folder) as scratch:
        try:
            return import_vectors(
                path, name, format=format, member=member, source=source, licence=licence,
                meta={**(meta or {}), "run": folder.id}, overwrite=overwrite, settings=settings, scratch=scratch,
                on_progress=lambda share: reporter.at(*phase_of(share)),
            )  # fmt: skip
        except StorageProblem:
            reporter.check()  # whoever deletes the run takes the place away that is written to
            check_free(name, overwrite=overwrite, settings=settings)
            raise


def result_of(imported: Imported) -> dict[str, Any]:
    """What run.json says of a set that was made."""
    info, read = imported.info, imported.read
    return {
        "name": info.name,
        "rows": info.rows,
        "dim": info.dim,
        "read": {"format": read.format, "skipped": dict(read.skipped), "notes": list(read.notes)},
    }


def made_before(name: str | None, folder: RunFolder, settings: Settings) -> dict[str, Any] | None:
    """The result of a run whose worker was lost after the set was made and before that was written down; else None."""
    if name is None or not folder.run.resumed:
        return None
    for info in list_vectors(settings):
        if info.name == name and info.run == folder.id and info.usable:
            return {"name": info.name, "rows": info.rows, "dim": info.dim, "read": dict(info.imported or {})}
    return None


@contextmanager
def _scratch(folder: RunFolder) -> Iterator[Path]:
    """An empty folder in the run's, gone afterwards. Raises Stopped if the run was deleted."""
    place = folder.path / SCRATCH
    shutil.rmtree(place, ignore_errors=True)  # of a worker that was killed
    try:
        with os_errors("begin with this import"):
            try:
                place.mkdir(exist_ok=True)
            except FileNotFoundError:
                raise Stopped from None
        yield place
    finally:
        with suppress(OSError):  # empty, unless another worker has the run by now
            place.rmdir()
