"""Makes the README's pictures from the running app: python -m tests.browser.pictures

Starts a server with an empty home, trains on the English sample, keeps the vectors, and
photographs each page.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS, Server, Visitor, start_server
from tests.loopback import Host, running

PICTURES = Path(__file__).parent / "pictures"


def main() -> None:
    """Write home.png, train.png, run.png, compare.png, arithmetic.png, map.png, transfer.png and library.png."""
    PICTURES.mkdir(exist_ok=True)
    place = Path(tempfile.mkdtemp())
    with running() as host:
        os.environ["EMBEDCORE_CATALOG"] = str(catalog(place, host))
        server = start_server(place / "home", place / "log")
        try:
            take_all(server, host)
        finally:
            server.stop()


def catalog(place: Path, host: Host) -> Path:
    """A catalog with one set, whose fetching is a third done until the host is let go on."""
    numbers = b" 0.25 -1.5" * 50
    data = b"".join(b"word%d%b\n" % (row, numbers) for row in range(60_000))
    url = host.serve("/reviews-2026.vec", data, stops_at=len(data) // 3)
    about = {"about": "What our users write about films: informal Korean.", "family": "In-house", "language": "Korean"}
    entry = {"name": "reviews-2026", "title": "Our film reviews", "urls": [url], "rows": 60_000, "dim": 100, **about}
    path = place / "catalog.json"
    path.write_text(json.dumps({"sets": [entry]}), encoding="utf-8")
    return path


def take_all(server: Server, host: Host) -> None:
    """Photograph every page of a running server."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        visitor = Visitor(browser, server.url)
        page = visitor.page

        def photograph(name: str, height: int) -> None:
            page.set_viewport_size({"width": 1180, "height": height})
            page.mouse.move(0, 0)
            page.wait_for_timeout(800)  # charts draw themselves anew at the new size
            page.screenshot(path=PICTURES / f"{name}.png")

        visitor.open("/train?sample=English")
        photograph("train", 2500)
        page.locator(".st-key-start_training button").click()
        page.get_by_text("All done").wait_for(timeout=120_000)
        visitor.settle()
        box = page.get_by_role("combobox", name="Words to watch")
        for word in ("storm", "violin"):
            box.fill(word)
            box.press("Enter")
            visitor.settle()
        box.press("Escape")
        page.wait_for_timeout(9_000)  # the replay plays to its end
        photograph("run", 1560)
        page.get_by_role("textbox", name="Name of the vector set", exact=True).fill("english-sample")
        page.get_by_role("button", name="Keep as a vector set").click()
        page.get_by_text("Kept as").wait_for()
        words = "&".join(f"words={word}" for word in ("king", "queen", "man", "woman", "apple", "orange"))
        visitor.open(f"/compare?vectors=glove.6B.50d&{words}&order=alike+together")
        photograph("compare", 1400)
        visitor.open("/compare?vectors=glove.6B.50d&ask=Arithmetic&expression=king+-+man+%2B+woman")
        photograph("arithmetic", 1740)
        visitor.open("/map?vectors=glove.6B.50d&count=5000&layout=UMAP&word=guitar")
        page.get_by_role("button", name="Lay out by UMAP").click()
        page.get_by_text("Laid out in").wait_for(timeout=180_000)
        visitor.settle()
        page.get_by_role("button", name="Whole map").click()
        photograph("map", 1420)
        visitor.open("/transfer?labelled=English")
        page.locator(".st-key-start_experiment button").click()
        page.get_by_text("All 36 fits").wait_for(timeout=120_000)
        visitor.settle()
        photograph("transfer", 1330)
        visitor.open("/")
        photograph("home", 900)
        visitor.open("/library")
        page.get_by_role("button", name="Fetch").first.click()
        host.files["/reviews-2026.vec"].reached.wait(20)
        page.get_by_text("Fetching").wait_for()
        photograph("library", 1240)
        browser.close()


if __name__ == "__main__":
    main()
