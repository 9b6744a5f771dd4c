"""The process that Kiwi runs in: lines in, tokens out, as JSON over its standard input and output.

First it writes `{"ready": true}`, or `{"problem": "…"}` and ends. Then, for each list of lines that
it reads, it writes one of lists of tokens. It ends when nobody asked anything for a while, and at
once when its input ends, which is when the process that started it is gone.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from typing import Any

from embedcore.morphemes.rules import Morpheme, pieces, tokens

IDLE_SECONDS = 60.0
_THREADS = 2
_NICE = 5


def main(idle_seconds: float) -> None:
    """Answer until there is nobody to answer, or nothing was asked for `idle_seconds`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # whatever a library prints is no answer
    try:
        os.nice(max(0, _NICE - os.nice(0)))  # whoever looks at a page comes first
    except OSError:
        pass
    asked: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(asked,), daemon=True).start()

    def answer(value: Any) -> None:
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    try:
        from kiwipiepy import Kiwi

        kiwi = Kiwi(num_workers=min(_THREADS, os.cpu_count() or 1))
    except Exception as error:  # a missing model, too little memory, a build for another machine
        answer({"problem": f"{type(error).__name__}: {error}"})
        return
    answer({"ready": True})
    while True:
        try:
            lines = asked.get(timeout=idle_seconds)
        except queue.Empty:
            os._exit(0)  # Python's own way out would wait for the thread that reads
        answer(analyse(kiwi, lines))


def analyse(kiwi: Any, lines: list[str]) -> list[list[str]]:
    """The tokens of each line."""
    cut = [pieces(line) for line in lines]
    found: Any = iter(kiwi.tokenize([piece for line in cut for piece in line]))

    def of_one(_: str) -> list[str]:
        morphemes: list[Morpheme] = next(found)
        return tokens(morphemes)

    return [[token for piece in line for token in of_one(piece)] for line in cut]


def _read(asked: queue.SimpleQueue[list[str]]) -> None:
    for line in sys.stdin.buffer:
        asked.put(json.loads(line))
    os._exit(0)  # in the middle of whatever it does: nobody waits for it any more


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else IDLE_SECONDS)
