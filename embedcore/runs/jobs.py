"""What jobs other than training are asked to do, and asking for them: import, download, export, map, grouping.

Here belongs what a server process needs: the settings of such runs, checked, and putting them
in the line. Light: what does the work is in `importing`, `downloading`, `exporting`, `mapping`
and `grouping`, and only workers import those.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from embedcore import catalog
from embedcore.downloads import check_url, without_secrets
from embedcore.errors import BadName, BadSetting, StorageProblem
from embedcore.formats import FORMATS
from embedcore.library import check_free
from embedcore.maps import groups
from embedcore.maps.layouts.methods import METHODS
from embedcore.maps.request import MapRequest
from embedcore.runs.folder import RunFolder
from embedcore.runs.progress import JobProgress, progress_of
from embedcore.runs.record import DOWNLOAD, EXPORT, GROUPING, IMPORT, MAP, Run
from embedcore.settings import Settings
from embedcore.storage import check_name, os_errors, printable

if TYPE_CHECKING:
    from embedcore.runs.service import Runs

__all__ = [
    "DOWNLOAD", "EXPORT", "GROUPING", "IMPORT", "KINDS", "MAP", "DownloadConfig", "ExportConfig", "GroupingConfig",
    "ImportConfig", "JobProgress", "MapConfig", "check_file", "list_import_files", "progress_of", "running", "submit",
]  # fmt: skip

KINDS = (IMPORT, DOWNLOAD, EXPORT)  # those of the library
_LOCK = ".jobs.lock"
_here = threading.Lock()  # some network disks lock between processes only
_NAME_CHARACTERS = 100
_MOST_FILES = 1_000  # that are listed


class _Config:
    """What a job was asked to do, as run.json holds it."""

    kind: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        """As run.json holds it."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """From what run.json holds; what another version wrote besides is passed over. Raises BadSetting."""
        known = {entry.name for entry in fields(cls)}  # type: ignore[arg-type]
        try:
            return cls(**{name: value for name, value in stored.items() if name in known})
        except TypeError as error:
            raise BadSetting("This run does not say what it should do. Ask for it again.") from error


@dataclass(frozen=True)
class ImportConfig(_Config):
    """A file of vectors becomes a set."""

    kind: ClassVar[str] = IMPORT
    file: str  # its path; in a folder from which the page may import
    name: str  # of the set to be
    format: str | None = None  # a key of formats.READABLE; None: find it out
    member: str | None = None  # which file of an archive
    source: str = ""  # where it came from, for people; empty: its file name
    licence: str | None = None
    overwrite: bool = False  # whether a set of that name is replaced

    def check(self, settings: Settings) -> None:
        """Raises BadName for a name that is none or taken, BadSetting or StorageProblem for the file."""
        check_free(self.name, overwrite=self.overwrite, settings=settings)
        check_file(self.file, settings)

    @property
    def key(self) -> str | None:
        """What makes two such jobs the same; None: no two are."""
        return None

    @property
    def title(self) -> str:
        """What the run is called."""
        return f"Import {Path(self.file).name} as {self.name}"


@dataclass(frozen=True)
class DownloadConfig(_Config):
    """A file is fetched, and becomes a set if it is to have a `name`."""

    kind: ClassVar[str] = DOWNLOAD
    catalog: str | None = None  # the entry of the catalog that it is, or
    url: str | None = None  # where it lies
    name: str | None = None  # of the set to be; None: the file is fetched and kept as it is
    licence: str | None = None  # None: as the catalog says
    format: str | None = None  # None: as the catalog says, or find it out
    member: str | None = None  # which file of an archive; None: as the catalog says
    source: str = ""  # empty: as the catalog says, or the URL
    overwrite: bool = False

    def check(self, settings: Settings) -> None:
        """Raises BadName for a name that is none or taken, BadSetting or DownloadProblem for what cannot be fetched."""
        if (self.catalog is None) == (self.url is None):
            raise BadSetting("Either an entry of the catalog or a URL can be fetched.")
        if self.url is not None:
            check_url(self.url, settings)
        elif self.catalog not in catalog.entries(settings):
            raise BadSetting(f"There is no “{printable(str(self.catalog))}” in the catalog.")
        if self.name is not None:
            check_free(self.name, overwrite=self.overwrite, settings=settings)

    @property
    def key(self) -> str | None:
        """What makes two such jobs the same: what is fetched, and what becomes of it."""
        return f"{self.catalog or self.url} {self.name or ''}"

    @property
    def title(self) -> str:
        """What the run is called."""
        what = self.catalog or without_secrets(self.url or "")
        return f"Fetch {what}" + (f" as {self.name}" if self.name else "")


@dataclass(frozen=True)
class ExportConfig(_Config):
    """A set becomes a file to take away."""

    kind: ClassVar[str] = EXPORT
    vectors: str  # the set's name
    format: str  # a key of formats.FORMATS

    def check(self, settings: Settings) -> None:
        """Raises BadSetting for an unknown format."""
        if self.format not in FORMATS:
            raise BadSetting(f"There is no format “{self.format}”. There are: {', '.join(FORMATS)}.")

    @property
    def key(self) -> str | None:
        """What makes two such jobs the same."""
        return f"{self.vectors} {self.format}"

    @property
    def title(self) -> str:
        """What the run is called."""
        label = FORMATS[self.format].label if self.format in FORMATS else self.format
        return f"Export {self.vectors} as {label}"


@dataclass(frozen=True)
class MapConfig(_Config):
    """A map is laid out, and kept under the key of its request."""

    kind: ClassVar[str] = MAP
    request: dict[str, Any]  # as MapRequest.to_json has it

    @classmethod
    def of(cls, request: MapRequest) -> MapConfig:
        """The job of making the map of a request."""
        return cls(request.to_json())

    @property
    def asked(self) -> MapRequest:
        """What is asked for, checked. Raises BadSetting."""
        return MapRequest.from_json(self.request)

    def check(self, settings: Settings) -> None:
        """Raises BadSetting for what cannot be laid out; whether enough words are left is found out later."""
        _ = self.asked

    @property
    def key(self) -> str | None:
        """What makes two such jobs the same: the key of the map. Raises BadSetting."""
        return self.asked.key

    @property
    def title(self) -> str:
        """What the run is called."""
        asked = self.asked
        return f"{METHODS[asked.method].label} in {asked.dims}-D of {_words_of(asked)}"


@dataclass(frozen=True)
class GroupingConfig(_Config):
    """The points of a map are grouped, and the groups kept under a key of their own."""

    kind: ClassVar[str] = GROUPING
    request: dict[str, Any]  # as MapRequest.to_json has it
    how: str  # one of groups.HOWS
    number: int  # of groups, or of points that a group has at least

    @classmethod
    def of(cls, request: MapRequest, how: str, number: int) -> GroupingConfig:
        """The job of grouping the points of the map of a request."""
        return cls(request.to_json(), how, number)

    @property
    def asked(self) -> MapRequest:
        """The map whose points are grouped, all checked. Raises BadSetting."""
        groups.check(self.how, self.number)
        return MapRequest.from_json(self.request)

    def check(self, settings: Settings) -> None:
        """Raises BadSetting for what cannot be grouped; whether there are too many points is found out later."""
        _ = self.asked

    @property
    def key(self) -> str | None:
        """What makes two such jobs the same: the key of the groups. Raises BadSetting."""
        return groups.grouping_key(self.asked, self.how, self.number)

    @property
    def title(self) -> str:
        """What the run is called."""
        return f"Groups by {self.how} of {_words_of(self.asked)}"


Config = ImportConfig | DownloadConfig | ExportConfig | MapConfig | GroupingConfig
_CONFIGS: dict[str, type[Config]] = {
    IMPORT: ImportConfig, DOWNLOAD: DownloadConfig, EXPORT: ExportConfig, MAP: MapConfig, GROUPING: GroupingConfig,
}  # fmt: skip


def config_of(run: Run) -> Config:
    """What a run of one of KINDS, a map or a grouping was asked to do. Raises BadSetting."""
    return _CONFIGS[run.kind].from_json(run.config)


def submit(runs: Runs, config: Config, *, run_id: str | None = None) -> Run:
    """Check what is asked for and put it in the line.

    What somebody else is fetching or exporting already is not begun a second time: that run is
    returned, also when both asked in the same moment. Raises what `config.check` raises,
    BadName for a name that another run is about to take, and StorageProblem.
    """
    if run_id is not None and (folder := RunFolder(runs.settings.runs_dir, run_id)).exists():
        return folder.run  # a button pressed twice
    config.check(runs.settings)  # may take a moment: it asks where a URL leads
    if isinstance(config, ImportConfig | DownloadConfig) and config.name is not None:
        config = replace(config, name=check_name(config.name))  # as the set will be called
    with _alone(runs.settings.runs_dir):
        going = running(runs, config.kind, config.key)
        if going is not None:
            return going
        _check_coming(runs, config)
        return runs.submit(config.kind, config.to_json(), name=printable(config.title, _NAME_CHARACTERS), run_id=run_id)


def running(runs: Runs, kind: str, key: str | None) -> Run | None:
    """The run of a kind that waits or runs and does the very same; None if there is none.

    `key` is that of a config. Raises StorageProblem.
    """
    for run in _not_over(runs, (kind,)):
        with suppress(BadSetting):
            if key is not None and config_of(run).key == key:
                return run
    return None


def _words_of(asked: MapRequest) -> str:
    """Which words of which sets, for people."""
    what = f"{asked.words.count:,} words" if asked.words.how == "frequent" else "chosen words"
    return f"{what} of {' and '.join(one.name for one in asked.sets)}"


def _check_coming(runs: Runs, config: Config) -> None:
    """Raises BadName if another run that waits or runs will make a set of that name."""
    name = getattr(config, "name", None)
    for run in _not_over(runs, (IMPORT, DOWNLOAD)) if name else ():
        if run.config.get("name") == name:
            raise BadName(f"A vector set “{name}” is on its way already. Choose another name, or wait for it.")


def _not_over(runs: Runs, kinds: Collection[str]) -> Iterator[Run]:
    """The runs of some kinds that wait or run, newest first."""
    for run in runs.all(kinds):
        if not run.over:
            yield run


@contextmanager
def _alone(runs_dir: Path) -> Iterator[None]:
    """Let nobody else look for a run and put one in the line in between."""
    with os_errors("put this run in the waiting line"):
        runs_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(runs_dir / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with _here:
            with suppress(OSError):  # a disk without locks
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
    finally:
        os.close(descriptor)


# the files that may be imported


def list_import_files(settings: Settings) -> list[Path]:
    """The files that an operator put where the page may import from, by name; none if there is no such folder.

    At most a thousand; not those whose name begins with a dot or is no UTF-8, nor links that
    lead elsewhere, nor what may not be looked at. Raises StorageProblem.
    """
    folder = settings.import_dir
    inside = folder.resolve()

    def fits(path: Path) -> bool:
        name = path.relative_to(folder)
        try:
            name.as_posix().encode()  # another name can stand neither in a page nor in run.json
            hidden = any(part.startswith(".") for part in name.parts)
            return not hidden and path.is_file() and path.resolve().is_relative_to(inside)
        except (OSError, UnicodeEncodeError):
            return False

    with os_errors("list the files that can be imported"):
        try:
            return sorted(itertools.islice(filter(fits, folder.rglob("*")), _MOST_FILES))
        except FileNotFoundError:
            return []


def check_file(file: str | Path, settings: Settings) -> Path:
    """The real path of a file from which a set may be made here.

    It lies among the uploads, the downloads, or what an operator put into the folder for
    imports: a run can be asked for by anybody, and must not read other files of the server.
    Raises BadSetting for one that lies elsewhere, also by a link, StorageProblem if it is gone.
    """
    path = Path(file)
    name = printable(path.name)
    try:
        real = path.resolve()
    except (OSError, ValueError, RuntimeError):  # a loop of links, a zero byte
        raise BadSetting(f"“{name}” is no file that can be imported here.") from None
    allowed = (settings.uploads_dir, settings.downloads_dir, settings.import_dir)
    if not any(real != folder.resolve() and real.is_relative_to(folder.resolve()) for folder in allowed):
        raise BadSetting(f"“{name}” does not lie where files can be imported from.")
    if not real.is_file():
        again = " Upload it again." if real.is_relative_to(settings.uploads_dir.resolve()) else ""
        raise StorageProblem(f"“{name}” is no longer here.{again}")
    return real
