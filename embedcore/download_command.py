"""The commands `vectors catalog` and `vectors download`: what can be had, and a file of it made a set.

Here belongs what only the command line needs of fetching. The rest is in `downloads`, `catalog` and
`importing`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from embedcore import catalog, disk, downloads, library
from embedcore import settings as settings_module
from embedcore.catalog import Entry
from embedcore.catalog.wanted import Wanted, from_address, from_entry
from embedcore.downloads import Kept, RemoteFile
from embedcore.errors import BadSetting
from embedcore.formats import READABLE
from embedcore.import_command import import_bar, report
from embedcore.importing import import_vectors
from embedcore.interrupts import interruptible
from embedcore.settings import Settings
from embedcore.storage import printable

Answer = tuple[dict[str, Any], list[str]]

_QUIET_SECONDS = 1.0  # before a bar shows
_NEAR = 5  # names named where one is not known


def list_catalog(args: argparse.Namespace) -> Answer:
    """The sets that can be had with `vectors download`."""
    entries = catalog.entries(strict=True)
    here = {info.name for info in library.list_vectors()}
    sets = [
        {
            "name": entry.name, "title": entry.title, "about": entry.about, "rows": entry.rows, "dim": entry.dim,
            "language": entry.language, "cased": entry.cased, "licence": entry.licence,
            "licence_url": entry.licence_url, "download_bytes": entry.file.size, "disk_bytes": entry.disk_bytes,
            "urls": list(entry.file.urls), "verifiable": entry.verifiable, "here": entry.name in here,
        }
        for entry in entries.values()
    ]  # fmt: skip
    lines = [_line(entry, here=entry.name in here) for entry in entries.values()]
    left_out = [f"{name} is not among them: {why}" for name, why in catalog.LEFT_OUT.items()]
    return {"sets": sets}, [*lines, *left_out]


def _line(entry: Entry, *, here: bool) -> str:
    rows = f"{entry.rows:,}" if entry.rows else "?"
    shape = f"{rows:>11} x {entry.dim or '?':<5}"
    size = disk.counted(entry.file.size) if entry.file.size else "?"
    notes = [entry.licence or "no licence given", *(["here"] if here else [])]
    return f"{entry.name:26} {shape} {size:>8}  {', '.join(notes)}"


def download_arguments(parser: argparse.ArgumentParser) -> None:
    """What `vectors download` takes."""
    parser.add_argument(
        "what", metavar="NAME", help="a set of the catalog, such as glove.6B.100d, or the URL of a file"
    )
    parser.add_argument("--name", metavar="N", help="what the new set will be called (default: as in the catalog)")
    parser.add_argument("--format", choices=READABLE, help="the file format (default: found out from the file)")
    parser.add_argument("--member", metavar="FILE", help="which file of a .zip of several")
    parser.add_argument("--licence", metavar="TEXT", help="what the set may be used for (default: as in the catalog)")
    parser.add_argument("--overwrite", action="store_true", help="replace a set of this name")
    parser.add_argument(
        "--keep-file",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep the fetched file, from which other sets may be made, or remove it once the set is made",
    )
    parser.add_argument(
        "--accept-changed",
        action="store_true",
        help="take a file without a published checksum also if it is not the one of the first time",
    )


def download_set(args: argparse.Namespace) -> Answer:
    """Fetch a set of the catalog, or a file by its URL, and keep it as a set."""
    # Whoever can start commands here can ask this machine's network anyway.
    settings = replace(settings_module.load(), private_urls=True)
    name, wanted = _wanted(args, settings)
    if done := _here_already(name, wanted, settings):
        return done
    name = library.check_free(name, overwrite=args.overwrite, settings=settings)  # before much is fetched
    if args.accept_changed:
        downloads.forget(wanted.file, settings)
    kept = _fetch(wanted.file, settings)
    result, lines = _make(kept, name, wanted, args, settings)
    if args.keep_file:
        lines.append(f"The fetched file, {disk.counted(kept.bytes)}, is kept in {kept.path.parent}.")
    else:
        downloads.remove(kept.key, settings)
    checked = {"bytes": kept.bytes, "sha256": kept.sha256, "url": kept.url, "verified": kept.verified}
    return {**result, **checked, "file": str(kept.path) if args.keep_file else None}, lines


def _wanted(args: argparse.Namespace, settings: Settings) -> tuple[str, Wanted]:
    """The name of the set to be, and what the arguments ask for. Raises BadSetting, DownloadProblem."""
    asked: dict[str, Any] = {"licence": args.licence, "format": args.format, "member": args.member}
    if "://" in args.what:
        if not args.name:
            raise BadSetting("Say with --name what the set from this address will be called.")
        downloads.check_url(args.what, settings)
        return args.name, from_address(args.what, **asked)
    entries = catalog.entries(settings, strict=True)
    entry = entries.get(args.what)
    if entry is None:
        raise BadSetting(f"There is no “{printable(args.what)}” in the catalog.{_near(args.what, entries)}")
    return args.name or entry.name, from_entry(entry, **asked)


def _near(name: str, entries: dict[str, Entry]) -> str:
    if why := catalog.LEFT_OUT.get(name):
        return f" {why}"
    from rapidfuzz import process

    near = [found[0] for found in process.extract(name, list(entries), limit=_NEAR)]
    return f" Near: {', '.join(map(str, near))}."


def _here_already(name: str, wanted: Wanted, settings: Settings) -> Answer | None:
    """The answer where the bundled set is asked for: it needs no fetching."""
    if wanted.entry is None or name != library.BUNDLED:
        return None
    for info in library.list_vectors(settings):
        if info.bundled:
            result = {"name": info.name, "rows": info.rows, "dim": info.dim, "bundled": True}
            return result, [f"“{info.name}” is here already: it comes with the installation."]
    return None


def _fetch(file: RemoteFile, settings: Settings) -> Kept:
    """The file, fetched with a bar. Raises KeyboardInterrupt that says what is kept."""
    try:
        with interruptible(), _bytes_bar(file) as on_progress:
            return downloads.fetch(file, settings=settings, on_progress=on_progress)
    except KeyboardInterrupt:
        part = next((part for part in downloads.parts(settings) if part.key == file.key), None)
        if part is None or not part.bytes:
            raise
        length = part.length or file.size
        size = f" of {disk.counted(length)}" if length else ""
        raise KeyboardInterrupt(
            f"Interrupted. {disk.counted(part.bytes)}{size} are kept, and the same command goes on from there."
        ) from None


def _make(kept: Kept, name: str, wanted: Wanted, args: argparse.Namespace, settings: Settings) -> Answer:
    """The set, made of the fetched file. Raises KeyboardInterrupt that says what is kept."""
    try:
        with interruptible(), import_bar() as on_progress:
            done = import_vectors(
                kept.path,
                name,
                format=wanted.format,
                member=wanted.member,
                source=wanted.source,
                licence=wanted.licence,
                meta=wanted.about(kept),
                overwrite=args.overwrite,
                on_progress=on_progress,
                settings=settings,
            )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            "Interrupted; no set was made. The fetched file is kept, and the same command reads it again."
        ) from None
    return report(done)


@contextmanager
def _bytes_bar(file: RemoteFile) -> Iterator[downloads.OnProgress]:
    """A progress bar in bytes on standard error."""
    from tqdm import tqdm

    with tqdm(
        desc=f"Fetching {printable(file.name, 40)}", total=file.size, unit="B", unit_scale=True, file=sys.stderr,
        mininterval=0.2, delay=_QUIET_SECONDS, leave=False,
    ) as bar:  # fmt: skip
        told = False

        def on_progress(done: int, total: int | None) -> None:
            nonlocal told
            if not told or done < bar.n:  # what was there before took no time; or it begins anew
                bar.initial = bar.n = bar.last_print_n = done
                told = True
            bar.total = total
            bar.update(done - bar.n)

        yield on_progress
