"""Files to text: every encoding, kind and packing, wrong guesses put right, and what is refused."""

from __future__ import annotations

import codecs
import gzip
import io
import random
import tracemalloc
import unicodedata
import zipfile
from pathlib import Path

import pytest

from embedcore import documents
from embedcore.documents import ENCODINGS, Choices, open_document, read_blocks, read_document
from embedcore.documents import reading as reading_module
from embedcore.errors import StorageProblem, TextProblem
from embedcore.settings import load

DATA = Path(__file__).parents[1].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the sample corpora are not here")
ENGLISH = "The café was naïve, said Zoë: a résumé of the whole affair, and no more.\nAnother line follows here.\n"
KOREAN = "이 영화는 정말 재미있었습니다.\n친구들에게도 추천하고 싶어요. 음악도 좋았다 ㅋㅋ\n"
OTHERS = {
    "cp1250": "Zażółć gęślą jaźń. Wczoraj wieczorem poszliśmy do kina, żeby obejrzeć nowy film, który był świetny.\n",
    "cp1251": "Этот фильм был очень хорошим, и я рекомендую его всем друзьям. Спасибо!\n",
    "koi8-r": "Этот фильм был очень хорошим, и я рекомендую его всем друзьям. Спасибо!\n",
    "cp1253": "Αυτή η ταινία ήταν πολύ καλή και τη συνιστώ σε όλους τους φίλους μου.\n",
    "cp1254": "Bu film çok güzeldi, arkadaşlarıma tavsiye ederim. Işık ve gölge oyunları şahaneydi.\n",
    "cp932": "この映画はとても面白かったです。友達にもすすめたいと思います。音楽も良かった。\n",
    "euc_jp": "この映画はとても面白かったです。友達にもすすめたいと思います。音楽も良かった。\n",
    "gb18030": "这部电影非常好看,我会推荐给所有的朋友。音乐也很好听,演员的表演很精彩。\n",
    "big5": "這部電影非常好看,我會推薦給所有的朋友。音樂也很好聽,演員的表演很精彩。\n",
}


def text_of(data: bytes, name: str = "a.txt", **choices: object) -> str:
    return read_document(name, data, Choices(**choices)).text  # type: ignore[arg-type]


# Encodings


@pytest.mark.parametrize("text", [ENGLISH, KOREAN], ids=["English", "Korean"])
@pytest.mark.parametrize(
    ("python", "mark", "found", "guessed"),
    [
        ("utf-8", b"", "utf-8", False),
        ("utf-8", codecs.BOM_UTF8, "utf-8", False),
        ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16-le", False),
        ("utf-16-be", codecs.BOM_UTF16_BE, "utf-16-be", False),
        ("utf-16-le", b"", "utf-16-le", True),
        ("utf-16-be", b"", "utf-16-be", True),
    ],
)
def test_unicode_is_found_out(text: str, python: str, mark: bytes, found: str, guessed: bool) -> None:
    document = read_document("a.txt", mark + text.encode(python))
    assert (document.text, document.encoding, document.guessed) == (text, found, guessed)
    assert any(ENCODINGS[found] in note for note in document.notes) == (found != "utf-8")


@pytest.mark.parametrize("python", ["cp949", "euc_kr"])
def test_korean_is_found_out_and_called_a_guess(python: str) -> None:
    document = read_document("a.txt", KOREAN.encode(python))
    assert (document.text, document.encoding, document.guessed) == (KOREAN, "cp949", True)
    assert document.notes == ("Read as CP949 (Korean), a guess: if letters look wrong, choose another encoding.",)


def test_syllables_outside_of_euc_kr() -> None:
    text = KOREAN * 3 + "똠방각하 펲시콜라 쀍 찦차\n"
    assert text_of(text.encode("cp949")) == text


@pytest.mark.parametrize("text", [ENGLISH, "He said “Hello” and left.\n", "a line with one caf\u00e9 in it"])
def test_western_european_is_the_last_resort(text: str) -> None:
    document = read_document("a.txt", text.encode("cp1252"))
    assert (document.text, document.encoding, document.guessed) == (text, "cp1252", True)


@pytest.mark.parametrize("encoding", OTHERS)
def test_others_are_guessed_and_can_be_chosen(encoding: str) -> None:
    text = OTHERS[encoding] * 5
    document = read_document("a.txt", text.encode(encoding))
    assert (document.text, document.guessed) == (text, True)
    assert text_of(text.encode(encoding), encoding=encoding) == text


