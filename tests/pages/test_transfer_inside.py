"""The page of one experiment, below its answer: what moved, using the models, keeping the tuned vectors, the code."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from embedcore import settings as settings_module
from embedcore.library import delete_vectors, open_vectors, save_vectors
from embedcore.runs import RunFolder, experiments
from embedcore.settings import Settings
from embedcore.snippets_transfer import TEXTS_FILE
from embedcore.transfer.config import FROZEN, SCRATCH, STARTS, TUNED
from embedcore.transfer.encoding import tokenize_texts
from embedcore.transfer.experiment import Experiment
from embedcore.transfer.fitting import Learned
from embedcore.transfer.results import Task
from embedcore.transfer.samples import LABELLED_SAMPLES
from embedcore.ui import keys
from embedcore.vectors import WordVectors
from tests import transfer_runs
from tests.torch_answers import probabilities, words_behind

from .conftest import by_key, echarts, echarts_table, texts

SENTENCE = "The nurse said that my landlord painted zzqxv and a stethoscope"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, glove_home: Path) -> RunFolder:
    """An experiment on the English letters, done once for all tests."""
    home = settings_module.load({"EMBEDCORE_HOME": str(tmp_path_factory.mktemp("made") / "home")})
    shutil.copytree(glove_home / "cache", home.cache_dir, dirs_exist_ok=True)
    return transfer_runs.finished(home, settings=transfer_runs.one_seed())


@pytest.fixture
def open_run(
    made: RunFolder, glove: WordVectors, home: Settings, open_page: Callable[..., AppTest]
) -> Callable[..., AppTest]:
    """The page of that experiment, or of another, as a fresh visitor with that link sees it."""

    def open_it(run_id: str = "", **parameters: Any) -> AppTest:
        if not run_id:
            shutil.copytree(made.path, home.runs_dir / made.id, dirs_exist_ok=True)
        return open_page("transfer", run=run_id or made.id, **parameters)

    return open_it


def learned(folder: RunFolder, start: str, size: int, vectors: WordVectors) -> tuple[Experiment, Learned]:
    """A model made again by torch, from the run's own texts and settings."""
    config, data = experiments.config_of(folder.run), experiments.texts_of(folder)
    again = Experiment(data, config.split.split(data), config.settings, vectors)
    found = again.learn(Task(start, size, config.settings.seed))
    assert found is not None
    return again, found


def heading(at: AppTest, name: str) -> bool:
    return name in [header.value for header in at.header]


def test_nothing_is_there_while_no_model_is_kept(home: Settings, open_run: Callable[..., AppTest]) -> None:
    folder = transfer_runs.waiting(home, settings=transfer_runs.one_seed())
    folder.ask_to_stop()
    at = open_run(folder.id)
    for name in ("What moved", "Use it", "Keep it", "The same in PyTorch"):
        assert not heading(at, name)


def test_the_words_that_tuning_moved(made: RunFolder, open_run: Callable[..., AppTest], glove: WordVectors) -> None:
    at = open_run()
    box = by_key(at, "selectbox", keys.MOVED_SIZE)
    sizes = sorted({size for _, size in experiments.models_of(made)}, reverse=True)
    assert box.options == ["largest", *map(str, sizes)]
    assert box.value == "largest"
    table = next(frame.value for frame in at.dataframe if "moved by" in frame.value)
    assert len(table) > 5
    assert (np.diff(table["moved by"]) <= 0).all()
    training = " ".join(experiments.texts_of(made).texts).lower()
    _, tuned = learned(made, TUNED, sizes[0], glove)
    row = table.iloc[0]
    assert row["word"] in training
    vocab = learned(made, TUNED, sizes[0], glove)[0].texts(Task(TUNED, sizes[0], 1)).encoded.vocab
    now = tuned.model.embedding.weight.detach().numpy()[vocab.stoi[row["word"]]]
    assert row["moved by"] == pytest.approx(np.linalg.norm(now - glove[row["word"]]), rel=1e-3)
    for _, each in table.iterrows():
        before, after = (
            [name.strip() for name in each[column].split(",")] for column in ("near at the start", "near now")
        )
        stayed = {name for name in before if not name.startswith("−")}
        assert stayed == {name for name in after if not name.startswith("+")}
    assert any("+" in each for each in table["near now"])


