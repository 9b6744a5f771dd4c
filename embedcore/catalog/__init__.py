"""The vector sets that can be had: published ones, and those that whoever runs this adds.

Here belongs looking them up. What is known of a set is `entry`, the published ones are in
`published`, and reading a file of further ones is in `further`. Fetching belongs to `downloads`.
"""

from __future__ import annotations

import logging

from embedcore import settings as settings_module
from embedcore.catalog.entry import Entry
from embedcore.catalog.further import read_catalog
from embedcore.catalog.published import CATALOG, LEFT_OUT
from embedcore.errors import BadSetting
from embedcore.settings import Settings

__all__ = ["CATALOG", "LEFT_OUT", "Entry", "entries", "read_catalog"]

log = logging.getLogger(__name__)


def entries(settings: Settings | None = None, *, strict: bool = False) -> dict[str, Entry]:
    """All sets that can be had, by name: the published ones, then those of the file `settings.catalog`.

    A file that cannot be used leaves the published ones, and a line in the log; with `strict`
    it raises BadSetting instead.
    """
    settings = settings or settings_module.load()
    if settings.catalog is None:
        return dict(CATALOG)
    try:
        return {**CATALOG, **read_catalog(settings.catalog)}
    except BadSetting as error:
        if strict:
            raise
        log.warning("%s", error)
        return dict(CATALOG)
