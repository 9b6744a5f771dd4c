"""Pictures a second while one moves, zooms and turns a map, against ECharts through `st.echarts_chart`.

    python -m benchmarks.bench_map_view [--quick]

In headless Chromium without a graphics processor, under the headers that the dashboard sends: words of glove.6B.50d,
a chart some 1,150 pixels wide and 640 high. The mouse is moved from inside the page, once a frame, for three seconds.
Counted are the pictures that were drawn, where their pixels are put into the canvas or the canvas is wiped for them;
frames in which nothing was drawn are not. As other programs take their share of the time, the second number counts
more: the processor milliseconds of the page's main thread a picture (33 are 30 pictures a second on a free core).
The wheel swings over the whole map, with all names in play; before dragging, the map is seen from close by.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
COUNTS = [2_000, 10_000, 50_000, 400_000]
SERVER = f"""
import streamlit as st
from starlette.middleware import Middleware
from embedcore.ui import map_points
from embedcore.ui.headers import SecurityHeaders
app = st.App({str(ROOT / "benchmarks" / "one_map_page.py")!r}, routes=map_points.routes,
             middleware=[Middleware(SecurityHeaders)])
"""
# At most one picture a frame is counted: ECharts wipes several layers for one.
COUNTING = """
window.drawn = 0
let frame = 0, last = -1
const loop = () => { frame++; requestAnimationFrame(loop) }
loop()
const ways = { putImageData: () => true, clearRect: (pen, what) => what[2] >= pen.canvas.width / 2 }
for (const [name, whole] of Object.entries(ways)) {
  const was = CanvasRenderingContext2D.prototype[name]
  CanvasRenderingContext2D.prototype[name] = function (...what) {
    if (last !== frame && whole(this, what)) { last = frame; window.drawn++ }
    return was.apply(this, what)
  }
}
"""
MOVING = """
async ([own, kind, closer, seconds]) => {
  const frame = () => new Promise(requestAnimationFrame), rest = time => new Promise(done => setTimeout(done, time))
  const roots = [document, ...[...document.querySelectorAll("*")].map(each => each.shadowRoot).filter(Boolean)]
  const place = own ? ".map canvas" : "[data-testid=stEChartsChart] canvas"
  const canvas = roots.map(root => root.querySelector(place)).find(Boolean)
  const box = canvas.getBoundingClientRect(), x = box.left + box.width / 2, y = box.top + box.height / 2
  let target = document.elementFromPoint(x, y)
  while (target.shadowRoot) target = target.shadowRoot.elementFromPoint(x, y)
  const fire = (type, at, more) => {
    const about = { pointerId: 1, pointerType: "mouse", bubbles: true, composed: true, cancelable: true, view: window,
                    clientX: at[0], clientY: at[1], button: 0, buttons: 1, ...more }
    if (type === "wheel") return target.dispatchEvent(new WheelEvent("wheel", { ...about, buttons: 0 }))
    return target.dispatchEvent(own ? new PointerEvent("pointer" + type, about) : new MouseEvent("mouse" + type, about))
  }
  target.dispatchEvent(new PointerEvent("pointerenter", { clientX: x, clientY: y, bubbles: true }))
  fire("move", [x, y], { buttons: 0 })
  await rest(800) // Streamlit lets the wheel reach ECharts once the mouse has rested on it, or paused for 0.2 seconds
  if (closer) for (let step = 0; step < 8; step++) { fire("wheel", [x, y], { deltaY: -100 }); await frame() }
  if (kind === "drag") fire("down", [x, y])
  window.drawn = 0
  const begin = performance.now()
  let idle = 0, last = begin
  for (let step = 1; last - begin - idle < 1000 * seconds; step++) {
    if (kind === "wheel") fire("wheel", [x, y], { deltaY: step % 40 < 20 ? -60 : 60 })
    else fire("move", [x + 120 * Math.sin(step / 15), y + 80 * Math.sin(step / 11)])
    await frame()
    const now = performance.now(), late = kind === "wheel" && now - last > 180
    if (late) { await rest(500); idle += performance.now() - now } // else the wheel is held back again, see above
    last = performance.now()
  }
  const took = (last - begin - idle) / 1000, drawn = window.drawn
  if (kind === "drag") fire("up", [x, y])
  return [drawn, took]
}
"""


class Cost(NamedTuple):
    """What a movement showed and took."""

    pictures: float  # a second
    milliseconds: float  # of the page's main thread, a picture

    def __str__(self) -> str:
        return f"{self.pictures:5.0f}/s {self.milliseconds:6.1f} ms"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="2,000 and 10,000 words, a second each")
    counts, seconds = (COUNTS[:2], 1) if parser.parse_args().quick else (COUNTS, 3)
    print("words      movement   ours                 ECharts              its time / ours")
    with serving() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(120_000)
        page.add_init_script(COUNTING)
        for count in counts:
            ours, theirs = (measure(page, address, chart, count, 2, seconds) for chart in ("own", "echarts"))
            for kind in ("wheel", "drag"):
                ratio = theirs[kind].milliseconds / ours[kind].milliseconds
                print(f"{count:<10,} {kind:10} {ours[kind]}    {theirs[kind]}    {ratio:6.1f}", flush=True)
            turned = measure(page, address, "own", count, 3, seconds)["drag"]
            print(f"{count:<10,} 3-D turn   {turned}    -", flush=True)
        browser.close()


def measure(page: Page, address: str, chart: str, count: int, dims: int, seconds: float) -> dict[str, Cost]:
    """What the wheel over the whole map costs, and dragging from close by; in space, turning."""
    own = chart == "own"
    page.goto(f"{address}/?chart={chart}&count={count}&dims={dims}")
    page.locator(".map canvas[data-still=true]" if own else "[data-testid=stEChartsChart] canvas").first.wait_for()
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_timeout(1_500)
    costs = {}
    for kind in ("wheel", "drag") if dims == 2 else ("drag",):
        before = main_thread()
        drawn, took = page.evaluate(MOVING, [own, kind, kind == "drag" and dims == 2, seconds])
        spent = main_thread() - before
        costs[kind] = Cost(drawn / took, 1_000 * spent / max(drawn, 1))
    return costs


def main_thread() -> float:
    """Processor seconds of the main threads of the browser's pages so far; only one of them is at work."""
    seconds = 0.0
    for pid in below(os.getpid()):
        with contextlib.suppress(OSError):  # ended meanwhile
            if "--type=renderer" in Path(f"/proc/{pid}/cmdline").read_text():
                seconds += int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9
    return seconds


def below(pid: int) -> list[int]:
    """The processes that a process started, and those that these did."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            parent = int((place / "stat").read_text().rsplit(")", 1)[1].split()[1])
            children.setdefault(parent, []).append(int(place.name))
    found, waiting = [], [pid]
    while waiting:
        new = children.get(waiting.pop(), [])
        found += new
        waiting += new
    return found


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """A small server with the one page; gives its address."""
    with socket.socket() as probe, tempfile.TemporaryDirectory() as place:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        Path(place, "app.py").write_text(SERVER, encoding="utf-8")
        environment: dict[str, Any] = {**os.environ, "PYTHONPATH": str(ROOT), "EMBEDCORE_HOME": place}
        options = {"port": port, "headless": "true", "address": "127.0.0.1"}
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--browser.gatherUsageStats=false",
                   *(f"--server.{name}={value}" for name, value in options.items())]  # fmt: skip
        server = subprocess.Popen(command, cwd=place, env=environment, stdout=subprocess.DEVNULL)
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(600):
                with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                    break
                time.sleep(0.1)
            yield address
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
