"""Runs that import and export vector sets: asked for, done, stopped, killed, and by two people at once."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcore import formats, uploads
from embedcore import settings as settings_module
from embedcore.errors import BadName, BadSetting, StorageProblem
from embedcore.library import list_vectors, open_vectors, save_vectors
from embedcore.runs import RunFolder, Runs, jobs, new_run_id, queue
from embedcore.runs.folder import FAILED, FINISHED, INTERRUPTED, QUEUED, RUNNING, STOPPED
from embedcore.runs.importing import _scratch
from embedcore.runs.jobs import DownloadConfig, ExportConfig, ImportConfig
from embedcore.runs.progress import _STALE_SECONDS, INDEXING, READING, Reporter, Stopped, progress_of
from embedcore.runs.record import DOWNLOAD, EXPORT, EXPORTS, IMPORT, SCRATCH, TRAIN
from embedcore.runs.worker import DELETED, WORKER_DIED, execute, interruption
from embedcore.settings import Settings
from embedcore.vectors import WordVectors
from tests.test_runs import a_run, until
from tests.test_runs_manage import HERE, StillRuns, a_dispatcher

ROOT = Path(__file__).parents[1]
WORDS = ["왕", "여왕", "king", "a b"]
ROWS = np.arange(12, dtype=np.float32).reshape(4, 3) / 7


@pytest.fixture
def runs(home: Settings) -> Runs:
    return StillRuns(home)


def a_set() -> WordVectors:
    return WordVectors(WORDS, ROWS)


def a_file(home: Settings, name: str = "mine.w2v.txt", *, rows: int = 4, folder: Path | None = None) -> Path:
    """A file of vectors where files may be imported from."""
    place = (folder or home.import_dir) / name
    place.parent.mkdir(parents=True, exist_ok=True)
    lines = (f"낱말{row} {row} 0.5 -1.25\n" for row in range(rows))
    place.write_text(f"{rows} 3\n" + "".join(lines), encoding="utf-8")
    return place


def submitted(runs: Runs, config: jobs.Config) -> RunFolder:
    return runs.folder(jobs.submit(runs, config).id)


def done(home: Settings, folder: RunFolder) -> str:
    queue.take(home.runs_dir, folder.id)
    return execute(home, home.runs_dir, folder.id)


def kept(home: Settings) -> list[str]:
    """The names of the sets that are listed, without the bundled one."""
    return [info.name for info in list_vectors(home) if not info.bundled]


def nothing_is_left(home: Settings) -> bool:
    """Whether neither the library nor any run holds something unfinished."""
    found = [path.name for place in (home.vectors_dir, home.runs_dir) for path in place.rglob("*")]
    return not any(name.startswith(".tmp") or name == SCRATCH for name in found)


# What is asked for


@pytest.mark.parametrize(
    "config",
    [
        ImportConfig("/home/x/벡터.txt", "이름", "glove", "a.txt", "source", "CC0", overwrite=True),
        DownloadConfig(catalog="glove.6B.100d", name="glove"),
        DownloadConfig(url="https://example.org/a.vec.gz"),
        ExportConfig("mine", "torch"),
    ],
    ids=lambda config: config.title,
)
def test_what_is_asked_for_survives_json(config: jobs.Config) -> None:
    stored = config.to_json()
    assert jobs.config_of(a_run(kind=config.kind, config={**stored, "of_a_later_version": 1})) == config
    with pytest.raises(BadSetting, match="does not say what it should do"):
        ImportConfig.from_json({"name": "x"})


def test_an_import_is_checked_before_it_waits(runs: Runs, home: Settings) -> None:
    path = a_file(home)
    save_vectors("taken", a_set(), source="test", settings=home)
    for name in ("taken", "", "../x", "glove.6B.50d"):
        with pytest.raises(BadName):
            jobs.submit(runs, ImportConfig(str(path), name))
    with pytest.raises(BadSetting, match="There is no format “xls”"):
        jobs.submit(runs, ExportConfig("taken", "xls"))
    with pytest.raises(BadSetting, match="Either an entry of the catalog or a URL"):
        jobs.submit(runs, DownloadConfig())
    assert runs.count() == 0
    assert jobs.submit(runs, ImportConfig(str(path), "taken", overwrite=True)).state == QUEUED


def test_only_files_in_three_folders_can_be_imported(runs: Runs, home: Settings, tmp_path: Path) -> None:
    inside, outside = a_file(home), a_file(home, "outside.txt", folder=tmp_path)
    link, good_link = home.import_dir / "link.txt", home.import_dir / "good.txt"
    link.symlink_to(outside)
    good_link.symlink_to(inside)
    (home.import_dir / "loop").symlink_to(home.import_dir / "loop")
    uploaded = uploads.keep("sent.txt", b"x", home)
    fetched = a_file(home, "fetched.txt", folder=home.downloads_dir / "key")
    for path in (inside, good_link, uploaded, fetched):
        assert jobs.check_file(str(path), home) == path.resolve()
    refused = [outside, link, home.import_dir / ".." / "settings", home.import_dir / "loop", home.import_dir,
               Path("/etc/passwd"), home.runs_dir / "x", Path("a\0b"), home.home / "import-other" / "x"]  # fmt: skip
    for path in refused:
        with pytest.raises(BadSetting, match=r"does not lie where files|no file that can be imported"):
            jobs.submit(runs, ImportConfig(str(path), "name"))
    for path, sentence in (
        (home.import_dir / "gone.txt", "“gone.txt” is no longer here."),
        (uploaded.with_name("b.txt"), "“b.txt” is no longer here. Upload it again."),
    ):
        with pytest.raises(StorageProblem) as caught:
            jobs.check_file(path, home)
        assert str(caught.value) == sentence


def test_a_worker_checks_the_file_too(runs: Runs, home: Settings, tmp_path: Path) -> None:
    config = ImportConfig(str(a_file(home, "secret.txt", folder=tmp_path)), "mine")
    folder = runs.folder(runs.submit(IMPORT, config.to_json(), name="not through `jobs`").id)
    assert done(home, folder) == FAILED
    assert folder.run.error == "“secret.txt” does not lie where files can be imported from."
    assert kept(home) == []


def test_the_files_of_the_operator_are_listed(home: Settings, tmp_path: Path) -> None:
    assert jobs.list_import_files(home) == []
    names = ["b.txt", "a.vec", "sub/c.bin"]
    files = [a_file(home, name) for name in names]
    a_file(home, ".hidden.txt")
    a_file(home, ".trash/d.txt")
    (home.import_dir / "outside.txt").symlink_to(a_file(home, folder=tmp_path))
    assert jobs.list_import_files(home) == sorted(files)
    linked = replace(home, import_folder=tmp_path / "link")
    (tmp_path / "link").symlink_to(home.import_dir)
    assert [path.name for path in jobs.list_import_files(linked)] == ["a.vec", "b.txt", "c.bin"]


def test_files_that_cannot_be_named_or_looked_at_hide_no_others(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = a_file(home, "벡터.txt")
    locked = a_file(home, "locked/b.txt")
    (home.import_dir / os.fsdecode("벡터.txt".encode("cp949"))).touch()  # as an older system wrote it
    real = Path.is_file

    def is_file(path: Path) -> bool:
        if path == locked:
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "is_file", is_file)
    assert jobs.list_import_files(home) == [shown]


def test_what_is_going_on_is_not_begun_again(home: Settings) -> None:
    config = DownloadConfig(url="https://93.184.216.34/a.vec", name="mine")
    private = replace(home, private_urls=True)  # else the address is looked up
    answers: list[str] = []

    def press() -> None:
        answers.append(jobs.submit(StillRuns(private), config).id)

    people = [threading.Thread(target=press) for _ in range(8)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    runs = StillRuns(private)
    assert len(answers) == 8
    assert set(answers) == {runs.recent()[0].id}
    assert runs.count() == 1
    going = jobs.running(runs, DOWNLOAD, config.key)
    assert going is not None
    assert going.id == answers[0]
    assert jobs.running(runs, DOWNLOAD, "another") is None
    assert jobs.running(runs, EXPORT, config.key) is None
    runs.folder(going.id).update(state=FAILED)
    assert jobs.running(runs, DOWNLOAD, config.key) is None
    assert jobs.submit(runs, config).id != going.id


def test_a_name_that_is_on_its_way_is_taken(runs: Runs, home: Settings) -> None:
    first, second = a_file(home, "1.txt"), a_file(home, "2.txt")
    run_id = new_run_id()
    run = jobs.submit(runs, ImportConfig(str(first), "mine"), run_id=run_id)
    assert run.name == "Import 1.txt as mine"
    with pytest.raises(BadName, match="A vector set “mine” is on its way already"):
        jobs.submit(runs, ImportConfig(str(second), "mine"))
    assert jobs.submit(runs, ImportConfig(str(first), "mine"), run_id=run_id).id == run_id  # pressed twice
    assert done(home, runs.folder(run_id)) == FINISHED
    assert jobs.submit(runs, ImportConfig(str(first), "mine"), run_id=run_id).state == FINISHED


# How far it is


class Clock:
    """A time that goes on when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000_000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(time, "time", lambda: self.now)


