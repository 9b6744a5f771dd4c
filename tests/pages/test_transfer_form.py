"""The form on the Transfer page: a first visit, links, settings, what is submitted, and running again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from embedcore.errors import StorageProblem
from embedcore.library import BUNDLED, delete_vectors, save_vectors
from embedcore.runs import Run
from embedcore.runs.experiments import SplitAsked, config_of, texts_of
from embedcore.runs.record import TRANSFER
from embedcore.settings import Settings
from embedcore.transfer.config import CONVOLUTION, SCRATCH, STARTS, TransferConfig
from embedcore.transfer.expected import expected_seconds
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.samples import LABELLED_SAMPLES
from embedcore.ui import keys, resources, run_actions
from embedcore.ui.transfer_page import form, texts_choice
from embedcore.ui.words import duration
from embedcore.vectors import WordVectors
from tests import transfer_runs

from .conftest import PAGES, by_key, texts
from .transfer_form import (
    GOOD_AND_BAD,
    LEAKY_TEXT,
    USUAL,
    can_start,
    counted_by_hand,
    division,
    errors,
    first_texts,
    has,
    in_parts,
    lines,
    pairs,
    paste,
    press,
    shown,
    submitted,
    tiny,
    warnings,
)

pytestmark = pytest.mark.usefixtures("no_worker_starts")
OpenPage = Callable[..., AppTest]


# A first visit


def test_a_first_visit_needs_one_click(open_page: OpenPage, glove: WordVectors) -> None:
    at = open_page("transfer")
    assert not at.error
    assert "**300 texts** of **3 labels**: “health” 100, “housing” 100, “transport” 100." in shown(at)
    sample = LABELLED_SAMPLES["English"].texts()
    assert first_texts(at)["text"].tolist() == list(sample.texts[:8])
    assert first_texts(at)["label"].tolist() == [label for label, _ in pairs(sample)[:8]]
    # 30 % and 15 % of a hundred each
    each = [55, 15, 30]
    assert division(at) == {"health": each, "housing": each, "transport": each, "all together": [165, 45, 90]}
    assert division(at) == counted_by_hand(sample, SplitAsked(seed=1, validation=0.15, test=0.3))
    # Four sizes (200 is more than 4/5 of 165), three starts, three seeds
    assert "Start makes **36 fits**, on 20, 50, 100, 165 training texts: about " in shown(at)
    config, data = submitted(at)
    assert pairs(data) == pairs(sample)
    assert config.settings == TransferConfig(pretrained=BUNDLED)
    assert config.split == USUAL
    assert config.identity


@pytest.mark.parametrize(("sample", "word"), [("English", r"[a-z0-9]+(?:'[a-z0-9]+)*"), ("Korean", r"[가-힣a-z0-9]+")])
def test_how_much_a_set_knows_is_counted(
    open_page: OpenPage, home: Settings, glove: WordVectors, sample: str, word: str
) -> None:
    every = LABELLED_SAMPLES[sample].texts().texts
    words = Counter(found for text in every for found in re.findall(word, text.lower()))
    third = sorted(words)[::3]
    tiny(home, "every third", third)
    for name, known in ((BUNDLED, set(glove.tokens)), ("every third", set(third))):
        at = open_page("transfer", labelled=sample, vectors=name)
        there = {each for each in words if each in known}
        share = sum(words[each] for each in there) / sum(words.values())
        counts = f"{len(there):,} of the {len(words):,} different words."
        assert f"{name} knows {100 * share:.1f} % of all words in the texts**, {counts}" in shown(at)
        (lacking,) = [line for line in shown(at).split("\n") if line.startswith("The most frequent that it lacks")]
        named = lacking.removesuffix(", …").removesuffix(".").partition(": ")[2].split(", ")
        assert not known & set(named)
        counts_of_missing = sorted((count for each, count in words.items() if each not in known), reverse=True)
        assert [words[each] for each in named] == counts_of_missing[:12]
        assert (f"“{name}” knows none of the words" in warnings(at)) == (not there)
        assert ("so it can help only little" in warnings(at)) == (0 < share < 0.5)


def test_of_long_texts_the_first_are_read(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    every = LABELLED_SAMPLES["English"].texts().texts
    monkeypatch.setattr(texts_choice, "_READ_CHARACTERS", sum(map(len, every[:20])))
    words = {found for text in every[:20] for found in re.findall(r"[a-z0-9]+(?:'[a-z0-9]+)*", text.lower())}
    at = open_page("transfer")
    assert re.search(rf"of all words in the first of these texts\*\*, \d+ of the {len(words)} different", shown(at))
    assert len(submitted(at)[1]) == 300


def test_how_long_it_takes_is_told(open_page: OpenPage) -> None:
    at = open_page("transfer", model="convolution", seeds="9", starts=["scratch", "tuned"])
    every = LABELLED_SAMPLES["English"].texts().texts
    words = sum(len(re.findall(r"[a-z0-9]+(?:'[a-z0-9]+)*", text.lower())) for text in every) / 300
    config = TransferConfig(model=CONVOLUTION, seeds=9, starts=("scratch", "tuned"), pretrained=BUNDLED)
    seconds = expected_seconds(config, words, 165, 45, 90, 50, 3)
    assert seconds > 10
    assert f"training texts: about {duration(seconds)}, give or take half." in shown(at)


def test_other_sizes_make_other_fits(open_page: OpenPage) -> None:
    at = open_page("transfer", sizes=["20", "132", "133"], seeds="2", starts=["scratch", "tuned"])
    # 4/5 of 165 is 132, so 133 is passed over: 3 sizes, 2 starts, 2 seeds
    assert "Start makes **12 fits**, on 20, 132, 165 training texts" in shown(at)
    by_key(at, "multiselect", keys.SIZES).set_value([]).run()
    assert "Start makes **4 fits**, on 165 training texts" in shown(at)
    by_key(at, "multiselect", keys.STARTS).set_value(["frozen"])
    by_key(at, "number_input", keys.SEEDS).set_value(1).run()
    assert "Start makes **1 fit**, on 165 training texts" in shown(at)
    config, _ = submitted(at)
    assert (config.settings.sizes, config.settings.starts, config.settings.seeds) == ((), ("frozen",), 1)


def test_another_seed_and_other_shares_divide_otherwise(open_page: OpenPage) -> None:
    at = open_page("transfer")
    by_key(at, "number_input", keys.SPLIT_SEED).set_value(7)
    by_key(at, "number_input", keys.VALIDATION).set_value(20)
    by_key(at, "number_input", keys.TEST).set_value(25).run()
    assert division(at)["all together"] == [165, 60, 75]
    config, data = submitted(at)
    assert config.split == replace(USUAL, seed=7, validation=0.2, test=0.25)
    assert set(config.split.split(data).test) != set(SplitAsked(seed=1, validation=0.2, test=0.25).split(data).test)


def test_shares_that_leave_nothing_are_a_sentence(open_page: OpenPage) -> None:
    at = open_page("transfer", validation="50", test="50")
    assert "leave nothing to learn from" in errors(at)
    assert not can_start(at)
    by_key(at, "number_input", keys.TEST).set_value(30).run()
    assert not at.error
    assert can_start(at)


# Links


def test_a_link_says_all_that_is_submitted(open_page: OpenPage, home: Settings, glove: WordVectors) -> None:
    save_vectors("mine", WordVectors(["정말", "맛있어요"], np.eye(2, dtype=np.float32)), source="a test", settings=home)
    at = open_page(
        "transfer", texts="Sample", labelled="Korean", tokenizer="whitespace", vectors="mine", model="convolution",
        sizes=["30", "100"], seeds="2", starts=["tuned", "scratch"], validation="12.5", test="25", split_seed="9",
        fit_lr="0.01", fit_hidden="17", fit_batch="8", fit_word_dropout="0.1", fit_dropout="0.25", fit_min_count="2",
        fit_epochs="4", fit_patience="3", fit_seed="11",
    )  # fmt: skip
    assert not at.error
    assert "This link says" not in shown(at)
    config, data = submitted(at)
    assert pairs(data) == pairs(LABELLED_SAMPLES["Korean"].texts())
    assert config.settings == TransferConfig(
        model=CONVOLUTION, starts=("scratch", "tuned"), pretrained="mine", sizes=(30, 100), seeds=2, seed=11,
        hidden=17, word_dropout=0.1, dropout=0.25, lr=0.01, batch=8, epochs=4, patience=3, min_count=2,
        tokenizer="whitespace",
    )  # fmt: skip
    assert config.split == replace(USUAL, seed=9, validation=0.125, test=0.25)


BAD_LINKS: list[dict[str, Any]] = [
    {"texts": "Upload"}, {"labelled": "Nope"}, {"tokenizer": "x"}, {"vectors": "nowhere"}, {"model": "transformer"},
    {"sizes": ["20", "many"]}, {"sizes": "1"}, {"sizes": [str(size) for size in range(2, 23)]}, {"seeds": "0"},
    {"starts": ["scratch", "warm"]}, {"validation": "0"}, {"test": "51"}, {"split_seed": "-1"}, {"fit_lr": "nan"},
    {"fit_epochs": "2.5"}, {"fit_dropout": "1"}, {"fit_seed": "1e400"}, {"divide": "halves"},
    {"without_leaks": "maybe"}, {"fit_dim": "0"},
]  # fmt: skip


@pytest.mark.parametrize("link", BAD_LINKS, ids=lambda link: "-".join(link))
def test_a_link_with_a_value_that_cannot_be_is_told_and_dropped(open_page: OpenPage, link: dict[str, Any]) -> None:
    at = open_page("transfer", **link)
    ((name, value),) = link.items()
    values = value if isinstance(value, list) else [value]
    said = value if isinstance(value, str) else f"{len(values)} values"
    assert f"This link says {name}={said}, but it should be " in warnings(at)
    config, data = submitted(at)
    assert config.settings == TransferConfig(pretrained=BUNDLED)
    assert config.split == USUAL
    assert pairs(data) == pairs(LABELLED_SAMPLES["English"].texts())


def test_several_bad_values_are_told_together_and_the_good_ones_hold(open_page: OpenPage) -> None:
    at = open_page("transfer", fit_lr="x", model="**bold** <b>", fit_epochs="9")
    assert "This link says fit_lr=x" in warnings(at)
    assert r"\*\*bold\*\* \<b\>" in texts(at)
    settings = submitted(at)[0].settings
    assert (settings.lr, settings.model, settings.epochs) == (0.002, "average", 9)


def test_what_was_set_on_train_does_not_come_along(open_page: OpenPage) -> None:
    """Epochs of word vectors are not those of a classifier; and what was left empty there is no number here."""
    at = open_page("train")
    by_key(at, "number_input", keys.SETTING["epochs"]).set_value(7).run()
    at.switch_page(str(PAGES / "transfer.py")).run()
    assert not at.error
    assert "should be a whole number" not in warnings(at)
    assert can_start(at)
    assert by_key(at, "number_input", keys.FIT["epochs"]).value == TransferConfig().epochs


def test_what_was_set_here_does_not_come_along_to_train(open_page: OpenPage) -> None:
    at = open_page("transfer")
    by_key(at, "number_input", keys.FIT["epochs"]).set_value(7).run()
    at.switch_page(str(PAGES / "train.py")).run()
    assert not at.error
    fresh = {box.key: box.value for box in open_page("train").number_input}
    assert {box.key: box.value for box in at.number_input} == fresh


# Settings


@pytest.mark.parametrize("size", ["many", "1", "-5", "2.5", "1e3", "99999999999999999999", "**x** <b>"])
def test_a_size_that_is_none_is_one_sentence(open_page: OpenPage, size: str) -> None:
    at = open_page("transfer")
    by_key(at, "multiselect", keys.SIZES).set_value(["20", size]).run()
    assert not at.exception
    assert len(at.error) == 1
    assert f"Training texts to try are whole numbers from 2 on, at most 20 of them: not “{size}”." in errors(at)
    assert r"\*\*x" in at.error[0].value or "*" not in size
    assert not can_start(at)
    by_key(at, "multiselect", keys.SIZES).set_value(["20", " 30 "]).run()
    assert submitted(at)[0].settings.sizes == (20, 30)


def test_without_a_start_there_is_nothing_to_compare(open_page: OpenPage) -> None:
    at = open_page("transfer")
    by_key(at, "multiselect", keys.STARTS).set_value([]).run()
    assert "Choose at least one start to compare, under More settings." in warnings(at)
    assert by_key(at, "button", keys.START_EXPERIMENT).disabled
    assert "Start makes" not in shown(at)


def test_from_scratch_alone_needs_no_set_and_takes_another_dim(open_page: OpenPage) -> None:
    at = open_page("transfer")
    assert by_key(at, "number_input", keys.FIT["dim"]).disabled
    by_key(at, "multiselect", keys.STARTS).set_value(["scratch"]).run()
    assert not by_key(at, "number_input", keys.FIT["dim"]).disabled
    by_key(at, "number_input", keys.FIT["dim"]).set_value(12).run()
    assert "Start makes **12 fits**" in shown(at)  # four sizes, three seeds
    config, _ = submitted(at)
    assert config.settings == TransferConfig(starts=(SCRATCH,), dim=12, pretrained=None)
    assert config.identity == ""


def test_a_dim_does_not_hold_when_others_are_compared(open_page: OpenPage) -> None:
    at = open_page("transfer", starts="scratch", fit_dim="12")
    assert by_key(at, "number_input", keys.FIT["dim"]).value == 12
    by_key(at, "multiselect", keys.STARTS).set_value([*STARTS]).run()
    assert can_start(at)
    assert submitted(at)[0].settings == TransferConfig(pretrained=BUNDLED)


def test_without_a_set_only_scratch_can_be_started(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "usable_sets", dict)
    at = open_page("transfer")
    assert "There is no vector set in the library that can be opened." in errors(at)
    assert "Frozen and tuned start from a vector set." in warnings(at)
    assert not can_start(at)
    by_key(at, "multiselect", keys.STARTS).set_value(["scratch"]).run()
    assert submitted(at)[0].settings == TransferConfig(starts=(SCRATCH,))


def test_an_empty_list_of_sizes_in_a_link_is_all_texts(open_page: OpenPage) -> None:
    assert submitted(open_page("transfer", sizes=""))[0].settings.sizes == ()


def test_a_set_that_was_deleted_meanwhile_is_told(open_page: OpenPage, home: Settings) -> None:
    tiny(home, "세트_1")
    at = open_page("transfer", vectors="세트_1")
    assert by_key(at, "selectbox", keys.VECTORS).value == "세트_1"
    delete_vectors("세트_1", settings=home)
    at.run()
    assert not at.exception
    assert r"The vector set 세트\_1 is no longer in the library. Choose another one." in texts(at)
    assert by_key(at, "selectbox", keys.VECTORS).value == BUNDLED
    assert submitted(at)[0].settings.pretrained == BUNDLED


def test_a_set_that_is_deleted_just_before_start_is_left_to_the_worker(open_page: OpenPage, home: Settings) -> None:
    tiny(home)
    at = open_page("transfer", vectors="tiny")
    delete_vectors("tiny", settings=home)
    assert submitted(at)[0].settings.pretrained == "tiny"


def test_a_set_that_knows_no_word_warns(open_page: OpenPage, home: Settings) -> None:
    tiny(home)
    at = open_page("transfer", vectors="tiny")
    assert "tiny knows 0.0 % of all words in the texts**, 0 of the 958 different words." in shown(at)
    assert "“tiny” knows none of the words, so frozen and tuned start as blind as from scratch." in warnings(at)
    assert "less than half" not in warnings(at)
    assert can_start(at)
    assert by_key(at, "number_input", keys.FIT["dim"]).placeholder == "3 (as the set has)"


def test_a_set_that_was_replaced_is_looked_at_anew(open_page: OpenPage, home: Settings) -> None:
    tiny(home)
    at = open_page("transfer", vectors="tiny")
    delete_vectors("tiny", settings=home)
    tiny(home, words=("the", "a", "of"))
    at.run()
    assert "tiny knows 0.0 %" not in shown(at)
    assert "3 of the 958 different words" in shown(at)


# Start


def test_start_pressed_twice_is_one_run_and_another_form_is_another(open_page: OpenPage) -> None:
    at = open_page("transfer")
    button = by_key(at, "button", keys.START_EXPERIMENT)
    button.click().run()
    button.click().run()  # of the page as it was: the second click of two
    assert resources.runs().count(kinds=(TRANSFER,)) == 1
    first = resources.runs().recent(1, kinds=(TRANSFER,))[0]
    assert at.query_params[keys.RUN] in (first.id, [first.id])
    del at.query_params[keys.RUN]  # as the browser's Back does
    at.switch_page(str(PAGES / "transfer.py")).run()
    by_key(at, "number_input", keys.SEEDS).set_value(1).run()
    second = press(at)
    assert second.id != first.id
    assert (config_of(first).settings.seeds, config_of(second).settings.seeds) == (3, 1)


def test_a_run_that_cannot_be_written_is_a_sentence_and_can_be_started_again(
    open_page: OpenPage, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **named: object) -> Run:
        raise StorageProblem("The disk is *full*.")

    at = open_page("transfer")
    with monkeypatch.context() as patch:
        patch.setattr(form, "submit_experiment", full)
        by_key(at, "button", keys.START_EXPERIMENT).click().run()
    assert "The disk is *full*." in errors(at)
    assert r"\*full\*" in at.error[0].value
    assert press(at).kind == TRANSFER


# Run again


@pytest.fixture
def again(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], AppTest]:
    """Choose “Run again with other settings” on the page of a run, whose menu AppTest shows as a list."""

    def menu_button(label: str, options: list[str], *, key: str, on_click: Any, args: Any, **_: Any) -> None:
        st.selectbox(label, options, index=None, key=key, on_change=on_click, args=args)

    monkeypatch.setattr(st, "menu_button", menu_button)

    def choose(run_id: str) -> AppTest:
        at = open_page("transfer", run=run_id)
        by_key(at, "selectbox", f"{keys.ACTIONS}_{run_id}").set_value(run_actions.AGAIN).run()
        assert not at.exception
        assert not at.error
        assert keys.RUN not in at.query_params
        return at

    return choose


OTHERWISE = TransferConfig(
    model=CONVOLUTION, starts=("frozen", "scratch"), pretrained="mine", sizes=(15, 50), seeds=2, seed=4, hidden=9,
    word_dropout=0.15, dropout=0.35, lr=0.01, batch=16, epochs=7, patience=2, min_count=3, tokenizer="whitespace",
)  # fmt: skip


def test_a_sample_is_run_again_with_its_settings(again: Callable[[str], AppTest], home: Settings) -> None:
    tiny(home, "mine")
    split = SplitAsked(seed=6, validation=0.125, test=0.25, without_leaks=True)
    korean = LABELLED_SAMPLES["Korean"].texts()
    folder = transfer_runs.waiting(home, korean, OTHERWISE, split)
    at = again(folder.id)
    assert by_key(at, "radio", keys.LABELLED_FROM).value == "Sample"
    assert by_key(at, "radio", keys.LABELLED_SAMPLE).value == "Korean"
    run = press(at)
    config = config_of(run)
    assert run.id != folder.id
    assert {**vars(config.settings), "starts": set(config.settings.starts)} == {
        **vars(OTHERWISE), "starts": {"frozen", "scratch"},
    }  # fmt: skip
    assert config.split == split
    assert config.identity == config_of(folder.run).identity
    assert pairs(texts_of(resources.runs().folder(run.id))) == pairs(korean)


def test_pasted_texts_are_run_again(again: Callable[[str], AppTest], open_page: OpenPage) -> None:
    pasting = paste(open_page("transfer", texts="Paste"), LEAKY_TEXT)
    by_key(pasting, "number_input", keys.SPLIT_SEED).set_value(3).run()
    first = press(pasting)
    at = again(first.id)
    assert by_key(at, "radio", keys.LABELLED_FROM).value == "Paste"
    assert by_key(at, "toggle", keys.WITHOUT_LEAKS).value is True
    second = press(at)
    assert second.id != first.id
    assert config_of(second) == config_of(first)
    one, two = (texts_of(resources.runs().folder(run.id)) for run in (first, second))
    assert pairs(one) == pairs(two)
    assert one.parts == two.parts


def test_long_texts_are_run_again(again: Callable[[str], AppTest], home: Settings) -> None:
    long = [f"{text} " + "so " * 200 for _, text in GOOD_AND_BAD]
    data = LabelledTexts.of(long, [label for label, _ in GOOD_AND_BAD])
    settings = TransferConfig(starts=(SCRATCH,), dim=7, sizes=())
    at = again(transfer_runs.waiting(home, data, settings, SplitAsked(validation=0.15, test=0.3)).id)
    assert has(at, "button", keys.CHANGE_LABELLED)
    config, texts_then = submitted(at)
    assert config.settings == settings
    assert pairs(texts_then) == pairs(data)


def test_a_set_that_is_gone_is_told_when_run_again(again: Callable[[str], AppTest], home: Settings) -> None:
    tiny(home, "mine")
    folder = transfer_runs.waiting(home, settings=OTHERWISE)
    delete_vectors("mine", settings=home)
    at = again(folder.id)
    assert "The vector set mine is no longer in the library." in warnings(at)
    assert submitted(at)[0].settings.pretrained == BUNDLED


def test_other_texts_after_run_again_leave_their_leaks_out(again: Callable[[str], AppTest], home: Settings) -> None:
    """An experiment without a leak had nothing to leave out; that says nothing of texts that have some."""
    at = again(transfer_runs.waiting(home, split=USUAL).id)
    by_key(at, "radio", keys.LABELLED_FROM).set_value("Paste").run()
    paste(at, LEAKY_TEXT)
    by_key(at, "radio", keys.DIVIDE).set_value("parts").run()
    assert by_key(at, "toggle", keys.WITHOUT_LEAKS).value is True


def test_marked_texts_after_run_again_are_divided_as_they_say(again: Callable[[str], AppTest], home: Settings) -> None:
    at = again(transfer_runs.waiting(home, split=USUAL).id)
    by_key(at, "radio", keys.LABELLED_FROM).set_value("Paste").run()
    paste(at, "split\tlabel\ttext\n" + lines(in_parts(36, 10, 14)))
    assert by_key(at, "radio", keys.DIVIDE).value == "parts"
