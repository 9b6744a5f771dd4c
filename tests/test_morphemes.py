"""Korean morphemes: which are tokens, held to kiwipiepy called directly, and the process that finds them."""

from __future__ import annotations

import functools
import gc
import json
import lzma
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from embedcore import morphemes, snippets
from embedcore.errors import TextProblem
from embedcore.morphemes.process import Analyser
from embedcore.morphemes.rules import LONGEST, pieces
from embedcore.text import TOKENIZERS, tokenize
from embedcore.vocab import Vocab
from tests.test_imports import modules_after

ROOT = Path(__file__).parents[1]
REVIEWS = ROOT.parent / "shared" / "data" / "ko" / "nsmc_reviews60k.txt.xz"

pytest.importorskip("kiwipiepy")


@functools.cache
def kiwi() -> Any:
    """Kiwi in this process, to compare with."""
    from kiwipiepy import Kiwi

    return Kiwi()


@pytest.fixture(scope="module")
def analyser() -> Iterator[Analyser]:
    made = Analyser()
    yield made
    made.stop()


def children() -> list[psutil.Process]:
    return [
        child for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE and "embedcore.morphemes" in child.cmdline()
    ]  # fmt: skip


def wait_for(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


# Which morphemes are tokens


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("나는 학교에 갔다.", ["나", "학교", "가다"]),
        ("영화를 봤어요", ["영화", "보다"]),
        ("보고 또 볼 거예요", ["보다", "또", "보다", "거"]),
        ("정말 지루했어요!!", ["정말", "지루하다"]),
        ("사랑스럽지 않다", ["사랑스럽다", "않다"]),
        ("아름다운 음악이 들렸다", ["아름답다", "음악", "들리다"]),
        ("ㅋㅋㅋㅋㅋ ㅠㅠㅠ ㅋ", ["ㅋㅋ", "ㅠㅠ", "ㅋ"]),
        ("감독님들의 영화", ["감독", "영화"]),
        ("Good OST 10점 👍🏽", ["good", "ost", "10", "점", "👍🏽"]),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8 영화", ["한국", "영화"]),
        ("... !!! ^^", []),
        ("", []),
        ("  \t ", []),
    ],
)
def test_tokens_are_dictionary_words(sentence: str, expected: list[str]) -> None:
    assert TOKENIZERS["morphemes"](sentence) == expected


def by_hand(line: str) -> list[str]:
    """The rules once more, from Kiwi's own answer, in another way: by tags struck out rather than kept."""
    found: list[str] = []
    for token in kiwi().tokenize(line):
        kind = token.tag.partition("-")[0]
        if kind in ("XSV", "XSA") and found:
            found.append(found.pop() + token.form + "다")
        elif kind == "VCP" or kind[0] in "JE" or kind in ("XSN", "XSM", "Z_CODA", "Z_SIOT", "XSV", "XSA"):
            continue
        elif kind[0] == "V":
            found.append(token.form + "다")
        elif kind in ("SF", "SP", "SS", "SSO", "SSC", "SE", "SO", "SW", "SB"):
            if all("ㄱ" <= letter <= "ㅣ" for letter in token.form):
                found.append(token.form[:2])
        else:
            found.append(token.form.lower())
    return found


@pytest.mark.skipif(not REVIEWS.exists(), reason="the film reviews are not here")
def test_real_reviews_give_what_kiwi_gives(analyser: Analyser) -> None:
    with lzma.open(REVIEWS, "rt", encoding="utf-8", newline="\n") as file:
        lines = [file.readline().rstrip("\n") for _ in range(300)]
    assert analyser.analyse(lines) == [by_hand(line) for line in lines]


def test_whole_texts_are_the_same_as_their_lines() -> None:
    text = "영화가 좋았다\n\n  \n음악은 별로였어요 ㅠㅠ\n" * 700  # several batches
    line = [TOKENIZERS["morphemes"](each) for each in text.split("\n")[:4]]
    assert list(tokenize(text, "morphemes")) == [line[0], line[3]] * 700


UGLY = {
    "lone surrogate": "영화 \ud800 좋다",
    "null byte": "a\x00b 한글\x00단어",
    "a long line": "영화가 좋았다 " * 2000,
    "no blank": "가" * 10_000,
    "Latin without a blank": "x" * 100_000,
    "emoji": "😀한글😀 👩‍👩‍👧 🇰🇷",
    "other line ends": "영화\u0085좋다\u2028나쁘다\x0b끝",
    "controls": "".join(map(chr, range(1, 32))) + "영화",
    "jamo": "ㅇㅈ ㄹㅇ ㅏㅏ 영화ㅋㅋ",
    "suffix first": "하다 스럽다 되었다",
    "specials": "<unk> <pad> 영화",
}


@pytest.mark.parametrize("name", UGLY)
def test_ugly_lines(name: str, analyser: Analyser) -> None:
    line = UGLY[name]
    (found,) = analyser.analyse([line])
    assert found == [token for piece in pieces(line) for token in by_hand(piece)]
    assert all(token.strip() == token != "" for token in found)


def test_long_lines_are_cut_at_blanks() -> None:
    draw = random.Random(2)
    line = " ".join("가" * draw.randrange(1, 30) for _ in range(3000))
    cut = pieces(line)
    assert " ".join(cut) == line
    assert max(map(len, cut)) <= LONGEST
    assert "".join(pieces("나" * 5001)) == "나" * 5001
    assert pieces("다 " * 900) == ["다 " * 900]


