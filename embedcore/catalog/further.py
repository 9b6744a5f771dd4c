"""Sets that whoever runs this adds to the catalog: a JSON file that EMBEDCORE_CATALOG names.

Here belong reading and checking it. Its form is {"sets": [{"name": …, "urls": […], …}]}, with the
fields of `Entry` and `RemoteFile`, of which all but those two can be left out. Its addresses may
lie in a private network: they are the operator's own word, unlike those of a visitor.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from embedcore import storage
from embedcore.catalog.entry import Entry
from embedcore.catalog.published import CATALOG
from embedcore.downloads import RemoteFile, from_url
from embedcore.errors import BadSetting, EmbedcoreError

_TEXTS = (
    "title", "about", "family", "language", "licence", "licence_url", "tokens", "origin", "member", "format",
)  # fmt: skip
_NUMBERS = ("rows", "dim")
_HASH_CHARACTERS = 64


def read_catalog(path: Path) -> dict[str, Entry]:
    """The sets of a file, by name. Raises BadSetting, which says what is wrong with it."""
    try:
        found = storage.read_json(path).get("sets")
        if not isinstance(found, list):
            raise BadSetting("it should hold a list “sets”.")
        entries = [_entry(number, value) for number, value in enumerate(found, start=1)]
    except EmbedcoreError as error:
        raise BadSetting(f"The catalog {path.name} cannot be used: {error}") from error
    return {entry.name: entry for entry in entries}


def _entry(number: int, value: Any) -> Entry:
    if not isinstance(value, dict):
        raise BadSetting(f"entry {number} should be an object.")
    name = storage.check_name(_of(value, "name", str, number) or "", f"The name of entry {number}")
    if name in CATALOG:
        raise BadSetting(f"“{name}” of entry {number} is the name of a published set.")
    texts: dict[str, Any] = {key: _of(value, key, str, number) for key in _TEXTS}
    numbers: dict[str, Any] = {key: _of(value, key, int, number) for key in _NUMBERS}
    given = {key: entry for key, entry in {**texts, **numbers}.items() if entry is not None}
    return Entry(**{
        "title": name, "about": "", "cased": _of(value, "cased", bool, number), **given,
        "name": name, "file": _file(value, number),
    })  # fmt: skip


def _file(value: dict[str, Any], number: int) -> RemoteFile:
    urls = value.get("urls")
    if not isinstance(urls, list) or not urls or not all(isinstance(url, str) for url in urls):
        raise BadSetting(f"“urls” of entry {number} should be a list of addresses.")
    sha256 = _of(value, "sha256", str, number)
    if sha256 is not None and (len(sha256) != _HASH_CHARACTERS or set(sha256.lower()) - set("0123456789abcdef")):
        raise BadSetting(f"“sha256” of entry {number} should have {_HASH_CHARACTERS} hexadecimal digits.")
    names = [from_url(url).name for url in urls]  # also says which of them is no address
    size = _of(value, "bytes", int, number)
    return RemoteFile(names[0], tuple(urls), size, sha256, private=True)


def _of(value: dict[str, Any], key: str, kind: type, number: int) -> Any:
    """What an entry says of `key`, None if nothing. Raises BadSetting if it is of another kind."""
    found: Any = value.get(key)  # JSON
    right = isinstance(found, kind)
    if kind is int:
        right = isinstance(found, int) and not isinstance(found, bool) and found > 0
    if found is not None and not right:
        kinds = {str: "a text", int: "a whole number above 0", bool: "true or false"}
        raise BadSetting(f"“{key}” of entry {number} should be {kinds[kind]}.")
    return found