@pytest.mark.parametrize(("text", "python"), [("영화", "cp949"), ("한국어", "utf-16-le"), ("ab", "utf-16-be")])
def test_one_word_is_enough(text: str, python: str) -> None:
    assert text_of(text.encode(python)) == text


def test_a_wrong_guess_can_be_put_right() -> None:
    data = "Şu çığ".encode("cp1254")  # too short to tell Turkish from others
    assert text_of(data) != "Şu çığ"
    chosen = read_document("a.txt", data, Choices(encoding="cp1254"))
    assert (chosen.text, chosen.guessed) == ("Şu çığ", False)
    assert chosen.notes == ("Read as Windows-1254 (Turkish), as chosen.",)


def test_a_wrong_choice_is_told_with_its_place() -> None:
    data = ("ok\n" * 2 + KOREAN * 20).encode("cp949")
    with pytest.raises(TextProblem) as caught:
        text_of(data, encoding="utf-8")
    assert str(caught.value) == (
        "“a.txt” is not UTF-8 text: byte 6, in line 3, cannot be read. Choose another encoding, or save it as UTF-8."
    )


def test_names_of_encodings_as_people_write_them() -> None:
    for name in ("EUC-KR", "cp949", "uhc", "ms949"):
        assert text_of(KOREAN.encode("cp949"), encoding=name) == KOREAN
    with pytest.raises(TextProblem, match=r"There is no encoding “rot13” here\. There are: utf-8, "):
        text_of(b"a", encoding="rot13")


def test_every_encoding_there_is_reads_back() -> None:
    for encoding in ENCODINGS:
        own = {"cp949": KOREAN, "johab": KOREAN, "cp1252": ENGLISH, **OTHERS}.get(encoding, ENGLISH + KOREAN)
        assert text_of(own.encode(encoding), encoding=encoding) == own


def test_random_texts_come_back_from_every_encoding() -> None:
    draw = random.Random(5)
    korean = "이다는고화영지가하도아에의나한기보어요만은을게니서리로라재들인그시있무정"
    for _ in range(60):
        syllables = [
            draw.choice(korean) if draw.random() < 0.8 else chr(draw.randrange(0xAC00, 0xD7A4)) for _ in range(80)
        ]
        words = ["".join(syllables[i : i + 3]) for i in range(0, 80, 3)]
        text = " ".join(words) + "\n" + draw.choice(["", "and some English, too.\r\n", "1, 2, 3"])
        for python in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp949"):
            assert text_of(text.encode(python)) == text.replace("\r\n", "\n"), python
        english = " ".join("".join(draw.choices("etaoinshrdlu", k=5)) for _ in range(30)) + draw.choice([".", "\n"])
        for python in ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252"):
            assert text_of(english.encode(python)) == english, python


def test_a_few_stray_bytes_are_read_and_counted() -> None:
    data = (ENGLISH * 5).encode() + b"one caf\xe9 more\n"
    document = read_document("a.txt", data)
    assert document.text.endswith("one café more\n")
    assert document.notes[-1] == "1 byte is wrong in UTF-8 and was read as Windows-1252."
    data = (KOREAN * 5).encode() + "영화".encode()[:-1] + b" end\n"
    document = read_document("a.txt", data)
    assert document.text.endswith("영\ufffd end\n")
    assert document.notes[-1] == "1 byte is wrong in UTF-8 and was replaced by “\ufffd”."
    odd = read_document("a.txt", codecs.BOM_UTF16_LE + KOREAN.encode("utf-16-le") + b"a")
    assert odd.text == KOREAN + "\ufffd"


def test_the_place_of_a_wrong_byte_does_not_depend_on_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    data = ("가나다\n" * 30_000).encode() + b"\xff\xff\xff\n" * 50_000
    places = set()
    for size in (1 << 20, 4096, 70_001):
        monkeypatch.setattr(reading_module, "_HEAD", size)
        monkeypatch.setattr(reading_module, "_BLOCK", size)
        with pytest.raises(TextProblem) as caught:
            text_of(data, encoding="utf-8")
        places.add(str(caught.value))
    assert places == {
        "“a.txt” is not UTF-8 text: byte 300,000, in line 30,001, cannot be read. "
        "Choose another encoding, or save it as UTF-8."
    }


def test_an_encoding_that_shows_late_is_found_out_then(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reading_module, "_HEAD", 1000)
    monkeypatch.setattr(reading_module, "_BLOCK", 1000)
    text = "plain line\n" * 500 + KOREAN * 50
    (tmp_path / "late.txt").write_bytes(text.encode("cp949"))
    opened = open_document(tmp_path / "late.txt")
    assert opened.notes == ()
    assert "".join(opened.blocks()) == text
    assert (opened.encoding, opened.guessed) == ("cp949", True)
    assert "CP949" in opened.notes[0]