@pytest.mark.parametrize("in_link", [False, True])
def test_who_chose_no_size_sees_the_largest_by_then(
    made: RunFolder, home: Settings, open_run: Callable[..., AppTest], in_link: bool
) -> None:
    folder = home.runs_dir / made.id
    late = {f"{start}-{size}" for start in STARTS for size in (50, 165)}
    shutil.copytree(made.path, folder, ignore=lambda _, names: late & {*names})
    at = open_run(made.id, **({"code_at": "20"} if in_link else {}))
    box = by_key(at, "selectbox", keys.CODE_SIZE)
    assert box.options == ["largest", "20"]
    assert "its = its[:20]" in "\n".join(block.value for block in at.code)
    for name in late:
        shutil.copytree(made.path / "models" / name, folder / "models" / name)
    at.run()
    box = by_key(at, "selectbox", keys.CODE_SIZE)
    assert (box.label, box.options) == ("Training texts (largest: 165)", ["largest", "165", "50", "20"])
    expected = "20" if in_link else "165"
    assert f"its = its[:{expected}]" in "\n".join(block.value for block in at.code)
    box.set_value("50").run()
    at.run()
    assert "its = its[:50]" in "\n".join(block.value for block in at.code)


def test_a_link_names_the_size_and_a_wrong_one_is_told(made: RunFolder, open_run: Callable[..., AppTest]) -> None:
    at = open_run(moved_at="50", try_at="20")
    assert by_key(at, "selectbox", keys.MOVED_SIZE).value == "50"
    assert by_key(at, "selectbox", keys.TRY_SIZE).value == "20"
    assert "50 training texts" in texts(at)
    at = open_run(moved_at="51")
    assert "moved\\_at=51" in texts(at)
    assert by_key(at, "selectbox", keys.MOVED_SIZE).value != "50"


def test_the_words_that_pull(made: RunFolder, open_run: Callable[..., AppTest]) -> None:
    at = open_run(moved_at="50")
    by_key(at, "radio", keys.PULL_START).set_value(FROZEN).run()
    assert not at.exception
    found = experiments.words_of(made, FROZEN, 50)
    assert found is not None
    shown = 0
    for number, pulls in enumerate(found.pulls):
        if pulls:
            table = echarts_table(at, f"{keys.PULLS_CHART}{number}")
            assert table["name"].tolist() == [pull.word for pull in pulls[:12]]
            np.testing.assert_allclose(table["value"], [100 * pull.pull for pull in pulls[:12]])
            shown += 1
    assert shown
    ends = {
        echarts(at, f"{keys.PULLS_CHART}{number}")["xAxis"]["max"] for number, pulls in enumerate(found.pulls) if pulls
    }
    assert len(ends) == 1  # one scale for all labels


@pytest.mark.parametrize("start", STARTS)
def test_what_a_model_says_is_what_torch_says(
    start: str, made: RunFolder, open_run: Callable[..., AppTest], glove: WordVectors
) -> None:
    text = experiments.texts_of(made).texts[7]
    at = open_run(**{keys.TRY: text, keys.TRY_SIZE: "50"})
    again, model = learned(made, start, 50, glove)
    encoded = again.texts(Task(start, 50, 1)).encoded
    ids = encoded.padded(np.array([7]))
    expected = probabilities(model.model, ids)[0]
    table = echarts_table(at, f"{keys.LIKELY_CHART}_{start}")
    classes = again.data.classes
    order = np.argsort(-expected)
    assert table["name"].tolist() == [classes[row] for row in order]
    np.testing.assert_allclose(table["value"], 100 * expected[order], atol=0.01)
    words = tokenize_texts([text]).words_at(0)
    added = words_behind(model.model, ids[0].tolist())[:, order[0]]
    marked = colored(at)[[*STARTS].index(start)]
    strongest = int(np.abs(added).argmax())
    if abs(added[strongest]) >= 0.005:
        sign = "+" if added[strongest] > 0 else "−"
        assert f"{words[strongest]}\u00a0{sign}{abs(100 * added[strongest]):.0f}]" in marked.replace("**", "")
    plain = re.sub(r":[a-z-]+\[(.*?)(?:\u00a0[^\]]*)?\]", r"\1", marked.replace("**", ""))
    assert plain.replace("\\", "").split() == words
    assert f"Its own label is **{classes[experiments.texts_of(made).labels[7]]}**" not in texts(at)  # no example