def test_progress_tells_shares_rates_and_the_time_left(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    folder = RunFolder.create(home.runs_dir, a_run(kind=DOWNLOAD, state=RUNNING))
    assert progress_of(folder) is None
    reporter = Reporter(folder, {"fetching": 0.8, READING: 0.15, INDEXING: 0.05})
    for second in range(11):  # 1 MB a second, of which 3 MB were there before
        reporter.at("fetching", (3 + second) / 20, done=(3 + second) * 1_000_000, total=20_000_000)
        clock.now += 1
    found = progress_of(folder)
    assert found is not None
    assert (found.phase, found.bytes, found.bytes_total) == ("fetching", 13_000_000, 20_000_000)
    assert found.phase_share == pytest.approx(13 / 20)
    assert found.share == pytest.approx(0.8 * 13 / 20)
    assert found.bytes_per_second == pytest.approx(1_000_000)
    assert found.seconds_left == pytest.approx(7)
    reporter.at(READING, 0.0)
    clock.now += 4
    reporter.at(READING, 0.5)
    found = progress_of(folder)
    assert found is not None
    assert (found.phase, found.phase_share, found.bytes) == (READING, 0.5, None)
    assert found.share == pytest.approx(0.8 + 0.15 / 2)
    assert found.seconds_left == pytest.approx(4)
    clock.now += 60  # nothing was heard since
    found = progress_of(folder)
    assert found is not None
    assert (found.seconds_left, found.bytes_per_second) == (None, None)
    folder.update(state=FINISHED)
    assert progress_of(folder).share == 1.0  # type: ignore[union-attr]


def test_a_rate_is_of_the_last_seconds(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    folder = RunFolder.create(home.runs_dir, a_run(kind=DOWNLOAD, state=RUNNING))
    reporter = Reporter(folder, {"fetching": 1.0})
    bytes_done = 0
    for rate, seconds in ((10_000_000, 60), (1_000, 60)):
        for _ in range(seconds):
            reporter.at("fetching", 0.0, done=bytes_done, total=None)
            bytes_done += rate
            clock.now += 1
    found = progress_of(folder)
    assert found is not None
    assert found.bytes_per_second == pytest.approx(1_000)
    assert (found.seconds_left, found.bytes_total) == (None, None)


def test_what_was_there_before_is_no_work_of_now(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    folder = RunFolder.create(home.runs_dir, a_run(kind=DOWNLOAD, state=RUNNING))
    reporter = Reporter(folder, {"fetching": 1.0})
    reporter.at("fetching", 0.0)  # before anybody looked what is there
    for second in range(4):
        clock.now += 1
        reporter.at("fetching", 0.5, done=500_000_000 + 1_000 * second, total=10**9)
    assert progress_of(folder).bytes_per_second == pytest.approx(1_000)  # type: ignore[union-attr]
    for second in range(4):  # the file is another one by now, and is fetched anew
        clock.now += 1
        reporter.at("fetching", 0.0, done=1_000 * second, total=10**9)
    assert progress_of(folder).bytes_per_second == pytest.approx(1_000)  # type: ignore[union-attr]
    assert progress_of(folder).share == 0.5  # type: ignore[union-attr]


def test_more_comes_than_was_thought(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    folder = RunFolder.create(home.runs_dir, a_run(kind=DOWNLOAD, state=RUNNING))
    reporter = Reporter(folder, {"fetching": 1.0})
    for second in range(4):
        reporter.at("fetching", (8 + second) / 10, done=8 + second, total=10)
        clock.now += 1
    reporter.at("fetching", 1.2, done=12, total=10)
    reporter.check()
    found = progress_of(folder)
    assert found is not None
    assert all(line["seconds_left"] is None or line["seconds_left"] >= 0 for line in folder.metrics())
    assert all(line["bytes_total"] is None or line["bytes_total"] >= line["bytes"] for line in folder.metrics())


def test_a_long_run_writes_few_lines(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    folder = RunFolder.create(home.runs_dir, a_run(kind=IMPORT, state=RUNNING))
    reporter = Reporter(folder, {READING: 1.0})
    for tenth in range(36_000):  # an hour
        reporter.at(READING, tenth / 36_000)
        clock.now += 0.1
    lines = folder.metrics()
    assert 500 < len(lines) < 2_000
    assert [line["share"] for line in lines] == sorted(line["share"] for line in lines)
    assert max(later["time"] - line["time"] for line, later in itertools.pairwise(lines)) < _STALE_SECONDS


def test_a_stop_ends_the_work_from_within(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    folder = RunFolder.create(home.runs_dir, a_run(kind=IMPORT, state=RUNNING))
    reporter = Reporter(folder, {READING: 1.0})
    reporter.at(READING, 0.1)
    folder.ask_to_stop()
    reporter.at(READING, 0.2)  # looked only just now
    clock.now += 0.2
    with pytest.raises(Stopped):
        reporter.at(READING, 0.3)


# Importing


def test_a_file_becomes_a_set(runs: Runs, home: Settings) -> None:
    sent = a_file(home, "벡터 😀.txt", rows=500).read_bytes() + b"cut 1\n"
    path = uploads.keep("벡터.txt", sent, home)
    folder = submitted(runs, ImportConfig(str(path), "이름", licence="CC0"))
    assert done(home, folder) == FINISHED
    vectors = open_vectors("이름", home)
    assert vectors["낱말499"].tolist() == [499, 0.5, -1.25]
    result = folder.run.result
    assert (result["name"], result["rows"], result["dim"]) == ("이름", 500, 3)
    assert result["read"]["format"] == "word2vec"
    assert result["read"]["skipped"] == {"too few numbers": 1}
    info = next(info for info in list_vectors(home) if info.name == "이름")
    assert (info.source, info.licence, info.run) == ("imported from 벡터.txt", "CC0", folder.id)
    assert not path.exists()  # an upload has served
    assert nothing_is_left(home)
    lines = folder.metrics()
    assert [line["phase"] for line in lines][:1] == [READING]
    assert lines[-1]["phase"] == INDEXING
    assert progress_of(folder).share == 1.0  # type: ignore[union-attr]


def test_the_operators_file_stays(runs: Runs, home: Settings) -> None:
    path = a_file(home)
    assert done(home, submitted(runs, ImportConfig(str(path), "mine", source="from the archive"))) == FINISHED
    assert path.exists()
    assert open_vectors("mine", home).meta["source"] == "from the archive"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "“mine.txt” is empty."),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "mine.txt"),
        (b"word nan nan\n" * 3, "mine.txt"),
    ],
    ids=["empty", "a picture", "not finite"],
)
def test_what_is_no_file_of_vectors_fails_with_a_sentence(
    runs: Runs, home: Settings, content: bytes, sentence: str
) -> None:
    path = home.import_dir / "mine.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    folder = submitted(runs, ImportConfig(str(path), "mine"))
    assert done(home, folder) == FAILED
    assert sentence in str(folder.run.error)
    assert not (folder.path / "error.log").exists()  # it was foreseen
    assert kept(home) == []
    assert nothing_is_left(home)


def at_half(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do something once, when an import is half done."""
    real, waits = Reporter.at, [act]

    def at(self: Reporter, phase: str, share: float, **more: Any) -> None:
        if phase == INDEXING and waits:
            waits.pop()()
            self._looked = float("-inf")
        real(self, phase, share, **more)

    monkeypatch.setattr(Reporter, "at", at)


def test_a_stopped_import_keeps_nothing_and_begins_anew(
    runs: Runs, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = uploads.keep("a.w2v.txt", a_file(home).read_bytes(), home)
    folder = submitted(runs, ImportConfig(str(path), "mine"))
    with monkeypatch.context() as patch:
        at_half(patch, folder.ask_to_stop)
        assert done(home, folder) == STOPPED
    assert kept(home) == []
    assert nothing_is_left(home)
    assert path.exists()
    assert runs.listing(kinds=(IMPORT,))[0].resumable
    runs.resume(folder.id)
    assert done(home, folder) == FINISHED
    assert kept(home) == ["mine"]
    shares = [line["share"] for line in folder.metrics()]
    assert shares == sorted(shares)  # none of the first attempt's lines


def test_a_run_deleted_half_way_leaves_no_trace(runs: Runs, home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = submitted(runs, ImportConfig(str(a_file(home)), "mine"))
    at_half(monkeypatch, lambda: runs.delete(folder.id))
    assert done(home, folder) == DELETED
    assert kept(home) == []
    assert not folder.path.exists()
    assert nothing_is_left(home)


def test_of_two_imports_under_one_name_one_wins(runs: Runs, home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    config = ImportConfig(str(a_file(home)), "mine")
    slow, quick = (runs.folder(runs.submit(IMPORT, config.to_json(), name=name).id) for name in ("slow", "quick"))
    at_half(monkeypatch, lambda: done(home, quick))
    assert done(home, slow) == FAILED
    assert slow.run.error == "There is already a vector set “mine”. Free is “mine-2”."
    assert quick.run.state == FINISHED
    assert open_vectors("mine", home).meta["run"] == quick.id
    late = runs.folder(runs.submit(IMPORT, config.to_json(), name="late").id)
    assert done(home, late) == FAILED
    assert late.run.error == "There is already a vector set “mine”. Free is “mine-2”."
    assert late.metrics() == []  # nothing was read in vain
    assert nothing_is_left(home)


def test_a_full_disk_is_told_and_a_resume_works(runs: Runs, home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    folder = submitted(runs, ImportConfig(str(a_file(home)), "mine"))
    with monkeypatch.context() as patch:
        at_half(patch, full)
        assert done(home, folder) == FAILED
    assert str(folder.run.error).endswith("The disk is full. Free some space and try again.")
    assert kept(home) == []
    assert nothing_is_left(home)
    assert runs.listing()[0].resumable
    runs.resume(folder.id)
    assert done(home, folder) == FINISHED


TMPFS = """
mount -t tmpfs -o size=24m none "$EMBEDCORE_HOME" || exit 77
exec "$0" -c "$1"
"""
FILLED = """
import sys
from pathlib import Path
from embedcore import settings as settings_module
from embedcore.runs.progress import READING, Reporter
from embedcore.runs.jobs import ImportConfig
from tests.test_runs_manage import StillRuns
from tests.test_runs_vectors import done, kept, nothing_is_left, submitted
settings = settings_module.load()
ballast = settings.home / "ballast"
real = Reporter.at
def at(self, phase, share, **more):
    if phase == READING and share > 0 and not ballast.exists():
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(512))
            except OSError:
                file.truncate(file.tell() - 65_536)  # room for the few lines that say what happened
    real(self, phase, share, **more)
Reporter.at = at
runs = StillRuns(settings)
folder = submitted(runs, ImportConfig(str(settings.import_dir / "mine.glove.txt"), "mine"))
print(done(settings, folder))
print(folder.run.error)
print(kept(settings), nothing_is_left(settings))
ballast.write_bytes(b"")
runs.resume(folder.id)
print(done(settings, folder), kept(settings))
"""


def test_a_disk_that_fills_up_in_mid_import_leaves_nothing_half_made(home: Settings, tmp_path: Path) -> None:
    home.home.mkdir()
    path = tmp_path / "import" / "mine.glove.txt"
    path.parent.mkdir()
    path.write_text("".join(f"낱말{row} {'0.25 ' * 49}0.5\n" for row in range(80_000)), encoding="utf-8")
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", TMPFS, sys.executable, FILLED]
    environment = {**os.environ, "EMBEDCORE_IMPORT_DIR": str(path.parent)}
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, env=environment)
    except FileNotFoundError:
        pytest.skip("there is no unshare here")
    if ended.returncode == 77 or "unshare" in ended.stderr:
        pytest.skip("no small disk can be mounted here")
    lines = ended.stdout.splitlines()
    assert lines[0] == FAILED, ended.stderr
    assert lines[1].startswith("Could not ")
    assert lines[1].endswith("The disk is full. Free some space and try again.")
    assert lines[2:] == ["[] True", f"{FINISHED} ['mine']"], ended.stderr


def test_a_worker_that_ends_late_takes_nothing_from_the_next_one(home: Settings) -> None:
    folder = RunFolder.create(home.runs_dir, a_run(kind=IMPORT, state=RUNNING))
    late, now = ExitStack(), ExitStack()
    late.enter_context(_scratch(folder))
    place = now.enter_context(_scratch(folder))  # of the worker that has the run since
    (place / "set").mkdir()
    late.close()
    assert (place / "set").is_dir()
    (place / "set").rmdir()
    now.close()
    assert not (folder.path / SCRATCH).exists()


def test_a_worker_lost_after_the_set_was_made_does_not_make_a_failure_of_it(runs: Runs, home: Settings) -> None:
    folder = submitted(runs, ImportConfig(str(a_file(home)), "mine"))
    assert done(home, folder) == FINISHED
    result = folder.run.result
    folder.update(state=INTERRUPTED, result={})  # as if the end could not have been written down
    runs.resume(folder.id)
    assert done(home, folder) == FINISHED
    assert folder.run.result == result


# Exporting


@pytest.mark.parametrize("format", list(formats.FORMATS))
def test_a_set_becomes_a_file(runs: Runs, home: Settings, tmp_path: Path, format: str) -> None:
    save_vectors("내 벡터", a_set(), source="test", settings=home)
    folder = submitted(runs, ExportConfig("내 벡터", format))
    assert done(home, folder) == FINISHED
    result = folder.run.result
    made = folder.path / EXPORTS / result["file"]
    assert result["file"] == "내 벡터" + formats.FORMATS[format].extension
    assert result["bytes"] == made.stat().st_size > 0
    assert os.listdir(folder.path / EXPORTS) == [result["file"]]
    vectors, _ = formats.read(made, format)
    assert np.array_equal(vectors.matrix, ROWS)
    renamed = vectors.tokens[3] != "a b"
    assert renamed == ("“_”" in result["said"])  # where a token had to be written otherwise, it is said


def test_a_stopped_export_leaves_no_file(runs: Runs, home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    save_vectors("mine", a_set(), source="test", settings=home)
    folder = submitted(runs, ExportConfig("mine", "glove"))
    real = Reporter.at

    def at(self: Reporter, phase: str, share: float, **more: Any) -> None:
        if share > 0:
            folder.ask_to_stop()
        real(self, phase, share, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Reporter, "at", at)
        assert done(home, folder) == STOPPED
    assert not (folder.path / EXPORTS).exists()
    runs.resume(folder.id)
    assert done(home, folder) == FINISHED


def test_an_export_that_stops_late_takes_nothing_from_the_next_one(
    runs: Runs, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_vectors("mine", a_set(), source="test", settings=home)
    folder = submitted(runs, ExportConfig("mine", "glove"))

    def at(self: Reporter, phase: str, share: float, **more: Any) -> None:
        if share > 0:
            (folder.path / EXPORTS / "of the worker that has the run since").touch()
            raise Stopped

    monkeypatch.setattr(Reporter, "at", at)
    assert done(home, folder) == STOPPED
    assert os.listdir(folder.path / EXPORTS) == ["of the worker that has the run since"]


def test_a_set_that_is_gone_is_told(runs: Runs, home: Settings) -> None:
    folder = submitted(runs, ExportConfig("gone", "glove"))
    assert done(home, folder) == FAILED
    assert "There is no vector set “gone” here." in str(folder.run.error)


def test_no_room_for_the_file_is_said_before_it_is_written(
    runs: Runs, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_vectors("mine", a_set(), source="test", settings=home)
    folder = submitted(runs, ExportConfig("mine", "word2vec-binary"))
    monkeypatch.setattr("embedcore.disk.bytes_left", lambda folder: 40)
    assert done(home, folder) == FAILED
    assert folder.run.error == (
        "Writing “mine.w2v.bin” needs about 48 bytes of disk, but only 40 bytes are left there. "
        "Free some space and try again."
    )


# Lists, and clearing away


def test_runs_are_listed_by_kind(runs: Runs, home: Settings) -> None:
    kinds = [TRAIN, IMPORT, TRAIN, EXPORT, DOWNLOAD]
    ids = [f"{number}{new_run_id()}" for number in range(5)]
    made = [
        RunFolder.create(home.runs_dir, a_run(kind=kind, id=run_id)) for kind, run_id in zip(kinds, ids, strict=True)
    ]
    newest_first = [(folder.id, kind) for folder, kind in zip(made, kinds, strict=True)][::-1]
    for wanted in ((TRAIN,), jobs.KINDS, (EXPORT,), None):
        expected = [run_id for run_id, kind in newest_first if wanted is None or kind in wanted]
        assert [run.id for run in runs.recent(9, kinds=wanted)] == expected
        assert [summary.run.id for summary in runs.listing(9, kinds=wanted)] == expected
        assert [summary.run.id for summary in runs.listing(1, 1, kinds=wanted)] == expected[1:2]
        assert runs.count(kinds=wanted) == len(expected)
    runs.delete(made[2].id)
    assert runs.count(kinds=(TRAIN,)) == 1


def test_what_ended_early_can_go_on_whatever_became_of_it(runs: Runs, home: Settings) -> None:
    for kind in jobs.KINDS:
        for state in (FAILED, STOPPED, INTERRUPTED, FINISHED):
            RunFolder.create(home.runs_dir, a_run(kind=kind, state=state))
    assert all(summary.resumable == (summary.run.state != FINISHED) for summary in runs.listing())


def test_a_name_is_composed_before_it_waits(runs: Runs, home: Settings) -> None:
    path = str(a_file(home))
    apart = unicodedata.normalize("NFD", "한국어")
    folder = submitted(runs, ImportConfig(path, apart))
    with pytest.raises(BadName, match="is on its way already"):
        jobs.submit(runs, ImportConfig(path, "한국어"))
    assert done(home, folder) == FINISHED
    folder.update(state=INTERRUPTED, result={})  # its worker was lost before it could say so
    runs.resume(folder.id)
    assert done(home, folder) == FINISHED
    assert kept(home) == ["한국어"]


def test_what_a_killed_removal_left_of_fetched_files_goes(home: Settings) -> None:
    left, key = home.downloads_dir / ".tmp-left", home.downloads_dir / "v.bin-0123456789"
    for folder in (left, key):
        folder.mkdir(parents=True)
        (folder / "v.bin").write_bytes(b"x")
        os.utime(folder, (time.time() - 25 * 3600.0,) * 2)
    a_dispatcher(home)[0].tidy()
    assert (left.exists(), key.exists()) == (False, True)


def test_exports_go_earlier_and_uploads_that_wait_stay(runs: Runs, home: Settings) -> None:
    now, hour = time.time(), 3600.0
    old, young, other = (
        RunFolder.create(home.runs_dir, a_run(kind=kind, state=FINISHED, ended=now - hours * hour))
        for kind, hours in ((EXPORT, 25), (EXPORT, 23), (IMPORT, 25))
    )
    (old.path / EXPORTS).mkdir()
    (old.path / EXPORTS / "large.bin").write_bytes(b"x")
    waiting, forgotten = (uploads.keep(f"{name}.txt", b"x", home) for name in "ab")
    for path in (waiting, forgotten):
        os.utime(path.parent, (now - 25 * hour, now - 25 * hour))
    jobs.submit(runs, ImportConfig(str(waiting), "mine"))
    dispatcher, _ = a_dispatcher(replace(home, exports_kept_hours=0))
    dispatcher.tidy()
    assert old.exists()
    assert (waiting.exists(), forgotten.exists()) == (True, False)
    a_dispatcher(home)[0].tidy()
    assert [folder.exists() for folder in (old, young, other)] == [False, True, True]


def test_downloads_leave_a_worker_to_other_runs(runs: Runs, home: Settings) -> None:
    dispatcher, client = a_dispatcher(home, HERE, workers=3)
    for number in range(4):
        runs.submit(DOWNLOAD, {}, name=f"download {number}")
    trained = runs.submit(TRAIN, {}, name="training")
    dispatcher.look()
    given = [task.arguments[3] for task in client.tasks]
    assert [runs.folder(run_id).run.kind for run_id in given] == [DOWNLOAD, DOWNLOAD, TRAIN]
    assert trained.id in given
    alone, only = a_dispatcher(home, HERE, workers=1)
    alone.look()
    assert len(only.tasks) == 1  # where there is one worker, it does everything


# With real workers


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Runs with two real workers."""
    place = tmp_path_factory.mktemp("vector-runs")
    runs = Runs(settings_module.load({"EMBEDCORE_HOME": str(place), "EMBEDCORE_WORKERS": "2"}))
    runs.start()
    until(lambda: runs.workers == 2, 60, "two workers")
    yield runs
    runs.stop()


def a_large_file(home: Settings) -> Path:
    """A file that takes a second or more to read."""
    path = home.import_dir / "large.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = " ".join(f"{number:.6f}" for number in np.random.default_rng(1).standard_normal(100))
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"낱말{row} {numbers}\n" for row in range(100_000))
    return path


def test_a_killed_import_lists_nothing_and_can_be_resumed(service: Runs) -> None:
    home = service.settings
    run = jobs.submit(service, ImportConfig(str(a_large_file(home)), "large"))
    folder = service.folder(run.id)
    until(lambda: any(folder.path.glob(f"{SCRATCH}/.tmp-*/*")), what="an unfinished set")
    worker = folder.run.owner["worker"]
    os.kill(worker, signal.SIGSTOP)
    assert folder.run.state == RUNNING
    os.kill(worker, signal.SIGKILL)
    ended = service.wait(run.id)
    assert ended.state == INTERRUPTED
    assert ended.error == interruption(WORKER_DIED, IMPORT)
    assert "Nothing of it is kept; resume begins anew." in str(ended.error)
    until(lambda: not (folder.path / SCRATCH).exists(), what="the clearing away")
    assert kept(home) == []
    assert nothing_is_left(home)
    service.resume(run.id)
    until(lambda: any(folder.path.glob(f"{SCRATCH}/.tmp-*/*")), what="another unfinished set")
    service.ask_to_stop(run.id)
    assert service.wait(run.id).state == STOPPED
    assert kept(home) == []
    assert nothing_is_left(home)
    service.resume(run.id)
    assert service.wait(run.id).state == FINISHED
    assert len(open_vectors("large", home)) == 100_000
    assert nothing_is_left(home)


def test_real_workers_import_and_export(service: Runs) -> None:
    home = service.settings
    imported = jobs.submit(service, ImportConfig(str(a_file(home)), "small"))
    assert service.wait(imported.id).state == FINISHED
    exported = jobs.submit(service, ExportConfig("small", "torch"))
    assert service.wait(exported.id).state == FINISHED


def test_sentences_fit_the_kind_of_run() -> None:
    kinds: list[tuple[str, str]] = [(TRAIN, "checkpoint"), (DOWNLOAD, "goes on from there"), (IMPORT, "begins anew")]
    for kind, words in kinds:
        assert words in interruption(WORKER_DIED, kind)
