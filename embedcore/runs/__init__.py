"""Runs: jobs that take longer than a blink, each with a folder on disk that is the truth.

`folder` is that folder; `service` is what a server process holds: it submits, watches and
stops runs; `dispatcher_process` keeps the dispatcher going; `dispatcher` is a process of its own
that hands queued runs to the Dask workers of a `cluster`; `worker` is what such a worker does
with one. `comparison` tells in what two runs differ.

Nothing here but `dispatcher` and `cluster` imports Dask, and nothing but the jobs imports torch.
"""

from embedcore.runs.folder import ENDED, Run, RunFolder, new_run_id
from embedcore.runs.service import Draft, Runs, RunSummary

__all__ = ["ENDED", "Draft", "Run", "RunFolder", "RunSummary", "Runs", "new_run_id"]
