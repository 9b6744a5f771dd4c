"""Finding out how the bytes of a text stand for characters.

Strict rules come first: a byte order mark, valid UTF-8, where zero bytes stand, Korean that
reads as Korean. Only where they do not decide is charset-normalizer asked, and then the answer
is called a guess. Decoding with what was found belongs in `decoding`.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

from embedcore.documents.choices import ENCODINGS
from embedcore.errors import TextProblem

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_JUDGED = 1_000_000  # bytes of lines that are not ASCII
_TRIED = 65_536  # bytes, where it takes long
_CONTROLS = bytes(code for code in range(32) if code not in b"\0\t\n\v\f\r\x1a\x1b")
_MOST_CONTROLS = 0.01  # of a text
_NONSENSE = ("Cc", "Cn", "Co", "Cs")  # controls, and code points that no character or no public one has
_SPACES = str.maketrans("\t\n\r\f", "    ")
_LEAST_COMMON = 0.05  # of UTF-16 text are blanks, ASCII or Hangul, also where it is mostly another script
_GOOD_FOR_BAD = 5  # UTF-8 has at least so many right characters for each byte that is wrong
_LAST_RESORT = "cp1252"
_OTHERS = [name for name in ENCODINGS if name not in ("utf-8", "utf-16-le", "utf-16-be", "cp949", "johab")]

# The 120 most frequent syllables of the NSMC film reviews: over seven in ten of any Korean text's.
# Chinese or Japanese bytes read as CP949 give syllables too, but rarely these.
_FREQUENT = frozenset(
    "이다는고화영지가하도아에의나한기보어요만은을게니서리로라재들인그시있무정스데미대마사면말해네진음없감를수좋연점내자주전으었너거우장작드"
    "여생오상적봤최밌안야까것제동짜과일간같더부했모소중구잘습았평와본각던성운런할때신랑히되배분개않러건비세치실남공명유려래느입"
)
_FEW = 8  # syllables: too few to ask whether they are frequent ones


@dataclass(frozen=True)
class Found:
    """An encoding of ENCODINGS, and whether that is a guess rather than certain."""

    encoding: str
    guessed: bool = False


def find(sample: bytes, *, complete: bool = True) -> Found:
    """The encoding of a text that begins with `sample`; `complete` if that is all of it.

    Raises TextProblem, without the name of the file, for what is no text in any encoding.
    """
    for mark, encoding in _MARKS.items():
        if sample.startswith(mark):
            return Found(encoding)
    if zeros := sample.count(0):
        if found := _utf16_by_zeros(sample):
            return found
        if zeros > len(sample) / 1000:
            raise TextProblem("holds zero bytes, so it is no text")
    if len(sample) - len(sample.translate(None, _CONTROLS)) > _MOST_CONTROLS * len(sample):
        raise TextProblem("holds control characters throughout, so it is no text")
    if sample.isascii():
        return Found("utf-8")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample, complete)
        return Found("utf-8")
    except UnicodeDecodeError:
        telling = _telling(sample)
        return _nearly_utf8(telling) or _korean(telling) or _utf16_hangul(sample) or _by_statistics(telling)


def _telling(sample: bytes) -> bytes:
    """The lines that are not ASCII, as many as it takes to judge by."""
    telling: list[bytes] = []
    size = 0
    for line in sample.splitlines(keepends=True):
        if size < _JUDGED and not line.isascii():
            telling.append(line[:_JUDGED])
            size += len(line)
    return b"".join(telling)


def _utf16_by_zeros(sample: bytes) -> Found | None:
    """UTF-16 without a mark: of the two, the one that gives more ASCII and Hangul, and hardly any nonsense."""
    best, most = None, _LEAST_COMMON
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample[: min(len(sample), _TRIED) // 2 * 2].decode(encoding, "replace")
        nonsense = sum(each == "\ufffd" or unicodedata.category(each) in _NONSENSE for each in text.translate(_SPACES))
        common = len(re.findall("[\t\n\r -~가-힣]", text)) / max(1, len(text))
        if nonsense <= _MOST_CONTROLS * len(text) and common > most:
            best, most = Found(encoding, guessed=True), common
    return best


def _nearly_utf8(sample: bytes) -> Found | None:
    """UTF-8 with a few stray bytes in it; by chance no other encoding looks like it."""
    text = sample.decode("utf-8", "surrogateescape")
    wrong = len(re.findall("[\udc80-\udcff]", text))
    right = len(re.findall("[^\0-\x7f\udc80-\udcff]", text))
    return Found("utf-8", guessed=True) if right >= _GOOD_FOR_BAD * wrong else None


def _korean(sample: bytes) -> Found | None:
    """CP949, of which EUC-KR is a part: nearly all that is not ASCII is Hangul, and of the frequent kind."""
    text = sample.decode("cp949", "surrogateescape")
    other = len(re.findall("[^\0-\x7f]", text))
    hangul = re.findall("[가-힣]", text)
    wrong = len(re.findall("[\udc80-\udcff]", text))
    if wrong * 100 > other or (len(hangul) + len(re.findall("[ㄱ-ㅣ]", text))) < 0.8 * other:
        return None
    if len(hangul) < _FEW:
        try:
            "".join(hangul).encode("euc_kr")  # only the 2,350 syllables that KS X 1001 has a place for
        except UnicodeEncodeError:
            return None
    elif sum(map(_FREQUENT.__contains__, hangul)) < 0.4 * len(hangul):
        return None
    return Found("cp949", guessed=True)


def _utf16_hangul(sample: bytes) -> Found | None:
    """UTF-16 without a mark and without one ASCII character: all Hangul, which chance does not make."""
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample[: len(sample) // 2 * 2].decode(encoding, "replace")[:_TRIED]
        if len(re.findall("[가-힣]", text)) > 0.9 * len(text):
            return Found(encoding, guessed=True)
    return None


def _by_statistics(sample: bytes) -> Found:
    """What charset-normalizer takes it for; Western European where it does not know or two are alike."""
    from charset_normalizer import from_bytes

    matches = from_bytes(sample[:_TRIED], cp_isolation=_OTHERS, enable_fallback=False)
    best = matches.best()
    if best is None:
        return Found(_LAST_RESORT, guessed=True)
    for match in matches:
        as_good = match.chaos <= best.chaos + 0.005 and match.coherence >= best.coherence - 0.02
        if as_good and _LAST_RESORT in match.could_be_from_charset:
            return Found(_LAST_RESORT, guessed=True)
    name = codecs.lookup(best.encoding).name
    return Found(name if name in ENCODINGS else _LAST_RESORT, guessed=True)
