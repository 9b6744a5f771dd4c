"""The code shown beside each step is run here as it stands, and held to what the page shows."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from embedcore import formats, lookup, search, snippets, text
from embedcore.errors import TextProblem, TrainingProblem
from embedcore.first_batch import MOST_POSITIONS, ExplicitBatch, first_batch, first_contexts
from embedcore.samples import SAMPLES, TUTORIAL_SENTENCE
from embedcore.training import Corpus, TrainConfig, cbow, initial_weight, nextword, resolve, skipgram, train
from embedcore.training.feed import Place, WindowFeed
from embedcore.training.windows import Windows
from embedcore.vectors import WordVectors
from embedcore.vocab import PAD_INDEX, Vocab
from tests.test_imports import modules_after
from tests.test_morphemes import kiwi

NASTY = {
    "quotes": """He said "it's" and 'that' and \"\"\"more\"\"\" and '''even more'''""",
    "backslashes": "a \\ b \\n c \\\\ d \\u0041 {x} {{y}} %s # no comment \\",
    "injection": '\'] ; raise SystemExit #\n"""\nimport os\n',
    "newlines": "one two\r\nthree four\rfive\n\n \n!!!\nsix one",
    "other line ends": "one\u0085two\u2028three\u2029four\x0bfive\x0csix\x1cseven one",
    "Korean": "나는 학교에 간다\n너는 학교에 온다 나는",
    "Korean, decomposed": "\u1112\u1161\u11ab\u1100\u1173\u11af 한글 한글 나\u1102\u1161",
    "accents in two ways": "café cafe\u0301 CAFÉ I\u0307stanbul İstanbul",
    "marks": "हिन्दी में लिखना หนังสือ",
    "emoji": "👍🏽 👍 I ❤️ you 👩‍👩‍👧 🇰🇷 🇰🇷🇺🇸 ©",
    "apostrophes": "don’t don't ’tis rock 'n' roll dogs’",
    "null byte": "a\x00b a \x00 c",
    "surrogate": "a \ud800 b a",
    "right to left": "שלום \u202eabc\u202c عالم a_b",
    "digits": "٣ ½ x² 2nd Ⅷ 一二 a1_b2",
    "specials": "a <unk> b <pad> <unk> a",
    "nothing": "",
    "only marks": "… — !!!",
    "one word": "word",
}
LONG = {
    "tutorial many times": f"{TUTORIAL_SENTENCE}\n" * 40,
    "many short lines": "a b\n" * 30,
    "English": SAMPLES["English"].text,
    "Korean": SAMPLES["Korean"].text,
    "long and nasty": "\n".join(value for name, value in NASTY.items() if name != "surrogate") * 2,
    "byte order mark": "\ufeffbegin " + "a b c " * 100,
}


def run(*codes: str, namespace: dict | None = None) -> dict:
    """Everything that the code leaves behind, and what it printed as "printed"."""
    names: dict = {} if namespace is None else namespace
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for code in codes:
            exec(compile(code, "snippet", "exec"), names)
    return {**names, "printed": printed.getvalue()}


def expected(raw: str, tokenizer: str, min_count: int = 1) -> tuple[list[list[str]], Vocab]:
    sentences = list(text.tokenize(raw, tokenizer))
    return sentences, Vocab.build(sentences, min_count=min_count)


