"""Asking the process that Kiwi runs in: started when needed, started again when it has ended.

One question is under way at a time, whoever asks, and is answered before the next is written, so
neither side ever waits for the other to read. The process ends by itself; see `__main__`.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from embedcore.errors import TextProblem

_ANSWER_SECONDS = 120.0  # longer than any answer takes on a busy machine; then it hangs, and is ended


class _Ended(Exception):
    """The process ended before it answered."""


class Analyser:
    """Hands lines to the process and its tokens back. Any thread may ask."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0  # the process that started it: after a fork its pipes are not ours

    def analyse(self, lines: Sequence[str]) -> list[list[str]]:
        """The tokens of each line. Raises TextProblem if the process cannot be started or ends twice."""
        with self._lock:
            if self._process is not None and self._owner == os.getpid():
                with contextlib.suppress(_Ended):  # it had been idle, or somebody ended it
                    return self._ask(self._process, lines)
            try:
                return self._ask(self._start(), lines)
            except _Ended:
                raise TextProblem(
                    "The morpheme analyser ended before it was done; there may be too little memory for it "
                    "(it needs about 600 MB)."
                ) from None

    def stop(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._drop()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = dict(os.environ)
        # It imports embedcore from where this process has it.
        here = str(Path(__file__).parents[2])
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [here, environment.get("PYTHONPATH")]))
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "embedcore.morphemes", *self._arguments],
                env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise TextProblem(f"The morpheme analyser could not be started: {error.strerror or error}.") from error
        self._process, self._owner = process, os.getpid()
        hello = self._answer(process)
        if "problem" in hello:
            self._drop()
            raise TextProblem(f"The morpheme analyser (kiwipiepy) could not be loaded: {hello['problem']}")
        return process

    def _ask(self, process: subprocess.Popen[bytes], lines: Sequence[str]) -> list[list[str]]:
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(list(lines)).encode("ascii") + b"\n")
            process.stdin.flush()
        except OSError:
            self._drop()
            raise _Ended from None
        except BaseException:
            self._drop()
            raise
        answer: list[list[str]] = self._answer(process)
        return answer

    def _answer(self, process: subprocess.Popen[bytes]) -> Any:
        assert process.stdout is not None
        alarm = threading.Timer(_ANSWER_SECONDS, process.kill)
        alarm.daemon = True
        alarm.start()
        try:
            line = process.stdout.readline()
        except BaseException:  # interrupted: the answer would be taken for that to the next question
            self._drop()
            raise
        finally:
            alarm.cancel()
        if not line.endswith(b"\n"):
            self._drop()
            raise _Ended
        return json.loads(line)

    def _drop(self) -> None:
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()
