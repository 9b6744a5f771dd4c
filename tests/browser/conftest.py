"""A real server on a free port with a home of its own, and a real Chromium."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, sync_playwright

from embedcore.runs import RunFolder
from embedcore.runs.folder import list_runs
from embedcore.settings import Settings, load
from tests.test_runs import until

ROOT = Path(__file__).parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--process-per-site"]  # fmt: skip
SIZE: ViewportSize = {"width": 1280, "height": 1000}
IDLE = "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"


@dataclass
class Server:
    """A running dashboard."""

    url: str
    settings: Settings
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(home: Path, log: Path) -> Server:
    """`streamlit run app.py` as `make run` does it; returns when it answers."""
    process, url = start_streamlit(ROOT, log, {"EMBEDCORE_HOME": str(home), "EMBEDCORE_WORKERS": "2"})
    return Server(url, load({"EMBEDCORE_HOME": str(home), "EMBEDCORE_WORKERS": "2"}), process)


def start_streamlit(
    folder: Path, log: Path, environment: dict[str, str], *options: str
) -> tuple[subprocess.Popen[bytes], str]:
    """`streamlit run app.py` of a folder on a free port, and its address; returns when it answers."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), *options]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environment}, stdout=file, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    until(answers, 60, "an answer from the server")
    return process, url


@contextmanager
def serving(place: Path) -> Iterator[Server]:
    """A server with its home and its log in a folder; in the end it may not have noted an error."""
    running = start_server(place / "home", place / "log")
    yield running
    running.stop()
    log = (place / "log").read_text()
    assert "Traceback" not in log, log


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all browser tests."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. Where it is missing, tests are skipped, but fail if REQUIRE_BROWSER is set."""
    path = shutil.which("chromium")
    if path is None:
        reason = "There is no chromium here; on Debian: apt-get install chromium"
        pytest.fail(reason) if os.environ.get("REQUIRE_BROWSER") else pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Profiles:
    """Browsers of their own for visitors; those of one test are cleaned and given to the next one's.

    In a fresh one, each first page takes a second for its programs to be compiled. Here they stay
    compiled, as long as one tab stays open.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self._made: list[BrowserContext] = []

    def give(self, number: int) -> BrowserContext:
        """The browser of a test's first visitor (0), second, and so on."""
        while number >= len(self._made):
            self._made.append(self.browser.new_context(viewport=SIZE))
            self._made[-1].new_page().goto(f"{self.url}/_stcore/health")  # a tab that does nothing
        return self._made[number]

    def clean(self) -> None:
        """Close what visitors opened, and forget what they left behind."""
        for context in self._made:
            stays, *opened = context.pages
            for page in opened:
                page.close()
            stays.evaluate("localStorage.clear()")
            context.clear_cookies()
            context.clear_permissions()

    def close(self) -> None:
        """Close them all."""
        for context in self._made:
            context.close()


@pytest.fixture(scope="module")
def profiles(chromium: Browser, server: Server) -> Iterator[Profiles]:
    """The browsers of a module's visitors."""
    made = Profiles(chromium, server.url)
    yield made
    made.close()


class Visitor:
    """Somebody with a browser of their own, who notes what it complains of."""

    def __init__(self, browser: Browser, url: str, context: BrowserContext | None = None) -> None:
        self.url = url
        self.context: BrowserContext = context or browser.new_context(viewport=SIZE)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.complaints: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._check_host(request.url))

    def _note(self, message: ConsoleMessage) -> None:
        # Streamlit looks for its own address below the page's path first, on every deep link.
        expected = "404" in message.text and "/_stcore/" in str(message.location.get("url"))
        if message.type == "error" and not expected:
            self.complaints.append(f"{message.text} {message.location}")

    def _check_host(self, url: str) -> None:
        if urlparse(url).scheme.startswith("http") and urlparse(url).hostname != "127.0.0.1":
            self.complaints.append(f"asked outside: {url}")

    def open(self, path: str) -> Page:
        """Open a page and wait until it is drawn."""
        self.page.goto(self.url + path)
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until the script has run."""
        self.page.wait_for_selector(IDLE, timeout=60_000)
        self.page.wait_for_timeout(150)  # the browser draws after that; the app has no sign for it

    def ask_about(self, word: str) -> None:
        """On Compare, type a word more; returns when the address says it."""
        box = self.page.get_by_role("combobox", name="Words")
        box.fill(word)
        box.press("Enter")
        self.page.wait_for_url(lambda url: word in parse_qs(urlparse(url).query).get("words", []))

    def text_of_metric(self, label: str) -> str:
        """What a metric shows."""
        metric = self.page.locator("[data-testid=stMetric]", has_text=label)
        return metric.locator("[data-testid=stMetricValue]").inner_text()


def press_stop(page: Page) -> None:
    """Press the app's own Stop: while a script runs, Streamlit has one of that name in its header, too."""
    page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop").click()


@pytest.fixture
def visitor(chromium: Browser, server: Server, profiles: Profiles) -> Iterator[Callable[[], Visitor]]:
    """Makes visitors; in the end none of their browsers may have complained."""
    visitors: list[Visitor] = []

    def make() -> Visitor:
        visitors.append(Visitor(chromium, server.url, profiles.give(len(visitors))))
        return visitors[-1]

    yield make
    for run in list_runs(server.settings.runs_dir):  # what a failed test left running would hold up the next ones
        if not run.over:
            folder = RunFolder(server.settings.runs_dir, run.id)
            folder.ask_to_stop()
            until(lambda folder=folder: folder.run.over, what="the end of a run")  # type: ignore[misc]
    complaints = [complaint for one in visitors for complaint in one.complaints]
    profiles.clean()
    assert complaints == []