@pytest.mark.parametrize("min_count", [1, 2])
@pytest.mark.parametrize("tokenizer", ["words", "whitespace", "morphemes"])
@pytest.mark.parametrize("name", [*NASTY, *(f"long: {name}" for name in LONG)])
def test_the_vocabulary_is_ours(
    name: str, tokenizer: str, min_count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = LONG[name[6:]] if name.startswith("long: ") else NASTY[name]
    if tokenizer == "morphemes":
        loaded = kiwi()  # once for all tests
        monkeypatch.setattr("kiwipiepy.Kiwi", lambda: loaded)
    sentences, vocab = expected(raw, tokenizer, min_count)
    code = snippets.vocabulary(raw, tokenizer=tokenizer, min_count=min_count, vocab_size=len(vocab))
    if name.startswith("long: "):
        monkeypatch.chdir(tmp_path)
        Path(snippets.TEXT_FILE).write_bytes(raw.encode())
        assert len(code) < (2_000 if tokenizer == "morphemes" else 1_500)
    else:
        assert snippets.TEXT_FILE not in code
    found = run(code)
    assert found["sentences"] == sentences
    assert found["itos"] == vocab.itos
    assert found["stoi"] == vocab.stoi
    assert found["printed"] == f"{len(vocab)}\n"


def test_the_code_is_no_longer_than_its_text_needs() -> None:
    plain = snippets.vocabulary("you need\nto know", vocab_size=6)
    assert "regex" not in plain
    assert "unicodedata" not in plain
    assert "count >=" not in plain
    assert '<pad>")' not in plain
    assert "import regex" not in snippets.vocabulary(LONG["Korean"], vocab_size=6)
    assert "import regex" in snippets.vocabulary("👍", vocab_size=3)


def test_the_pattern_shown_is_the_tokenizers_own() -> None:
    names = run(snippets.vocabulary("👍", vocab_size=3))
    assert names["WORD"].pattern == text._WORD.pattern


def test_every_character_that_has_a_say_alone_is_split_as_ours() -> None:
    """Texts of characters from all over Unicode: whichever code is chosen for them, it gives our tokens."""
    generator = np.random.default_rng(5)
    for _ in range(150):
        start = int(generator.integers(32, 0x1FA00))
        points = [point for point in generator.integers(start, start + 300, 60) if not 0xD800 <= point < 0xE000]
        raw = "".join("a'"[int(point) % 2] + chr(point) for point in points)
        assert run(snippets.vocabulary(raw, vocab_size=0))["sentences"] == expected(raw, "words")[0]


def test_the_server_can_make_all_of_it_without_torch() -> None:
    code = (
        "from embedcore import figures_lookup, first_batch, lookup, snippets; import numpy as np\n"
        "from embedcore.training import Corpus, TrainConfig\n"
        "batch = first_batch.first_batch(Corpus.read([['a', 'b']]), TrainConfig(dim=2, min_count=1))\n"
        "snippets.skipgram_step(batch, vocab_size=4, dim=2); snippets.cbow_step(batch, vocab_size=4, dim=2)\n"
        "words = first_batch.first_contexts(Corpus.read([['a', 'b']]), TrainConfig(objective='next-word', dim=2))\n"
        "snippets.next_word_step(words, vocab_size=4, dim=2, seed=1); lookup.as_torch_prints(np.zeros(3, np.float32))"
    )
    assert not modules_after(code) & {"torch", "streamlit"}


def test_an_unknown_tokenizer_is_told() -> None:
    with pytest.raises(TextProblem, match="There is no tokenizer “bpe”"):
        snippets.vocabulary("a", tokenizer="bpe", vocab_size=3)


@pytest.mark.parametrize(("vocab_size", "dim", "seed"), [(8, 3, 1), (3, 1, 0), (500, 100, 2**63 - 1), (50, 1_999, 42)])
def test_the_first_weight_is_ours_bit_for_bit(vocab_size: int, dim: int, seed: int) -> None:
    layer = run(snippets.embedding(vocab_size, dim, seed))["embedding"]
    assert layer.weight.detach().numpy().tobytes() == initial_weight(vocab_size, dim, seed).tobytes()
    assert (layer.num_embeddings, layer.embedding_dim, layer.padding_idx) == (vocab_size, dim, 1)
    assert layer.weight.requires_grad


def test_the_tutorials_own_case() -> None:
    """Its sentence, dimension 3: shape (8, 3)."""
    found = run(
        snippets.vocabulary(TUTORIAL_SENTENCE, tokenizer="whitespace", vocab_size=8),
        snippets.embedding(8, 3, 1),
        snippets.look_up([["to", "know"]], vocab_size=8, dim=3),
    )
    assert found["stoi"] == {
        "<unk>": 0, "<pad>": 1, "to": 2, "you": 3, "need": 4, "know": 5, "how": 6, "code": 7
    }  # fmt: skip
    assert found["embedding"].weight.shape == (8, 3)
    assert found["ids"].tolist() == [2, 5]
    assert found["printed"].startswith("8\ntorch.Size([8, 3])\ntensor([2, 5]) tensor([[")
    assert found["printed"].endswith("\n0.0\n")


SENTENCES = [
    [["how", "to", "code"]],
    [["how", "to", "dance"], ["you"], ["a'b", '"', "\\", "\x00", "나는", "👍🏽", "'''"]],
    [["to"] * 200, [], ["code"] * 3],
    [["know", *["x" * 600] * 3]],
]


@pytest.mark.parametrize("sentences", SENTENCES)
def test_the_look_ups_are_ours(sentences: list[list[str]]) -> None:
    _, vocab = expected(TUTORIAL_SENTENCE, "words")
    code = snippets.look_up(sentences, vocab_size=8, dim=5)
    found = run(snippets.vocabulary(TUTORIAL_SENTENCE, vocab_size=8), snippets.embedding(8, 5, 7), code)
    weight = initial_weight(8, 5, 7)
    kept = [snippets._beginning(sentence) for sentence in sentences]
    ids = vocab.encode(kept[0])
    assert found["ids"].tolist() == ids
    assert np.array_equal(found["vectors"].detach().numpy(), lookup.look_up(weight, ids))
    assert np.array_equal(found["one_hot"].numpy(), lookup.one_hot(ids, 8))
    assert lookup.one_hot_difference(weight, ids) == float(re.search(r"^\d.*$", found["printed"][2:], re.M)[0]) == 0
    if len(sentences) > 1:
        batch = lookup.pad_batch([vocab.encode(sentence) for sentence in kept])
        assert np.array_equal(found["batch"].numpy(), batch)
        assert np.array_equal(found["padded"].detach().numpy(), lookup.look_up(weight, batch))
        assert not found["padded"][found["batch"] == PAD_INDEX].any()
    for shape in (found["vectors"].shape, found.get("padded", found["vectors"]).shape):
        assert f"# {tuple(shape)}" in code
    assert ("Of a longer sentence" in code) == (kept != sentences)


def test_a_sentence_without_words_is_told() -> None:
    for sentences in ([], [[]], [[], ["a"]]):
        with pytest.raises(TextProblem, match="no words to look up"):
            snippets.look_up(sentences, vocab_size=8, dim=3)


def read(raw: str, **settings: object) -> tuple[Corpus, TrainConfig]:
    config = TrainConfig(dim=6, **{"min_count": 1, **settings})
    return Corpus.read(text.tokenize(raw), min_count=config.min_count), config


CASES = {
    "tutorial": (TUTORIAL_SENTENCE, {}),
    "two words": ("a b", {"window": 1, "negative": 1}),
    "lone words first": ("lone\nwords\nthen a sentence of some more words\nand one\nmore sentence", {"window": 2}),
    "English": (SAMPLES["English"].text, {"seed": 9}),
    "English, rare words dropped": (SAMPLES["English"].text, {"min_count": 5, "sample": 1e-2, "negative": 7}),
    "Korean, wide": (SAMPLES["Korean"].text, {"window": 12, "batch": 20}),
}


def ours(
    objective: str, batch: ExplicitBatch, weight: torch.Tensor, context: torch.Tensor
) -> tuple[float, torch.Tensor, torch.Tensor]:
    """The kernel's loss and its gradients by row, (V, D) each, on the same positions, windows and negatives."""
    windows = Windows(batch.window, dtype=weight.dtype)
    count = -(-len(batch.left) // windows.block) * windows.block
    ids = np.full(count + 2 * batch.window, PAD_INDEX, np.int32)
    ids[batch.window : batch.window + len(batch.ids)] = batch.ids
    reach = [np.pad(np.array(side, np.int32), (0, count - len(side))) for side in (batch.left, batch.right)]
    arrays = [torch.from_numpy(array) for array in (ids, *reach, np.array([batch.negatives], np.int32))]
    made = windows.batch(*arrays, batch.negative)
    d_weight, d_context = torch.zeros_like(weight), torch.zeros_like(context)
    if objective == "cbow":
        found = cbow.gradients(weight, context, made, windows, batch.negative)
        of_words, of_around = d_context, d_weight
    else:
        found = skipgram.gradients(weight, context, made, windows)
        of_words, of_around = d_weight, d_context
    dim = weight.shape[1]
    of_words.index_add_(0, made.words, found.words)
    of_around.index_add_(0, windows.blocks(made.around).reshape(-1), found.around.reshape(-1, dim))
    d_context.index_add_(0, made.negatives.view(-1), found.negatives.view(-1, dim))
    return found.loss, d_weight, d_context


STEPS = {"skipgram": (snippets.skipgram_step, "skipgram_loss"), "cbow": (snippets.cbow_step, "cbow_loss")}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("objective", STEPS)
def test_the_step_has_our_loss_and_our_gradients(objective: str, case: str, dtype: torch.dtype) -> None:
    raw, settings = CASES[case]
    corpus, config = read(raw, **settings, objective=objective)
    batch, size = first_batch(corpus, config), len(corpus.vocab)
    step, loss_name = STEPS[objective]
    code = step(batch, vocab_size=size, dim=6)
    torch.set_default_dtype(dtype)
    try:
        found = run(snippets.embedding(size, 6, 1), code)
    finally:
        torch.set_default_dtype(torch.float32)
    near = 1e-6 if dtype == torch.float32 else 1e-10
    start = torch.from_numpy(initial_weight(size, 6, 1)).to(dtype)
    loss, d_weight, d_context = ours(objective, batch, start, torch.zeros_like(start))
    layer, context = found["embedding"], found["context"]
    assert layer.weight.dtype == context.weight.dtype == dtype
    assert found["loss"].item() == pytest.approx(loss, rel=near)
    counted = found["pairs" if objective == "skipgram" else "words"]
    assert found["loss"].item() / len(counted) == pytest.approx((1 + config.negative) * np.log(2), rel=1e-6)
    assert (context.weight.grad - d_context).abs().max() < near
    assert (layer.weight.grad - d_weight).abs().max() < near
    lr = resolve(config, corpus.tokens).lr
    assert (context.weight + lr * d_context).abs().max() < near  # where the step went, from zero

    # The same lines once more, from weights that are not zero, so that both gradients speak.
    torch.manual_seed(2)
    for weight in (layer.weight, context.weight):
        weight.data = torch.randn(size, 6, dtype=dtype)
        weight.data[PAD_INDEX], weight.grad = 0, None
    again = found[loss_name]()
    again.backward()
    loss, d_weight, d_context = ours(objective, batch, layer.weight.detach(), context.weight.detach())
    assert again.item() == pytest.approx(loss, rel=near)
    scale = max(1.0, d_weight.abs().max().item(), d_context.abs().max().item())
    assert (layer.weight.grad - d_weight).abs().max() < near * scale
    assert (context.weight.grad - d_context).abs().max() < near * scale
    assert d_weight.abs().max() > 0.1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("case", CASES)
def test_the_next_word_step_is_the_runs_first(case: str, dtype: torch.dtype) -> None:
    """Its batch, its linear layer, its loss and its gradients, and where they lead."""
    raw, settings = CASES[case]
    corpus, config = read(raw, **{**settings, "batch": 32}, objective="next-word")
    config, size = resolve(config, corpus.tokens), len(corpus.vocab)
    shown = first_contexts(corpus, config)
    torch.set_default_dtype(dtype)
    try:
        code = snippets.next_word_step(shown, vocab_size=size, dim=6, seed=config.seed)
        found = run(snippets.embedding(size, 6, config.seed), code)
    finally:
        torch.set_default_dtype(torch.float32)
    near = 1e-5 if dtype == torch.float32 else 1e-10
    start = torch.from_numpy(initial_weight(size, 6, config.seed)).to(dtype)
    model = nextword.NextWord(corpus, config, start.clone())
    batch = nextword.Contexts(
        torch.tensor(shown.before, dtype=torch.int32), torch.tensor(shown.following, dtype=torch.int32)
    )
    if case != "lone words first":  # whose own first batch is shorter
        turn = next(model.turns(Place(0, 0, 0)))
        assert (turn.batch.before.tolist(), turn.batch.following.tolist()) == (shown.before, shown.following)
    linear, bias = model.weights["linear"], model.weights["bias"]
    theirs = nextword.gradients(start, linear, bias, batch)
    layer, output = found["embedding"], found["linear"]
    assert found["loss"].item() == pytest.approx(theirs.loss, rel=near)
    assert found["loss"].item() / len(shown.following) == pytest.approx(np.log(size), rel=0.1)
    d_linear = theirs.wrong.T @ theirs.inputs
    d_weight = torch.zeros_like(start)
    d_weight.index_add_(0, batch.before.view(-1), theirs.before.view(-1, 6))
    d_weight[PAD_INDEX] = 0
    assert (layer.weight.grad - d_weight).abs().max() < near
    assert (output.weight.grad - d_linear).abs().max() < near
    assert (output.bias.grad - theirs.wrong.sum(0)).abs().max() < near
    assert (output.weight - (linear - shown.lr * d_linear)).abs().max() < near
    assert (layer.weight - (start - shown.lr * d_weight)).abs().max() < near
    assert not layer.weight[PAD_INDEX].any()


@pytest.mark.parametrize("case", [case for case in CASES if case != "lone words first"])
def test_the_batch_shown_is_the_runs_first(case: str) -> None:
    raw, settings = CASES[case]
    corpus, config = read(raw, **settings)
    shown, resolved = first_batch(corpus, config), resolve(config, corpus.tokens)
    turn = next(WindowFeed(corpus, resolved, Windows(config.window)).turns(Place(0, 0, 0)))
    size = len(shown.left)
    assert size == min(resolved.batch, MOST_POSITIONS, len(corpus.ids))
    assert turn.batch.words[:size].tolist() == shown.ids[:size]
    assert turn.batch.pairs[:size].tolist() == [a + b for a, b in zip(shown.left, shown.right, strict=True)]
    assert turn.batch.negatives[0].tolist() == shown.negatives
    assert (shown.lr, shown.negative) == (resolved.lr, config.negative)


def test_a_batch_begins_where_there_are_pairs() -> None:
    corpus, config = read(*CASES["lone words first"][:1], window=2)
    assert first_batch(corpus, config).ids[0] == corpus.vocab.stoi["then"]


def test_no_pair_is_told() -> None:
    with pytest.raises(TrainingProblem, match="only one word"):
        first_batch(*read("a\nb\nc"))
    with pytest.raises(TrainingProblem, match="no two neighbours are left"):
        first_batch(*read("a b " * 30, sample=1e-6))
    with pytest.raises(TrainingProblem, match="only one word"):
        first_contexts(*read("a\nb\nc", objective="next-word"))


@pytest.fixture(scope="module")
def trained() -> WordVectors:
    return train(list(text.tokenize(SAMPLES["Korean"].text)), TrainConfig(dim=12, min_count=1, epochs=3))


@pytest.mark.parametrize("format", ["glove", "word2vec"])
def test_the_cosine_from_a_downloaded_file_is_ours(format: str, tmp_path: Path, trained: WordVectors) -> None:
    path = tmp_path / 'it\'s \\ "mine".txt'
    formats.export(trained, format, path)
    first, second, rare = trained.tokens[0], trained.tokens[1], trained.tokens[len(trained) - 1]
    for a, b in ((first, second), (second, rare), (rare, rare)):
        code = snippets.cosine_similarity(a, b, file=str(path), header=format == "word2vec")
        assert float(run(code)["printed"]) == pytest.approx(trained.similarity(a, b), abs=1e-6)


def test_nasty_words_in_a_file(tmp_path: Path) -> None:
    words = ["'", '"""', "\\", "a\x00b", "x\u0085y", "a\u2028b", "👍🏽", "나는"]
    vectors = WordVectors(words, np.random.default_rng(1).standard_normal((len(words), 4)))
    formats.export(vectors, "glove", tmp_path / "v.txt")
    for word in words:
        code = snippets.cosine_similarity(word, "나는", file=str(tmp_path / "v.txt"))
        assert float(run(code)["printed"]) == pytest.approx(vectors.similarity(word, "나는"), abs=1e-6)


@pytest.mark.parametrize("tokenizer", ["words", "whitespace"])
@pytest.mark.parametrize("name", [name for name in NASTY if name not in ("nothing", "only marks", "one word")])
def test_one_after_the_other_they_run_and_agree(name: str, tokenizer: str) -> None:
    raw = NASTY[name]
    sentences, vocab = expected(raw, tokenizer)
    config, size = TrainConfig(dim=4, min_count=1), len(vocab)
    batch = first_batch(Corpus.read(sentences), config)
    a, b = vocab.words[0], vocab.words[-1]
    steps = [
        snippets.vocabulary(raw, tokenizer=tokenizer, vocab_size=size),
        snippets.embedding(size, 4, 1),
        snippets.look_up(sentences, vocab_size=size, dim=4),
        snippets.skipgram_step(batch, vocab_size=size, dim=4),
        snippets.cbow_step(batch, vocab_size=size, dim=4),
        snippets.next_word_step(first_contexts(Corpus.read(sentences), config), vocab_size=size, dim=4, seed=1),
        snippets.cosine_similarity(a, b),
    ]
    found = run("\n".join(steps))
    assert found["ids"].tolist() == vocab.encode(sentences[0])
    moved = found["embedding"].weight.detach().numpy()  # (V, D)
    similarity = search.cosine(*lookup.look_up(moved, vocab.encode([a, b])))  # as WordVectors.similarity does
    assert float(found["printed"].splitlines()[-1]) == pytest.approx(similarity, abs=1e-6)
    assert "embedcore" not in "".join(steps)
