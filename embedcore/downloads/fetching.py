"""Fetching a file: from the first host that gives it, behind what is there already, checked to the last byte.

Here belong when to ask again, elsewhere, anew or not at all, and what makes a file the right one.
What a single answer means is in `judging`, asking in `transport`, the bytes on disk in `part`.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from embedcore import settings as settings_module
from embedcore import storage
from embedcore.disk import bytes_left, counted
from embedcore.downloads.files import PART_FILE, Kept, RemoteFile, find_kept, remember, seen, try_lock, write_kept
from embedcore.downloads.judging import Changed, Failed, Refused, is_page, judge
from embedcore.downloads.part import PartFile
from embedcore.errors import DownloadProblem, StorageProblem
from embedcore.settings import Settings

# Told the bytes that are there and the bytes in all, if that is known; what it raises ends the fetching.
OnProgress = Callable[[int, int | None], None]

PAUSES = (1.0, 3.0, 9.0, 20.0)  # seconds between the rounds over all hosts
_ENOUGH_BYTES, _ENOUGH_SHARE = 1 << 20, 0.01  # what came before a break, to go on at once at the same host
_LOOK_SECONDS = 0.25
RESERVE_BYTES = 64 << 20  # of the disk, left to others
_DISK_LOOK_BYTES = 16 << 20  # how often the disk is looked at on the way


def fetch(file: RemoteFile, *, settings: Settings | None = None, on_progress: OnProgress | None = None) -> Kept:
    """`file`, fetched unless it is here already: whole, and with the hash it should have.

    What came stays as a part if fetching ends early (also by what `on_progress` raises), and the next
    fetch goes on behind it, if its host still has the same file. Hosts are tried in turn, several times
    with growing pauses. If somebody else fetches the same file just now, this waits and shares theirs.
    A host that says too short a length is found out by the hash or the size of `file` alone.

    Raises DownloadProblem if no host gave the file, StorageProblem if it cannot be written.
    """
    settings = settings or settings_module.load()
    settings = replace(settings, private_urls=settings.private_urls or file.private)
    on_progress = on_progress or (lambda done, total: None)
    with _alone(file, settings, on_progress):
        if found := find_kept(file, settings):
            on_progress(found.bytes, found.bytes)
            return found
        fetching = _Fetching(file, settings, on_progress)
        try:
            return fetching.run()
        except (OSError, StorageProblem) as error:
            cause = error.__cause__ if isinstance(error, StorageProblem) else error
            if not isinstance(cause, OSError):
                raise
            problem = storage.storage_problem(cause, f"keep {storage.printable(file.name)}")
            raise StorageProblem(f"{problem}{fetching.what_stays()}") from cause


@contextmanager
def _alone(file: RemoteFile, settings: Settings, on_progress: OnProgress) -> Iterator[None]:
    """Wait until nobody else writes this file; tells meanwhile how far they are."""
    while True:
        with try_lock(file.key, settings) as ours:
            if ours:
                yield
                return
        part = PartFile(settings.downloads_dir / file.key, file.name)
        on_progress(part.size, part.length)
        time.sleep(_LOOK_SECONDS)


class _Fetching:
    """One fetch of one file, by whoever holds its lock."""

    def __init__(self, file: RemoteFile, settings: Settings, on_progress: OnProgress) -> None:
        self.file, self.settings, self.on_progress = file, settings, on_progress
        self.folder = settings.downloads_dir / file.key
        self.part = PartFile(self.folder, file.name)
        self.seen = None if file.sha256 or not file.published else seen(file.key, settings)
        self.failures: dict[str, str] = {}  # by address

    def run(self) -> Kept:
        """All hosts in turn, round after round, until one gave the file."""
        urls = list(self.file.urls)
        for pause in (0.0, *PAUSES):
            self._wait(pause)
            for url in [*urls]:
                try:
                    return self._from(url)
                except Failed as failed:
                    self.failures[url] = str(failed).rstrip(".")
                    if isinstance(failed, Refused):
                        urls.remove(url)
            if not urls:
                break
        raise DownloadProblem(self._sentence())

    def _from(self, url: str) -> Kept:
        """The file from one address: again at once while enough comes, once anew if it does not fit."""
        anew = False
        while True:
            before = self.part.size
            try:
                self._get(url)
                return self._keep()
            except Changed:
                self.part.clear()
                if anew:
                    raise
                anew = True
            except Refused:
                raise
            except Failed:
                came = self.part.size - before
                if came < _ENOUGH_BYTES and came < _ENOUGH_SHARE * (self.part.length or 2**62):
                    raise
            finally:
                self.part.close()

    def _get(self, url: str) -> None:
        """Ask for what is missing, and write what comes. Raises Failed."""
        from embedcore.downloads.transport import ask

        part = self.part
        headers = self._range(url)
        if headers:
            part.catch_up(lambda size: self.on_progress(size, part.length))
        with ask(url, headers, self.settings, self._tell) as answer:
            offer = judge(
                answer.status,
                answer.header,
                name=self.file.name,
                have=part.size,
                length=part.length,
                etag=part.etag if part.url == url else "",
                asked=bool(headers),
            )
            if offer.complete:
                part.resumed = True
                return
            self._check_length(offer.length)
            if offer.start:
                part.go_on(url, offer.length, answer.header("ETag"), answer.header("Last-Modified"))
            else:
                part.begin(url, offer.length, answer.header("ETag"), answer.header("Last-Modified"))
            self._write(answer.chunks())

    def _range(self, url: str) -> dict[str, str]:
        """The headers that ask for the rest only; none if what is there cannot be gone on with.

        It can, if its host tells when the file is another one by now, or if a checksum will tell; at
        another host than before, only if a checksum will.
        """
        part = self.part
        tells = part.url == url and bool(part.validator)
        if not part.size or not (tells or self.file.sha256):
            return {}
        return {"Range": f"bytes={part.size}-", **({"If-Range": part.validator} if tells else {})}

    def _check_length(self, length: int | None) -> None:
        expected = self.file.bytes
        if None not in (length, expected) and length != expected:
            raise Refused(f"offers {length:,} bytes, but the file has {expected:,}")

    def _write(self, chunks: Iterator[bytes]) -> None:
        """Write what comes, as long as the disk has room. Raises Failed, OSError, StorageProblem."""
        part = self.part
        whole = part.length if part.length is not None else self.file.bytes
        expected = whole if whole is not None else self.file.about_bytes
        self._check_room((expected or 0) - part.size)
        looked = part.size
        for data in chunks:
            part.write(data)
            if whole is not None and part.size > whole:
                part.clear()
                raise Refused(f"sent more than the {whole:,} bytes that the file has")
            if part.size - looked >= _DISK_LOOK_BYTES:
                looked = part.size
                self._check_room(1)
            self.on_progress(part.size, expected)
        if whole is not None and part.size < whole:
            raise Failed(f"broke off after {counted(part.size)}")

    def _check_room(self, needed: int) -> None:
        left = bytes_left(self.folder)
        if needed > 0 and needed + RESERVE_BYTES > left:
            raise StorageProblem(
                f"{storage.printable(self.file.name)} takes {counted(needed)} more on the disk, but only "
                f"{counted(left)} are left, of which {counted(RESERVE_BYTES)} stay free. "
                f"Free some space and try again.{self.what_stays()}"
            )

    def _keep(self) -> Kept:
        """Put the file in its place, if it is the right one. Raises Refused, Changed, OSError."""
        part, file = self.part, self.file
        part.close()
        part.catch_up(lambda size: self.on_progress(size, size))
        if wrong := self._what_is_wrong():
            # What came earlier may be what is wrong: a part whose end was lost with the power, or of another file.
            failure: Failed = Changed(wrong) if part.resumed else Refused(wrong)
            part.clear()
            raise failure
        entry = Kept(
            key=file.key,
            name=file.name,
            path=self.folder / file.name,
            sha256=part.sha256,
            bytes=part.size,
            url=part.url,
            verified=file.sha256 is not None,
            fetched=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        )
        write_kept(self.folder, entry, part.path)
        part.path.replace(entry.path)
        (self.folder / PART_FILE).unlink(missing_ok=True)
        if file.published and not file.sha256 and not self.seen:
            remember(entry, self.settings)
        return entry

    def _what_is_wrong(self) -> str:
        """Why what was fetched is not the file that was meant; empty if nothing speaks against it."""
        found = self.part.sha256
        if self.file.sha256 and found != self.file.sha256.lower():
            page = " and is a web page" if is_page(self.part.start()) else ""
            return f"sent a file that is not the one expected{page}: its SHA-256 is {found}, not {self.file.sha256}"
        if not self.part.size:
            return "sent an empty file"
        if self.file.bytes is not None and self.part.size != self.file.bytes:
            return f"sent {self.part.size:,} bytes, but the file has {self.file.bytes:,}"
        if self.file.sha256 is None and is_page(self.part.start()):
            return "sent a web page instead of the file"
        if self.seen and found != self.seen.get("sha256"):
            day = str(self.seen.get("fetched"))[:10]
            return f"has another file there than on {day}: its SHA-256 is {found}, and was {self.seen.get('sha256')}"
        return ""

    def _wait(self, seconds: float) -> None:
        """Pause, and let whoever waits stop meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._tell()
            time.sleep(min(left, _LOOK_SECONDS))

    def _tell(self) -> None:
        """Say how much is there, while nothing comes."""
        self.on_progress(self.part.size, self.part.length)

    def _sentence(self) -> str:
        hosts = "".join(f" {urlsplit(url).hostname}: {why}." for url, why in self.failures.items())
        return f"Could not fetch {storage.printable(self.file.name)}.{hosts}{self.what_stays()}"

    def what_stays(self) -> str:
        """A sentence on the part that is there, with a space before it; empty if there is none."""
        if not self.part.size:
            return ""
        return f" The {counted(self.part.size)} that came are kept, and the next try goes on from there."
