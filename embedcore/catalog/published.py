"""The published sets: where each lies, what it may be used for, and what it is good for.

Here belong facts alone. The hashes are those that other public projects pin; a file that has none is
offered as unverified, and its hash is recorded when it is first fetched. Sizes and numbers of words are
those of the publishers, rounded as they round them.

Sources: nlp.stanford.edu/projects/glove (GloVe; Pennington, Socher and Manning, 2014; Carlson, Bauer
and Manning, 2025), fasttext.cc (fastText; Mikolov et al., 2018; Grave et al., 2018),
github.com/commonsense/conceptnet-numberbatch (Speer, Chin and Havasi, 2017).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from embedcore.catalog.entry import Entry
from embedcore.downloads import RemoteFile

_STANFORD = "https://nlp.stanford.edu/data/wordvecs/"
_STANFORD_MIRROR = "https://huggingface.co/stanfordnlp/glove/resolve/main/"  # of the four older files
_FASTTEXT = "https://dl.fbaipublicfiles.com/fasttext/"
_NUMBERBATCH = "https://conceptnet.s3.amazonaws.com/downloads/2019/numberbatch/"
_MIB, _GIB = 1 << 20, 1 << 30  # Stanford's MB and GB are steps of 1,024

_PDDL: dict[str, Any] = {"licence": "PDDL 1.0", "licence_url": "https://opendatacommons.org/licenses/pddl/1-0/"}
_BY_SA_3: dict[str, Any] = {"licence": "CC BY-SA 3.0", "licence_url": "https://creativecommons.org/licenses/by-sa/3.0/"}
_BY_SA_4: dict[str, Any] = {"licence": "CC BY-SA 4.0", "licence_url": "https://creativecommons.org/licenses/by-sa/4.0/"}

_6B = RemoteFile(
    "glove.6B.zip",
    (f"{_STANFORD}glove.6B.zip", f"{_STANFORD_MIRROR}glove.6B.zip"),
    sha256="617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb",
    about_bytes=822 * _MIB,
)
_42B = RemoteFile(
    "glove.42B.300d.zip",
    (f"{_STANFORD}glove.42B.300d.zip", f"{_STANFORD_MIRROR}glove.42B.300d.zip"),
    sha256="03d5d7fa28e58762ace4b85fb71fe86a345ef0b5ff39f5390c14869da0fc1970",
    about_bytes=int(1.75 * _GIB),
)
_840B = RemoteFile(
    "glove.840B.300d.zip",
    (f"{_STANFORD}glove.840B.300d.zip", f"{_STANFORD_MIRROR}glove.840B.300d.zip"),
    sha256="c06db255e65095393609f19a4cfca20bf3a71e20cc53e892aafa490347e3849f",
    about_bytes=int(2.03 * _GIB),
)
_TWITTER = RemoteFile(
    "glove.twitter.27B.zip",
    (f"{_STANFORD}glove.twitter.27B.zip", f"{_STANFORD_MIRROR}glove.twitter.27B.zip"),
    sha256="792af52f795d1a32c9842a3240f5f3fe5e941a8ff6df5eb0f9d668092ebc019c",
    about_bytes=int(1.42 * _GIB),
)
_WIKIGIGA_50 = RemoteFile(
    "glove.2024.wikigiga.50d.zip",
    (f"{_STANFORD}glove.2024.wikigiga.50d.zip",),
    bytes=301_036_094,
    sha256="afa5e258ee38272db6394547c4b075ecbb7b2164e98542c8d1237b6029b35a65",
)
_WIKIGIGA_ABOUT = {100: 560 * _MIB, 200: int(1.1 * _GIB), 300: int(1.6 * _GIB)}

_BY_SIZE = {  # what the number of dimensions means for the choice
    25: "the smallest, for trying things out",
    50: "small and quick, for trying things out",
    100: "a good middle between size and quality",
    200: "better at analogies than the smaller ones",
    300: "the best of its family, and the size most papers report",
}


def _sets() -> Iterator[Entry]:
    yield from _glove_6b()
    yield from _glove_crawl()
    yield from _glove_twitter()
    yield from _glove_2024()
    yield from _fasttext_english()
    yield from _fasttext_languages()
    yield _numberbatch()


def _glove(name: str, dim: int, file: RemoteFile, **facts: Any) -> Entry:
    return Entry(name=name, dim=dim, file=file, family="GloVe", language="English", **_PDDL, **facts)


def _glove_6b() -> Iterator[Entry]:
    for dim in (50, 100, 200, 300):
        yield _glove(
            f"glove.6B.{dim}d", dim, _6B,
            title=f"GloVe 6B, {dim} dimensions",
            about=f"Everyday English of an encyclopedia and the news: {_BY_SIZE[dim]}.",
            rows=400_000, tokens="6 billion", cased=False, member=f"glove.6B.{dim}d.txt",
            origin="GloVe by Stanford NLP, trained on Wikipedia 2014 and Gigaword 5 (6 billion tokens)",
        )  # fmt: skip


def _glove_crawl() -> Iterator[Entry]:
    yield _glove(
        "glove.42B.300d", 300, _42B,
        title="GloVe 42B, 300 dimensions",
        about="English of the web in lower case: many more words than 6B, also informal and rare ones.",
        rows=1_900_000, tokens="42 billion", cased=False, member="glove.42B.300d.txt",
        origin="GloVe by Stanford NLP, trained on Common Crawl (42 billion tokens)",
    )  # fmt: skip
    yield _glove(
        "glove.840B.300d", 300, _840B,
        title="GloVe 840B, 300 dimensions",
        about="The broadest of the older GloVe sets, with upper and lower case apart: names, brands, odd spellings.",
        rows=2_196_017, tokens="840 billion", cased=True, member="glove.840B.300d.txt",
        origin="GloVe by Stanford NLP, trained on Common Crawl (840 billion tokens)",
    )  # fmt: skip


def _glove_twitter() -> Iterator[Entry]:
    size = {**_BY_SIZE, 200: "the best of its family"}
    for dim in (25, 50, 100, 200):
        yield _glove(
            f"glove.twitter.27B.{dim}d", dim, _TWITTER,
            title=f"GloVe Twitter 27B, {dim} dimensions",
            about=f"Short informal messages, with slang, emoji and several languages: {size[dim]}.",
            rows=1_193_514, tokens="27 billion", cased=False, member=f"glove.twitter.27B.{dim}d.txt",
            origin="GloVe by Stanford NLP, trained on 2 billion tweets (27 billion tokens)",
        )  # fmt: skip


def _glove_2024() -> Iterator[Entry]:
    for dim in (50, 100, 200, 300):
        name = f"glove.2024.wikigiga.{dim}d"
        about_bytes = _WIKIGIGA_ABOUT.get(dim)
        file = RemoteFile(f"{name}.zip", (f"{_STANFORD}{name}.zip",), about_bytes=about_bytes, published=True)
        yield _glove(
            name, dim, file if about_bytes else _WIKIGIGA_50,
            title=f"GloVe 2024 Wikipedia and Gigaword, {dim} dimensions",
            about=f"The successor of 6B, which knows words and events of the last ten years: {_BY_SIZE[dim]}.",
            rows=1_291_147, tokens="11.9 billion", cased=False,
            origin="GloVe 2024 by Stanford NLP, trained on Wikipedia 2024 and Gigaword 5 (11.9 billion tokens)",
        )  # fmt: skip
    name = "glove.2024.dolma.300d"
    yield _glove(
        name, 300,
        RemoteFile(f"{name}.zip", (f"{_STANFORD}{name}.zip",), about_bytes=int(1.6 * _GIB), published=True),
        title="GloVe 2024 Dolma, 300 dimensions",
        about="English of the web, of forums and of books, as it was written lately; the successor of 42B.",
        rows=1_200_000, tokens="220 billion", cased=False,
        origin="GloVe 2024 by Stanford NLP, trained on a part of Dolma (220 billion tokens)",
    )  # fmt: skip


def _fasttext(name: str, file: RemoteFile, **facts: Any) -> Entry:
    return Entry(
        name=name, dim=300, file=file, family="fastText", cased=True, format="word2vec", **_BY_SA_3, **facts
    )  # fmt: skip


def _fasttext_english() -> Iterator[Entry]:
    name = "wiki-news-300d-1M"
    file = RemoteFile(
        f"{name}.vec.zip",
        (f"{_FASTTEXT}vectors-english/{name}.vec.zip",),
        sha256="bdeb85f44892c505953e3654183e9cb0d792ee51be0992460593e27198d746f8",
        about_bytes=681_808_098,
    )
    yield _fasttext(
        name, file,
        title="fastText Wikipedia and news, 300 dimensions",
        about="Well-edited English with upper and lower case apart; among the best at analogies for its size.",
        language="English", rows=1_000_000, tokens="16 billion",
        origin="fastText by Facebook AI Research, trained on Wikipedia 2017, UMBC webbase and statmt.org news",
    )  # fmt: skip
    name = "crawl-300d-2M"
    file = RemoteFile(
        f"{name}.vec.zip",
        (f"{_FASTTEXT}vectors-english/{name}.vec.zip",),
        sha256="5bfffffbabdab299d4c9165c47275e8f982807a6eaca37ee1f71d3a79ddb544d",
        about_bytes=1_523_785_255,
    )
    yield _fasttext(
        name, file,
        title="fastText Common Crawl, 300 dimensions",
        about="English of the web with upper and lower case apart; strong at nearly every test, and large.",
        language="English", rows=2_000_000, tokens="600 billion",
        origin="fastText by Facebook AI Research, trained on Common Crawl",
    )  # fmt: skip


# By code: the language, what to know of its words, and about how many bytes its file has.
_LANGUAGES: dict[str, tuple[str, str, int | None]] = {
    "ko": ("Korean", "Korean of the web and of Wikipedia; words stand with their particles, as written", 1_200_000_000),
    "en": ("English", "English made in the very way of the other languages, to compare with them", 1_325_960_915),
    "zh": ("Chinese", "Chinese of the web and of Wikipedia, already cut into words", None),
    "ja": ("Japanese", "Japanese of the web and of Wikipedia, already cut into words", None),
    "de": ("German", "German of the web and of Wikipedia, with its compound words whole", None),
    "fr": ("French", "French of the web and of Wikipedia", None),
    "es": ("Spanish", "Spanish of the web and of Wikipedia", None),
}


def _fasttext_languages() -> Iterator[Entry]:
    for code, (language, about, about_bytes) in _LANGUAGES.items():
        file_name = f"cc.{code}.300.vec.gz"
        urls = (f"{_FASTTEXT}vectors-crawl/{file_name}",)
        yield _fasttext(
            f"cc.{code}.300", RemoteFile(file_name, urls, about_bytes=about_bytes, published=True),
            title=f"fastText {language}, 300 dimensions",
            about=f"{about}.",
            language=language, rows=2_000_000,
            origin=f"fastText by Facebook AI Research, trained on Common Crawl and Wikipedia in {language}",
        )  # fmt: skip


def _numberbatch() -> Entry:
    name = "numberbatch-en-19.08"
    return Entry(
        name=name,
        title="ConceptNet Numberbatch 19.08, English",
        about="What words mean more than which words stand beside them: strong at similarity; phrases are "
        "joined by _, as in new_york.",
        file=RemoteFile(f"{name}.txt.gz", (f"{_NUMBERBATCH}{name}.txt.gz",), published=True),
        family="Numberbatch",
        language="English",
        **_BY_SA_4,
        dim=300,
        rows=516_782,
        cased=False,
        origin="ConceptNet Numberbatch 19.08, made of ConceptNet, word2vec, GloVe and OpenSubtitles",
        format="word2vec",
    )


CATALOG: dict[str, Entry] = {entry.name: entry for entry in _sets()}

# Sets that people look for and that cannot be offered, and why.
LEFT_OUT: dict[str, str] = {
    "GoogleNews-vectors-negative300": "Google published its word2vec vectors of Google News without a licence of "
    "their own, and on no host that gives them to a program. If you have GoogleNews-vectors-negative300.bin.gz, "
    "import it: it is read as it is.",
}