def colored(at: AppTest) -> list[str]:
    """The coloured words of each model, as Markdown."""
    found: list[str] = []
    for number, block in enumerate(at.markdown):
        if re.match(r"(From scratch|Frozen|Tuned): \*\*", block.value):
            found.append(at.markdown[number + 1].value)
    return found


def test_words_that_were_not_learned(open_run: Callable[..., AppTest]) -> None:
    at = open_run(**{keys.TRY: SENTENCE})
    scratch, frozen, tuned = colored(at)
    assert ":gray-background[stethoscope\u00a0?]" in scratch
    for said in (frozen, tuned):
        assert "stethoscope" in said
        assert ":gray-background[stethoscope" not in said
        assert ":gray-background[zzqxv\u00a0?]" in said
    told = [caption.value for caption in at.caption if caption.value.startswith(("It cannot read", "In none of its"))]
    assert "stethoscope" in told[0]
    assert "as the set has it" not in told[0]
    for said in told[1:]:
        assert "It cannot read zzqxv. In none of its training texts, so read as the set has it: " in said
        assert "stethoscope" in said.split("as the set has it:")[1]
    assert len(told) == 3


def test_an_example_is_asked_with_a_click(made: RunFolder, open_run: Callable[..., AppTest]) -> None:
    at = open_run()
    config, data = experiments.config_of(made.run), experiments.texts_of(made)
    test = [data.texts[place] for place in config.split.split(data).test.tolist()]
    assert by_key(at, "text_input", keys.TRY).placeholder == test[0]
    by_key(at, "button", f"{keys.EXAMPLE}2").click().run()
    assert by_key(at, "text_input", keys.TRY).value == test[2]
    words = tokenize_texts([test[2]]).words_at(0)
    assert all(words[0] in said for said in colored(at))
    about = experiments.about_of(made)
    assert about is not None
    assert f"Its own label is **{about.classes[about.test_labels[2]]}**." in texts(at)


@pytest.mark.parametrize(
    "text",
    [
        "*bold* [link](http://example.org) :red[x] <b>y</b> $a$ `code`",
        "…!!!",
        "좋은 하루 👍🏽",
        "word " * 390,
        "\u202eabc",
    ],
)
def test_anything_can_be_typed(text: str, open_run: Callable[..., AppTest]) -> None:
    at = open_run(**{keys.TRY: text})
    assert not at.exception
    assert len(colored(at)) == 3
    for block in at.markdown:
        assert "<b>" not in block.value.replace("\\<b\\>", "")
        assert "[link](" not in block.value
    if text == "…!!!":
        assert "There is no word in it" in colored(at)[0]