def test_all_text_is_composed() -> None:
    decomposed = unicodedata.normalize("NFD", KOREAN + ENGLISH)
    assert decomposed != KOREAN + ENGLISH
    for python in ("utf-8", "utf-16"):
        assert text_of(decomposed.encode(python)) == KOREAN + ENGLISH
    assert (
        read_document("표.csv", unicodedata.normalize("NFD", "문장,점수\n가나,1\n다라,2\n").encode()).column == "문장"
    )


def test_only_line_feeds_and_carriage_returns_end_lines() -> None:
    data = "a\u0085b\u2028c\x0bd\re\r\nf\n\ng".encode()
    assert text_of(data) == "a\u0085b\u2028c\x0bd\ne\nf\n\ng"


# What is refused


JUNK = {
    "empty": (b"", "“x” is empty."),
    "a mark alone": (codecs.BOM_UTF8, "“x” holds no text."),
    "a UTF-16 mark alone": (codecs.BOM_UTF16_LE, "“x” holds no text."),
    "white space": (b" \n\t\r\n", "“x” holds no text."),
    "zeros": (bytes(1000), "“x” holds zero bytes, so it is no text."),
    "random bytes": (random.Random(1).randbytes(5000), "“x” holds zero bytes, so it is no text."),
    "controls": (bytes([*range(1, 9)] * 20), "“x” holds control characters throughout, so it is no text."),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(50), "“x” is a picture, so there is no text to read."),
    "a PDF": (b"%PDF-1.7\n", "“x” is a PDF. Save it as a .txt or .csv file and try again."),
    "an old Office file": (b"\xd0\xcf\x11\xe0\xa1\xb1", "such as .xls, .doc or .hwp. Save it as"),
    "packed nothing": (gzip.compress(b""), "“x” is empty."),
    "packed twice": (gzip.compress(gzip.compress(b"text")), "“x” is packed twice."),
    "a packed picture": (gzip.compress(b"\x89PNG\r\n"), "“x” is a picture"),
    "a .gz cut short": (gzip.compress(b"a line of text\n" * 1000)[:-12], "its .gz ends before the text does"),
    "a .gz of two bytes": (b"\x1f\x8b", "its .gz ends before the text does"),
    "a damaged .gz": (gzip.compress(random.Random(1).randbytes(900))[:400] + bytes(600), "cannot be unpacked"),
}


@pytest.mark.parametrize("name", JUNK)
def test_junk_gets_a_sentence(name: str) -> None:
    data, sentence = JUNK[name]
    with pytest.raises(TextProblem) as caught:
        read_document("x", data)
    assert sentence in str(caught.value)


def test_an_office_document_is_told() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(TextProblem, match=r"or an Office document such as \.xlsx"):
        read_document("table.csv", made.getvalue())


def test_a_bomb_is_stopped_early() -> None:
    settings = load({"EMBEDCORE_MAX_TEXT_MEGABYTES": "20"})
    bomb = gzip.compress(b"word " * 20_000_000, compresslevel=9)
    assert len(bomb) < 1 << 20
    tracemalloc.start()
    with pytest.raises(TextProblem, match=r"“b\.gz” holds more than 20 MB of text, unpacked"):
        read_document("b.gz", bomb, settings=settings)
    assert tracemalloc.get_traced_memory()[1] < 80 << 20
    tracemalloc.stop()


def test_a_few_zero_bytes_are_spaces() -> None:
    document = read_document("a.txt", b"word " * 2000 + b"a\0b")
    assert document.text.endswith("word a b")
    assert document.notes == ("1 zero byte was read as spaces.",)


# Reading in blocks


def test_a_file_and_its_blocks_are_the_same_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = "id\tdocument\n" + "".join(f"{i}\t{KOREAN.splitlines()[i % 2]} number {i}\n" for i in range(3000))
    for name, text in {"t.tsv": table, "a.md": (KOREAN + ENGLISH) * 700, "b.txt": "no end"}.items():
        for python in ("utf-8", "utf-16", "cp949" if name == "t.tsv" else "utf-8-sig"):
            for packed in (False, True):
                data = text.encode(python)
                path = tmp_path / (name + ".gz" * packed)
                path.write_bytes(gzip.compress(data) if packed else data)
                expected = read_document(path.name, path.read_bytes()).text
                with monkeypatch.context() as small:
                    small.setattr(reading_module, "_BLOCK", 5000)
                    blocks = list(read_blocks(path))
                assert "".join(blocks) == expected
                assert all(block.endswith("\n") for block in blocks[:-1])
                assert max(map(len, blocks)) < 6000
                if name != "t.tsv":
                    assert expected == text