@pytest.mark.parametrize(
    "raw",
    ["이 영화는 ㅋㅋㅋ 정말 지루했어요. http://a.b\nHello, 감독님", "가나 다라 " * 1200 + "\n다른 줄", "", "...",
     "surrogate \ud800 영화", "\u1112\u1161\u11ab\u1100\u116e\u11a8 영화를 봤다", "'\"\\ {x} 영화"],
)  # fmt: skip
def test_the_lines_shown_give_our_tokens(raw: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = kiwi()
    monkeypatch.setattr("kiwipiepy.Kiwi", lambda: loaded)
    monkeypatch.chdir(tmp_path)
    Path(snippets.TEXT_FILE).write_bytes(raw.encode("utf-8", "replace"))
    sentences = list(tokenize(raw, "morphemes"))
    vocab = Vocab.build(sentences)
    names: dict[str, Any] = {}
    exec(snippets.vocabulary(raw, tokenizer="morphemes", vocab_size=len(vocab)), names)
    assert (names["sentences"], names["itos"]) == (sentences, vocab.itos)


# The process


def test_kiwi_is_never_loaded_here() -> None:
    code = "from embedcore.text import tokenize; print(list(tokenize('영화를 봤다', 'morphemes')))"
    script = f"{code}\nimport sys, json; print(json.dumps([m for m in sys.modules if 'kiwi' in m]))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['영화', '보다']".join(["[", "]"]), "[]"]
    assert not modules_after("import embedcore.text, embedcore.morphemes") & {"kiwipiepy", "numpy", "torch"}


def test_many_threads_at_once(analyser: Analyser) -> None:
    lines = [f"영화 {number}편을 봤다" for number in range(40)]
    expected = [["영화", str(number), "편", "보다"] for number in range(40)]
    wrong: list[object] = []

    def ask() -> None:
        for _ in range(5):
            if (found := analyser.analyse(lines)) != expected:
                wrong.append(found)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert analyser._process is not None


def test_much_text_does_not_stick(analyser: Analyser) -> None:
    """More than pipes hold, in both directions."""
    lines = ["영화 " * 400] * 60
    assert analyser.analyse(lines) == [["영화"] * 400] * 60


def test_a_process_that_was_killed_is_started_again(analyser: Analyser) -> None:
    analyser.analyse(["영화"])
    assert analyser._process is not None
    first = analyser._process.pid
    os.kill(first, signal.SIGKILL)
    assert analyser.analyse(["영화를 봤다"]) == [["영화", "보다"]]
    assert analyser._process.pid != first


def test_killed_in_the_middle_it_starts_once_more_and_then_says_so(
    analyser: Analyser, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyser.analyse(["영화"])
    ask = Analyser._ask

    def killed(self: Analyser, process: subprocess.Popen[bytes], lines: list[str]) -> Any:
        threading.Timer(0.2, process.kill).start()
        return ask(self, process, ["영화가 정말로 좋았어요 " * 150] * 3000)

    monkeypatch.setattr(Analyser, "_ask", killed)
    with pytest.raises(TextProblem, match="The morpheme analyser ended before it was done"):
        analyser.analyse(["영화"])
    monkeypatch.undo()
    assert analyser.analyse(["영화"]) == [["영화"]]


def test_idle_it_ends_by_itself_and_is_started_again() -> None:
    made = Analyser("0.2")
    assert made.analyse(["영화"]) == [["영화"]]
    process = made._process
    assert process is not None
    wait_for(lambda: process.poll() is not None)
    assert process.returncode == 0
    assert made.analyse(["음악"]) == [["음악"]]
    made.stop()
    assert made._process is None


@pytest.mark.parametrize("busy", [False, True])
def test_it_ends_with_whoever_started_it(busy: bool) -> None:
    lines = ["영화가 정말로 좋았어요 " * 150] * 3000 if busy else ["영화"]
    process = subprocess.Popen(
        [sys.executable, "-m", "embedcore.morphemes"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert json.loads(process.stdout.readline()) == {"ready": True}
    process.stdin.write(json.dumps(lines).encode() + b"\n")
    process.stdin.flush()
    if not busy:
        assert json.loads(process.stdout.readline()) == [["영화"]]
    process.send_signal(signal.SIGINT)  # Ctrl-C is not for it
    process.stdin.close()
    assert process.wait(20) == 0
    process.stdout.close()


def test_what_cannot_be_loaded_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "kiwipiepy.py").write_text("raise ImportError('no such library')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    made = Analyser()
    with pytest.raises(TextProblem) as caught:
        made.analyse(["영화"])
    assert str(caught.value) == ("The morpheme analyser (kiwipiepy) could not be loaded: ImportError: no such library")
    assert made._process is None


def test_a_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(morphemes.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(TextProblem) as caught:
        list(tokenize("영화", "morphemes"))
    assert str(caught.value) == "Korean morphemes need the package kiwipiepy, which is not installed here."


def test_no_process_is_left_behind(analyser: Analyser) -> None:
    analyser.analyse(["영화"])
    before = len(children())
    analyser.stop()
    gc.collect()
    assert len(children()) == before - 1
