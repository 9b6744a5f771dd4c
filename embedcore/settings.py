"""Every limit and path, read from the environment once, in one frozen dataclass.

No other module reads an environment variable. Limits are generous for one machine
and there so that one person's mistake does not stop everybody else's work.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from embedcore.errors import BadSetting


@dataclass(frozen=True)
class Settings:
    """Limits and paths. Each field is set by the variable named in its comment.

    Numbers are above 0; where the metadata says `zero`, 0 is allowed too and has a meaning of its own.
    """

    home: Path  # EMBEDCORE_HOME: holds vectors/ and runs/
    workers: int  # EMBEDCORE_WORKERS: local worker processes; at least 1
    dask_scheduler_address: str | None  # DASK_SCHEDULER_ADDRESS: an external cluster instead
    max_pasted_characters: int = 2_000_000  # EMBEDCORE_MAX_PASTED_CHARACTERS
    max_upload_megabytes: int = 200  # EMBEDCORE_MAX_UPLOAD_MEGABYTES
    max_text_megabytes: int = 400  # EMBEDCORE_MAX_TEXT_MEGABYTES: of one uploaded file, unpacked
    max_dim: int = 2_000  # EMBEDCORE_MAX_DIM: numbers in a vector
    max_epochs: int = 10_000  # EMBEDCORE_MAX_EPOCHS: passes over the text
    max_table_numbers: int = 500_000_000  # EMBEDCORE_MAX_TABLE_NUMBERS: rows times dimensions
    checkpoint_seconds: float = 15.0  # EMBEDCORE_CHECKPOINT_SECONDS: at most this much is lost
    max_watched_words: int = 50  # EMBEDCORE_MAX_WATCHED_WORDS: words compared in one question
    # EMBEDCORE_RUNS_KEPT_DAYS: days after its end, a run is removed with its text; 0: never
    runs_kept_days: float = field(default=30.0, metadata={"zero": True})

    @property
    def vectors_dir(self) -> Path:
        """The folder of the sets kept in the library."""
        return self.home / "vectors"

    @property
    def runs_dir(self) -> Path:
        """The folder of all runs."""
        return self.home / "runs"

    @property
    def cache_dir(self) -> Path:
        """What can be made again at any time, such as the index of the bundled set."""
        return self.home / "cache"

    def to_environment(self) -> dict[str, str]:
        """The variables that make `load` give these settings, for a process to be started with."""
        values = {f"EMBEDCORE_{entry.name.upper()}": str(getattr(self, entry.name)) for entry in fields(self)}
        del values["EMBEDCORE_DASK_SCHEDULER_ADDRESS"]
        return {**values, "DASK_SCHEDULER_ADDRESS": self.dask_scheduler_address or ""}


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from `environ` (default: the process environment).

    Raises BadSetting if a variable that should be a number is none, or is outside its bounds.
    """
    env = os.environ if environ is None else environ
    if home := env.get("EMBEDCORE_HOME"):
        path = Path(home).expanduser().resolve()
    else:
        import platformdirs

        path = Path(platformdirs.user_data_dir("embedcore"))
    values: dict[str, object] = {
        "home": path,
        "workers": max(2, os.cpu_count() or 1),
        "dask_scheduler_address": env.get("DASK_SCHEDULER_ADDRESS") or None,
    }
    for entry in fields(Settings):
        variable = f"EMBEDCORE_{entry.name.upper()}"
        if entry.name in ("home", "dask_scheduler_address") or variable not in env:
            continue
        kind = float if entry.type == "float" else int
        try:
            number = kind(env[variable])
        except ValueError:
            raise BadSetting(f"{variable} should be a number, but is “{env[variable]}”.") from None
        if entry.metadata.get("zero"):
            if not number >= 0:
                raise BadSetting(f"{variable} should be 0 or more, but is {env[variable]}.")
        elif not number > 0:
            raise BadSetting(f"{variable} should be above 0, but is {env[variable]}.")
        values[entry.name] = number
    return Settings(**values)  # type: ignore[arg-type]