def test_memory_stays_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_module, "_HEAD", 1 << 20)
    path = tmp_path / "large.txt.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(10):
            file.write((b"some words of a line " * 10 + b"\n") * 20_000)
        file.write(b"one line without an end " * 500_000)
    tracemalloc.start()
    size = sum(map(len, read_blocks(path)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == 10 * 20_000 * 211 + 500_000 * 24
    assert peak < 25 << 20


def test_a_very_long_line_is_cut_at_spaces_and_that_is_said() -> None:
    document = read_document("a.txt", b"word " * 500_000)
    lines = document.text.split("\n")
    assert document.text.split() == ["word"] * 500_000
    assert max(map(len, lines)) <= 1 << 20
    assert document.notes == (f"{len(lines) - 1} lines of more than 1,048,576 characters, cut at spaces.",)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(KOREAN.encode("cp949")))))
    assert "".join(read_blocks("-")) == KOREAN


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(StorageProblem, match="Could not read"):
            list(read_blocks(path))


# Real files


@needs_data
@pytest.mark.parametrize(
    ("file", "lines", "kind", "wrapped"),
    [
        ("en/austen.txt", None, "text", True),
        ("en/inaugural.txt", 3137, "text", False),
        ("en/enwiki_sample.txt", 5209, "text", False),
        ("en/sentence_polarity/rt-polarity.neg", 5331, "text", False),
        ("en/sentence_polarity/rt-polarity.pos", 5331, "text", False),
        ("en/subjectivity/quote.tok.gt9.5000", 5000, "text", False),
        ("ko/nsmc_train20k.tsv", 20_000, "table", False),
        ("ko/kor_ws353.csv", 322, "table", False),
        ("ko/kor_analogy_semantic.txt", 423, "text", False),
        ("vectors/toy-model.vec", 23, "text", False),
    ],
)
def test_real_files(file: str, lines: int | None, kind: str, wrapped: bool) -> None:
    data = (DATA / file).read_bytes()
    document = read_document(Path(file).name, data)
    assert (document.kind, document.wrapped, document.encoding, document.guessed) == (kind, wrapped, "utf-8", False)
    if lines is not None:
        assert document.text.count("\n") == lines
    if kind == "text" and not wrapped:
        expected = data.decode().replace("\r\n", "\n").replace("\r", "\n")
        assert document.text == unicodedata.normalize("NFC", expected)


@needs_data
def test_real_korean_in_every_encoding() -> None:
    text = unicodedata.normalize("NFC", (DATA / "ko/nsmc_test5k.tsv").read_bytes().decode())
    whole = Choices(column=documents.WHOLE_LINES)
    for python in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
        assert read_document("nsmc.tsv", text.encode(python), whole).text == text
    cp949 = text.encode("cp949", "replace")
    found = read_document("nsmc.tsv", cp949, whole)
    assert (found.text, found.encoding) == (cp949.decode("cp949"), "cp949")
    assert read_document("nsmc.tsv.gz", gzip.compress(cp949)).column == "document"


def test_mangled_files_give_a_text_or_a_sentence() -> None:
    draw = random.Random(7)
    table = "id,document,label\n" + "".join(f'{i},"{KOREAN.strip()} {i}",1\n' for i in range(12))
    whole = [text.encode(python) for text in (KOREAN, ENGLISH, table) for python in ("utf-8", "utf-16")]
    whole += [KOREAN.encode("cp949"), table.encode("cp949"), gzip.compress(table.encode())]
    refused = 0
    for _ in range(1500):
        data = bytearray(draw.choice(whole))
        for _ in range(draw.choice([1, 3, 30])):
            at = draw.randrange(len(data) + 1)
            data[at : at + draw.choice([0, 1, 9])] = draw.choice([b'"', b"\0", b"\t", b"\xff\xfe", b"\r", b"\xec", b""])
        encoding, column = draw.choice([None, None, *ENCODINGS]), draw.choice([None, None, "document", ""])
        try:
            document = read_document(
                draw.choice(["a.txt", "b.csv", "c.tsv.gz"]), bytes(data), Choices(encoding, column)
            )
        except TextProblem:  # anything else fails
            refused += 1
            continue
        assert document.text.strip()
        assert not {"\r", "\0"} & set(document.text)
        assert unicodedata.is_normalized("NFC", document.text)
        assert all(note.endswith(".") for note in document.notes)
    assert 100 < refused < 1400
