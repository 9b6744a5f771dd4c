"""Working on the parts of a stream in several threads, while it is read, without changing their order.

Here belongs the order and the bound; what the parts are, and what is done with them, belongs
to whoever asks. The next part is read in a thread of its own, since unpacking takes as long
as parsing. It helps where the work lets other threads run, as compiled code does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")


def in_order(
    work: Callable[[Part], Result], parts: Iterable[Part | None], threads: int
) -> Generator[Result, None, None]:
    """What `work` makes of each part, in the order of the parts, none of which is None.

    At most `threads` + 2 parts, or results that nobody took yet, are in memory. What `work`
    raises is raised here in its turn, and what the parts raise at once. When the iterator is
    closed, all its threads have ended; so close it before what the parts are read from.
    """
    source = iter(parts)
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(1, "embedcore-read") as reader, ThreadPoolExecutor(threads, "embedcore-work") as workers:
        following = reader.submit(next, source, None)
        try:
            while (part := following.result()) is not None:
                following = reader.submit(next, source, None)
                waiting.append(workers.submit(work, part))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            following.cancel()
            for future in waiting:
                future.cancel()
