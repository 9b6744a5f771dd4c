"""What a map is asked for: which words of which sets, laid out how; and the key that it is kept under.

Here belongs the question alone, its bounds, and how it is written down. Which points it means in a set that is
open is found out by `selection`; what the parameters of a method mean is known to `layouts.methods`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from embedcore.errors import BadSetting
from embedcore.maps.layouts.methods import DIMS, MOST_SEED, PACMAP, PCA, TSNE, UMAP, complete, method_of
from embedcore.storage import printable

HOWS = ("frequent", "list", "near")
FEWEST = 100  # of the most frequent words; a set may have fewer
MOST_POINTS = 400_000  # of any map; a method may take fewer
MOST_SEEDS, MOST_NEAR = 50, 1_000  # words whose neighbourhood is shown, and the nearest of each

LAYOUT_VERSION = 1  # to be raised when this package lays the same request out otherwise
_LIBRARIES = {  # whose other version may lay the same points out otherwise
    PCA: ("numpy",),
    UMAP: ("umap-learn", "numba", "numpy", "scipy", "scikit-learn"),
    TSNE: ("scikit-learn", "numpy", "scipy"),
    PACMAP: ("pacmap", "numba", "numpy", "scikit-learn", "faiss-cpu", "annoy", "voyager"),
}
_UNSEEDED = frozenset({PCA})  # methods that draw nothing at random
_IDENTITY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class SetAsked:
    """A vector set: what it is called, and its fingerprint (`identity.identity_of`)."""

    name: str
    identity: str


@dataclass(frozen=True, kw_only=True)
class WordsAsked:
    """Which words: the `count` most frequent, a list of `words`, or some `words` and the `count` nearest of each."""

    how: str = "frequent"  # one of HOWS
    count: int = 2_000  # means nothing for a list
    words: tuple[str, ...] = ()  # means nothing for the most frequent

    def check(self, most: int = MOST_POINTS, *, sets: int = 1, label: str = "A map") -> None:
        """Raise BadSetting, naming the bound and the value, for what is outside its bounds.

        `most`: points that there can be, of which each word is one for every one of the `sets`.
        """
        if self.how not in HOWS:
            raise BadSetting(f"The words of a map are chosen by one of {', '.join(HOWS)}, not {self.how!r}.")
        if not all(isinstance(word, str) for word in self.words):
            raise BadSetting("The words of a map should be text.")
        if "".join(self.words).encode("utf-8", "ignore").decode("utf-8") != "".join(self.words):
            raise BadSetting(
                "A word of this map holds a character that is no valid Unicode, so it cannot be looked up."
            )
        fit = most // sets
        if self.how == "frequent":
            _check_whole("The number of words", self.count, FEWEST, fit)
            return
        given = len({word for word in self.words if word.strip()})
        if not given:
            raise BadSetting("Give at least one word for the map.")
        if self.how == "near":
            if given > MOST_SEEDS:
                raise BadSetting(f"A map can show what lies near at most {MOST_SEEDS} words, but these are {given:,}.")
            _check_whole("The number of neighbours of each word", self.count, 1, MOST_NEAR)
            given *= 1 + self.count * sets  # a word may have other neighbours in each set
        if given > fit:
            raise BadSetting(f"{label} lays out at most {fit:,} words here, but these may be {given:,}.")

    def canonical(self) -> dict[str, Any]:
        """What matters of it: neither the order nor the repetition of words, nor what means nothing."""
        words = {} if self.how == "frequent" else {"words": sorted(set(self.words))}
        count = {} if self.how == "list" else {"count": self.count}
        return {"how": self.how, **count, **words}


@dataclass(frozen=True, kw_only=True)
class MapRequest:
    """A map that somebody asked for; two with the same `key` are the same map."""

    sets: tuple[SetAsked, ...]  # one; or two, of which the second is turned towards the first
    words: WordsAsked = WordsAsked()
    method: str = PCA  # one of layouts.METHODS
    dims: int = 2  # 2 or 3
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)  # of the method; the rest is as usual
    seed: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", dict(self.params))  # its own; a read-only view could not be pickled

    def check(self) -> None:
        """Raise BadSetting, naming the bound and the value, for the first field outside its bounds."""
        if not 1 <= len(self.sets) <= 2:
            raise BadSetting(f"A map shows one vector set or two, not {len(self.sets)}.")
        for one in self.sets:
            if not one.name or not _IDENTITY.fullmatch(one.identity):
                raise BadSetting(f"The vector set “{printable(one.name)}” of a map has no fingerprint.")
        method = method_of(self.method)
        if isinstance(self.dims, bool) or self.dims not in DIMS:
            raise BadSetting(f"A map has 2 or 3 dimensions, not {self.dims!r}.")
        _check_whole("The seed", self.seed, 0, MOST_SEED)
        complete(self.method, self.params)
        most = MOST_POINTS if method.most is None else method.most
        self.words.check(most, sets=len(self.sets), label=method.label)

    def to_json(self) -> dict[str, Any]:
        """Every field, ready for `json.dumps`; `from_json` reads it back."""
        return {
            "sets": [{"name": one.name, "identity": one.identity} for one in self.sets],
            "words": {"how": self.words.how, "count": self.words.count, "words": list(self.words.words)},
            "method": self.method,
            "dims": self.dims,
            "params": dict(self.params),
            "seed": self.seed,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> MapRequest:
        """The request of a dict as made by `to_json`, checked. Raises BadSetting if it is none."""
        try:
            _check_names(values, ("sets", "words", "method", "dims", "params", "seed"))
            words = values["words"]
            _check_names(words, ("how", "count", "words"))
            if isinstance(words["words"], str):
                raise TypeError("a text where a list of words should be")
            request = cls(
                sets=tuple(SetAsked(str(one["name"]), str(one["identity"])) for one in values["sets"]),
                words=WordsAsked(how=words["how"], count=words["count"], words=tuple(words["words"])),
                method=values["method"],
                dims=values["dims"],
                params=values["params"],
                seed=values["seed"],
            )
            request.check()
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadSetting("This is no request for a map: a part is missing or of the wrong kind.") from error
        return request

    def canonical(self) -> str:
        """Everything that the map depends on as one line of JSON, the same for requests for the same map.

        What sets are called is no part of it, nor is the seed of a method that draws nothing at
        random. The versions of the libraries are: another may give another map. Raises BadSetting for a
        method or parameters that there are not.
        """
        matters = {
            "version": LAYOUT_VERSION,
            "sets": [one.identity for one in self.sets],
            "words": self.words.canonical(),
            "method": self.method,
            "dims": self.dims,
            "params": complete(self.method, self.params),
            "seed": None if self.method in _UNSEEDED else self.seed,
            "libraries": {name: library_version(name) for name in _LIBRARIES[self.method]},
        }
        return json.dumps(matters, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @property
    def key(self) -> str:
        """The SHA-256 of the canonical form, 64 hexadecimal digits: what the map is kept under."""
        return hashlib.sha256(self.canonical().encode("ascii")).hexdigest()


@cache
def library_version(name: str) -> str | None:
    """The installed version of a package; None if it is not there. Imports nothing."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _check_whole(what: str, value: object, low: int, high: int) -> None:
    """Raise BadSetting unless `value` is a whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadSetting(f"{what} should be a whole number, but is {value!r}.")
    if not low <= value <= high:
        raise BadSetting(f"{what} should be from {low:,} to {high:,}, but is {value:,}.")


def _check_names(values: Mapping[str, Any], known: Sequence[str]) -> None:
    """Raise BadSetting for a name that means nothing here, so that nothing is ignored silently."""
    for name in values:
        if name not in known:
            raise BadSetting(f"A request for a map has no “{printable(str(name))}”. It has: {', '.join(known)}.")