def test_korean(home: Settings, open_run: Callable[..., AppTest]) -> None:
    rng = np.random.default_rng(0)
    data = LABELLED_SAMPLES["Korean"].texts()
    words = tokenize_texts(data.texts).tokens[::2]
    save_vectors(
        "낱말",
        WordVectors(words, rng.standard_normal((len(words), 8)).astype(np.float32)),
        source="a test",
        settings=home,
    )
    settings = replace(transfer_runs.one_seed(), pretrained="낱말", sizes=(50,), epochs=3)
    folder = transfer_runs.finished(home, data, settings)
    at = open_run(folder.id, **{keys.TRY: "정말 맛있어요 뷁뷁"})
    assert all("?" in said for said in colored(at))
    assert {*echarts_table(at, f"{keys.LIKELY_CHART}_{TUNED}")["name"]} == {"긍정", "부정"}
    # The set goes, and the page still answers: of words that the texts have.
    delete_vectors("낱말", settings=home)
    at = open_run(folder.id, **{keys.TRY: "정말 맛있어요 뷁뷁"})
    assert "낱말 is no longer here" in texts(at)
    assert len(colored(at)) == 3
    other = WordVectors(words, rng.standard_normal((len(words), 8)).astype(np.float32))
    save_vectors("낱말", other, source="a test", settings=home)
    assert "낱말 was replaced since" in texts(open_run(folder.id, **{keys.TRY: "정말"}))


def test_the_tuned_vectors_are_kept(
    made: RunFolder, open_run: Callable[..., AppTest], home: Settings, glove: WordVectors
) -> None:
    at = open_run()
    by_key(at, "text_input", keys.KEEP_NAME).set_value("tuned letters")
    by_key(at, "selectbox", keys.KEEP_SIZE).set_value("50")
    by_key(at, "button", keys.KEEP).click().run()
    assert not at.exception
    assert any("Kept as tuned letters" in success.value for success in at.success)
    kept = open_vectors("tuned letters", home)
    again, model = learned(made, TUNED, 50, glove)
    encoded = again.texts(Task(TUNED, 50, 1)).encoded
    assert list(kept.tokens) == encoded.vocab.itos[2 : encoded.trained]
    np.testing.assert_array_equal(kept.matrix, model.model.embedding.weight.detach().numpy()[2 : encoded.trained])
    assert kept.meta["run"] == made.id
    assert "tuned here on 50 training texts" in kept.meta["source"]
    at.run()
    links = [link.proto for link in at.get("page_link")]
    assert any(link.label == "Kept: tuned letters" for link in links)
    by_key(at, "text_input", keys.KEEP_NAME).set_value("a/b")
    by_key(at, "button", keys.KEEP).click().run()
    assert len(at.error) == 1


def test_only_scratch_leaves_nothing_to_keep(home: Settings, open_run: Callable[..., AppTest]) -> None:
    settings = replace(transfer_runs.one_seed(), starts=(SCRATCH,), pretrained=None, sizes=(20,), epochs=2)
    folder = transfer_runs.finished(home, settings=settings)
    at = open_run(folder.id)
    assert not heading(at, "Keep it")
    assert heading(at, "Use it")
    assert len(colored(at)) == 1
    assert "as it was" not in texts(at)
    assert not any("from_pretrained(torch.from_numpy(weight)" in block.value for block in at.code)


def test_the_code_has_this_experiments_numbers(
    made: RunFolder, open_run: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: dict[str, Any] = {}
    real = st.download_button

    def download_button(label: str, data: Any, **options: Any) -> bool:
        drawn[options["key"]] = data
        return real(label, data, **options)

    monkeypatch.setattr(st, "download_button", download_button)
    at = open_run(code_at="50")
    code = "\n".join(block.value for block in at.code if "<iframe" not in block.value)
    accuracies = {fit.task.start: fit.accuracy for fit in experiments.fits_of(made) if fit.task.size == 50}
    said = ", ".join(f"{start} {accuracies[start]:.3f}" for start in STARTS)
    assert f"# In this experiment: {said}" in code
    assert "its = its[:50]" in code
    assert "freeze=True, padding_idx=1" in code
    assert f'open("{TEXTS_FILE}"' in code
    compile(code, "page", "exec")
    lines = [json.loads(line) for line in drawn[keys.TEXTS_DOWNLOAD]().decode().splitlines()]
    assert len(lines) == len(experiments.texts_of(made))
    assert {line["part"] for line in lines} == {"train", "validation", "test"}
