"""The job "download": a file from the web, and the vector set that it holds, if one is to be made."""

from __future__ import annotations

from typing import Any

from embedcore import catalog, downloads
from embedcore.catalog.wanted import Wanted, from_address, from_entry
from embedcore.downloads import Kept, RemoteFile
from embedcore.errors import BadSetting
from embedcore.library import check_free
from embedcore.runs.folder import RunFolder
from embedcore.runs.importing import SHARES, made_before, make_set, result_of
from embedcore.runs.jobs import DownloadConfig
from embedcore.runs.progress import FETCHING, STOPPED_EARLY, Reporter, Stopped
from embedcore.settings import Settings
from embedcore.storage import printable

_IMPORTING = 0.25  # how long making a set of a file takes, against fetching it: hosts are slower than disks


def run_download(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    """Fetch the file that the run names, and make a set of it if it has a name; what run.json's result says.

    What came stays when the run ends early, and the next attempt goes on from it. Raises BadName
    if the set's name is taken, DownloadProblem, BadVectors, StorageProblem.
    """
    config = DownloadConfig.from_json(folder.run.config)
    if done := made_before(config.name, folder, settings):
        return done
    folder.drop_metrics_after(-1.0)  # those of an earlier attempt
    wanted = _wanted(config, settings)
    if config.name is not None:
        check_free(config.name, overwrite=config.overwrite, settings=settings)  # before gigabytes are fetched
    after = {} if config.name is None else {phase: _IMPORTING * share for phase, share in SHARES.items()}
    reporter = Reporter(folder, {FETCHING: 1.0, **after})
    try:
        kept = _fetch(wanted.file, settings, reporter)
        result = {"file": str(kept.path), "key": kept.key, "bytes": kept.bytes, "verified": kept.verified}
        if config.name is None:
            return result
        imported = make_set(
            kept.path, config.name, folder, settings, reporter, format=wanted.format, member=wanted.member,
            source=wanted.source, licence=wanted.licence, overwrite=config.overwrite, meta=wanted.about(kept),
        )  # fmt: skip
    except Stopped:
        return STOPPED_EARLY
    return {**result, **result_of(imported)}


def _wanted(config: DownloadConfig, settings: Settings) -> Wanted:
    """What a config asks for. Raises BadSetting, DownloadProblem."""
    asked: dict[str, Any] = {
        "source": config.source, "licence": config.licence, "format": config.format, "member": config.member,
    }  # fmt: skip
    if config.url is not None:
        return from_address(config.url, **asked)
    entry = catalog.entries(settings).get(config.catalog or "")
    if entry is None:
        raise BadSetting(f"There is no “{printable(config.catalog or '')}” in the catalog any more.")
    return from_entry(entry, **asked)


def _fetch(file: RemoteFile, settings: Settings, reporter: Reporter) -> Kept:
    def on_progress(done: int, total: int | None) -> None:
        size = total or file.size
        reporter.at(FETCHING, done / size if size else 0.0, done=done, total=size)

    reporter.at(FETCHING, 0.0)
    return downloads.fetch(file, settings=settings, on_progress=on_progress)
