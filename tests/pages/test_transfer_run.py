"""One experiment on the Transfer page: how far it is, the answer, the chart, the table, and the ways to it."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from embedcore import settings as settings_module
from embedcore.figures_transfer import NAMES
from embedcore.runs import Run, RunFolder, experiments, new_run_id
from embedcore.runs.experiments import ABOUT, FITS, SplitAsked
from embedcore.runs.folder import FAILED, FINISHED, INTERRUPTED, QUEUED, RUNNING, STOPPED
from embedcore.runs.record import TRAIN, TRANSFER
from embedcore.settings import Settings
from embedcore.storage import write_json
from embedcore.transfer.about import About
from embedcore.transfer.answers import answer
from embedcore.transfer.config import FROZEN, SCRATCH, TUNED, TransferConfig
from embedcore.transfer.coverage import Coverage
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.leads import ACCURACY
from embedcore.transfer.order import tasks_of
from embedcore.transfer.results import Fitted, Task
from embedcore.transfer.samples import LABELLED_SAMPLES
from embedcore.ui import keys, resources, run_actions
from embedcore.ui.transfer_page import findings, table
from tests import transfer_runs

from .conftest import by_key, echarts, echarts_table, texts

OpenPage = Callable[..., AppTest]
SPLIT = SplitAsked(validation=0.15, test=0.3)
NONE_AT_ALL = "None yet. What you try shows up here"


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory, glove_home: Path) -> Path:
    """The folder of an experiment that was really made, to be copied."""
    home = settings_module.load({"EMBEDCORE_HOME": str(tmp_path_factory.mktemp("experiment") / "home")})
    shutil.copytree(glove_home / "cache", home.cache_dir, dirs_exist_ok=True)
    return transfer_runs.finished(home).path


def copied(real: Path, home: Settings) -> RunFolder:
    shutil.copytree(real, home.runs_dir / real.name)
    return RunFolder(home.runs_dir, real.name)


def made_up(
    home: Settings,
    *,
    done: int | None = None,
    state: str = FINISHED,
    data: LabelledTexts | None = None,
    settings: TransferConfig = transfer_runs.SMALL,
    right: Callable[[Task], float] = lambda task: 0.5 + 0.1 * (task.start == FROZEN) + task.size / 1_000,
    notes: tuple[str, ...] = (),
) -> RunFolder:
    """An experiment whose first `done` fits (None: all) answer as many test texts rightly as `right` says."""
    data = data or LABELLED_SAMPLES["English"].texts()
    folder = transfer_runs.waiting(home, data, settings, SPLIT)
    split = SPLIT.split(data)
    labels, classes = data.labels[split.test], len(data.classes)
    sizes = tuple(settings.sizes_of(len(split.train)))
    known = Coverage(1_000, 900, 5_000, 4_800, ("its*", "한글")) if settings.pretrained else None
    about = About(data.classes, experiments.counts_of(data, split), labels, sizes, known, notes)
    write_json(folder.path / ABOUT, about.to_json())
    tasks = tasks_of(settings, len(split.train))
    write_fits(folder, [a_fit(task, labels, classes, right(task)) for task in tasks[:done]])
    folder.update(state=state, started=1.0, ended=None if state in (QUEUED, RUNNING) else 2.0)
    return folder


def a_fit(task: Task, labels: np.ndarray[Any, Any], classes: int, right: float) -> Fitted:
    wrong = round((1 - right) * len(labels))
    answers = labels.copy()
    answers[:wrong] = (answers[:wrong] + 1) % classes
    return Fitted(task, answers, float((answers == labels).mean()), 0.5, 0.6, 40, 20, 5_302, 100, 0.25)


def write_fits(folder: RunFolder, fits: Iterable[Fitted]) -> None:
    lines = "".join(json.dumps(fitted.to_json()) + "\n" for fitted in fits)
    (folder.path / FITS).write_text(lines, encoding="utf-8")


def links(at: AppTest) -> list[str]:
    return [link.proto.label for link in at.get("page_link")]


def warnings(at: AppTest) -> str:
    return "\n".join(str(warning.value) for warning in at.warning)


def frame(at: AppTest, *columns: str) -> Any:
    return next(each.value for each in at.dataframe if set(columns) <= set(each.value.columns))


def test_a_real_experiment_shows_its_answer_and_its_numbers(open_page: OpenPage, home: Settings, real: Path) -> None:
    folder = copied(real, home)
    at = open_page("transfer", run=folder.id)
    assert not at.exception
    assert not at.error
    lines = [json.loads(line) for line in (folder.path / FITS).read_text().splitlines()]
    assert "All 18 fits" in texts(at)
    about = experiments.about_of(folder)
    assert about is not None
    said = answer(experiments.fits_of(folder), about.test_labels, len(about.classes)).sentences
    shown = texts(at).replace("\\", "")
    assert all(sentence in shown for sentence in said)
    # The chart and the table have the means of what is in the file, worked out without our arithmetic.
    plotted = echarts_table(at, keys.TRANSFER_CHART).set_index("size")
    rows = frame(at, "texts", "frozen").set_index("texts")
    for start, name in NAMES.items():
        for size in about.sizes:
            found = [
                line["accuracy"] for line in lines if line["task"]["start"] == start and line["task"]["size"] == size
            ]
            assert len(found) == 2
            assert plotted.loc[f"{size:,}", start] == pytest.approx(100 * np.mean(found), abs=0.01)
            assert plotted.loc[f"{size:,}", f"{start} low"] == pytest.approx(100 * min(found), abs=0.01)
            ends = f"({100 * min(found):.1f} to {100 * max(found):.1f})"
            assert rows.loc[size, name] == f"{100 * np.mean(found):.1f} %  {ends}"
    costs = frame(at, "numbers that learn").set_index("start")
    trained = [line["trained"] for line in lines if line["task"]["start"] == "frozen"]
    assert len(set(trained)) == 1  # the head alone
    assert costs.loc["frozen", "numbers that learn"] == f"{trained[0]:,}"
    texts_told = frame(at, "text", "label")
    assert texts_told["text"].tolist() == list(LABELLED_SAMPLES["English"].texts().texts[:8])


def test_the_file_has_every_digit(home: Settings) -> None:
    found = findings._read(made_up(home))
    rows = list(csv.DictReader(io.StringIO(table.as_csv(found.points, found.leads).decode("utf-8"))))
    assert [(row["start"], int(row["size"])) for row in rows] == [(point.start, point.size) for point in found.points]
    assert [float(row["accuracy"]) for row in rows] == [point.accuracy for point in found.points]
    frozen = next(row for row in rows if row["start"] == "frozen")
    assert float(frozen["ahead"]) == next(lead.ahead for lead in found.leads[ACCURACY] if lead.start == "frozen")
    assert rows[0]["ahead"] == ""  # from scratch: over itself


def test_while_it_goes_on_it_shows_what_there_is(open_page: OpenPage, home: Settings) -> None:
    folder = made_up(home, done=7, state=RUNNING)
    folder.append_metric({"phase": "fitting", "share": 0.4, "phase_share": 0.4, "time": 0.0, "seconds_left": 5.0})
    at = open_page("transfer", run=folder.id)
    shown = texts(at)
    assert "So far: this rests on the 7 fits" in shown
    bar = at.get("progress")[0].proto
    assert (bar.value, bar.text) == (40, "7 of 18 fits · now frozen on 50 texts, seed 1")
    plotted = echarts_table(at, keys.TRANSFER_CHART)
    assert plotted["scratch"].notna().sum() == 2
    assert plotted["frozen"].notna().sum() == 1
    assert len(plotted) == 3  # the frame is as wide as it will be
    by_key(at, "button", keys.STOP).click().run()
    assert folder.should_stop()
    assert "Stopping, and keeping" in texts(at)
    assert not [button for button in at.button if button.key == keys.STOP]


@pytest.mark.parametrize(
    ("state", "done", "says"),
    [
        (STOPPED, 5, "Resume makes the others"),
        (STOPPED, 0, "before the first fit"),
        (INTERRUPTED, 5, "5 of 18 fits are done"),
        (FAILED, 5, "5 of 18 fits are done"),
        (QUEUED, 0, "The workers are starting"),
        (QUEUED, 5, "5 of 18 fits are done"),  # resumed
        (RUNNING, 0, "0 of 18 fits · now from scratch on 20 texts, seed 1"),
    ],
)
def test_every_state_has_its_page(open_page: OpenPage, home: Settings, state: str, done: int, says: str) -> None:
    folder = made_up(home, done=done, state=state)
    at = open_page("transfer", run=folder.id)
    assert not at.exception
    shown = texts(at) + "".join(bar.proto.text for bar in at.get("progress"))
    assert says in shown
    assert echarts(at, keys.TRANSFER_CHART)["xAxis"]["data"] == ["20", "50", "165"]
    menu = next(element for element in at.get("menu_button") if folder.id in element.proto.id)
    offered = list(menu.proto.options)
    assert (run_actions.RESUME in offered) == (state in (STOPPED, INTERRUPTED, FAILED))
    assert offered[-3:] == [run_actions.AGAIN, run_actions.RENAME, run_actions.DELETE]
    assert run_actions.COMPARE not in offered


def test_before_a_worker_has_looked_at_it_there_is_an_empty_frame(open_page: OpenPage, home: Settings) -> None:
    folder = transfer_runs.waiting(home)
    at = open_page("transfer", run=folder.id)
    assert not at.exception
    assert "The answer stands here" in texts(at)
    assert echarts(at, keys.TRANSFER_CHART)["xAxis"]["data"] == ["20", "50"]


def test_a_worker_that_reads_the_texts_says_so(open_page: OpenPage, home: Settings) -> None:
    folder = transfer_runs.waiting(home)
    folder.update(state=RUNNING, started=1.0)
    assert open_page("transfer", run=folder.id).get("progress")[0].proto.text == "Reading the texts"


def test_what_failed_is_told_in_its_words(open_page: OpenPage, home: Settings) -> None:
    folder = made_up(home, done=0, state=FAILED)
    folder.update(error="“glove” was *replaced* after this experiment was asked for.")
    assert r"\*replaced\*" in open_page("transfer", run=folder.id).error[0].value


def test_the_answer_rests_on_coverage_and_notes(open_page: OpenPage, home: Settings) -> None:
    folder = made_up(home, notes=("3 of the 90 test texts are also in training, such as “*a*”.",))
    at = open_page("transfer", run=folder.id)
    shown = texts(at).replace("\\", "")
    assert "glove.6B.50d knows 96.0 % of all words in the texts (900 of the 1,000 different words)" in shown
    assert "“its*”, “한글”" in shown
    assert r"“\*a\*”" in warnings(at)


def test_uneven_labels_show_macro_f1_first_and_a_link_shows_accuracy(open_page: OpenPage, home: Settings) -> None:
    sample = LABELLED_SAMPLES["English"].texts()
    names = [sample.classes[label] for label in sample.labels]
    data = LabelledTexts.of(sample.texts, ["rare" if name == "health" else "usual" for name in names][::-1])
    folder = made_up(home, data=data)
    at = open_page("transfer", run=folder.id)
    assert by_key(at, "radio", keys.MEASURE).value == "Macro-F1"
    assert "by macro-F1" in texts(at).replace("\\", "")
    found = findings._read(folder)
    point = found.points[0]
    assert point.macro_f1 != point.accuracy
    assert echarts_table(at, keys.TRANSFER_CHART)["scratch"].iloc[0] == pytest.approx(100 * point.macro_f1, abs=0.01)
    (line,) = echarts(at, keys.TRANSFER_CHART)["series"][-1]["markLine"]["data"]
    assert line["yAxis"] == pytest.approx(40, abs=1)  # F1 of "usual" is 0.8, that of "rare" 0
    at = open_page("transfer", run=folder.id, measure="Accuracy")
    assert by_key(at, "radio", keys.MEASURE).value == "Accuracy"
    assert echarts_table(at, keys.TRANSFER_CHART)["scratch"].iloc[0] == pytest.approx(100 * point.accuracy, abs=0.01)


def test_a_link_with_wrong_values_is_told(open_page: OpenPage, home: Settings) -> None:
    folder = made_up(home)
    at = open_page("transfer", run=folder.id, measure="F2")
    assert "measure=F2" in warnings(at)
    assert not at.exception
    at = open_page("transfer", run=folder.id, mixed="thawed", mixed_at="7")
    assert "mixed=thawed" in warnings(at)
    assert by_key(at, "selectbox", keys.MIXED_SIZE).value == "largest"


def test_one_start_alone_has_nothing_to_compare(open_page: OpenPage, home: Settings) -> None:
    settings = TransferConfig(starts=(SCRATCH,), sizes=(20,), seeds=1)
    at = open_page("transfer", run=made_up(home, settings=settings, data=LABELLED_SAMPLES["Korean"].texts()).id)
    assert "Only training from scratch was asked for" in texts(at)
    assert echarts(at, keys.TRANSFER_CHART)["legend"]["data"] == ["from scratch"]
    assert "no vector set" in texts(at)


def test_without_training_from_scratch_there_is_nothing_to_compare_with(open_page: OpenPage, home: Settings) -> None:
    settings = replace(transfer_runs.SMALL, starts=(FROZEN, TUNED), seeds=1)
    at = open_page("transfer", run=made_up(home, settings=settings).id)
    assert "Training from scratch was not asked for" in texts(at)
    assert frame(at, "texts").columns.tolist() == ["texts", "frozen", "tuned"]


def test_which_labels_and_which_texts_are_mixed_up(open_page: OpenPage, home: Settings) -> None:
    data = LABELLED_SAMPLES["Korean"].texts()
    folder = made_up(home, data=data, right=lambda task: 0.8 if task.seed == 1 else 0.9)
    at = open_page("transfer", run=folder.id, mixed="frozen", mixed_at="50")
    assert by_key(at, "radio", keys.MIXED_START).value == "frozen"
    labels = data.labels[SPLIT.split(data).test]
    cells = echarts_table(at, keys.MIXED_CHART)
    wrong = [round(0.2 * len(labels)), round(0.1 * len(labels))]
    for label, name in enumerate(data.classes):
        mistaken = sum(int((labels[:count] == label).sum()) for count in wrong)
        cell = cells[(cells["own"] == name) & (cells["answered"] != name)]["told"].item()
        assert cell.startswith(f"{mistaken} times")
    shown = texts(at)
    first = SPLIT.split(data).test[0]
    assert data.texts[first].split()[0] in shown
    assert (
        f"**{data.classes[data.labels[first]]}**, answered **{data.classes[1 - data.labels[first]]}**, by 2 of 2"
        in shown
    )
    assert f"{wrong[1]} test texts of {len(labels)} get another label in every fit" in shown


def test_many_labels_are_a_list_of_mistakes(open_page: OpenPage, home: Settings) -> None:
    data = LabelledTexts.of([f"word{i} text" for i in range(200)], [f"*label* {i % 20}" for i in range(200)])
    settings = replace(transfer_runs.SMALL, sizes=())
    at = open_page("transfer", run=made_up(home, data=data, settings=settings).id)
    mistakes = frame(at, "own label", "answered")
    assert len(mistakes) == 10
    assert (mistakes["own label"] != mistakes["answered"]).all()
    assert r"\*label\*" in texts(at)


@pytest.mark.parametrize("name", [ABOUT, FITS])
def test_a_damaged_file_is_a_sentence(open_page: OpenPage, home: Settings, name: str) -> None:
    folder = made_up(home)
    (folder.path / name).write_bytes(b'{"task": 1}\n\x00\xff{"cut')
    at = open_page("transfer", run=folder.id)
    assert not at.exception
    assert "More" in [menu.proto.label for menu in at.get("menu_button")]


def test_fits_are_read_again_only_when_there_are_more(
    open_page: OpenPage, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, read = made_up(home, done=4, state=RUNNING), []
    fits_of = experiments.fits_of
    monkeypatch.setattr(experiments, "fits_of", lambda folder: read.append(1) or fits_of(folder))
    at = open_page("transfer", run=folder.id)
    at.run()
    assert len(read) == 1
    more = findings._read(made_up(home, done=5)).fits
    with (folder.path / FITS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(more[-1].to_json()) + "\n")
    read.clear()
    at.run()
    assert len(read) == 1
    assert "5 of 18 fits" in at.get("progress")[0].proto.text


def test_the_list_and_home_have_it(open_page: OpenPage, home: Settings) -> None:
    at = open_page("transfer")
    assert NONE_AT_ALL in texts(at)
    folder = made_up(home)
    folder.rename("Which *reviews*?")
    at = open_page("transfer")
    assert r"Which \*reviews\*?" in links(at)
    shown = texts(at).replace("\\", "")
    assert "glove.6B.50d · 18 fits · With" in shown
    at = open_page("home")
    (link,) = [one for one in at.get("page_link") if one.proto.label == r"Which \*reviews\*?"]
    assert link.proto.page == "transfer"
    assert "experiment, " in texts(at)
    assert "Do I need pre\\-trained" not in texts(at)
    assert r"Which \*reviews\*?" not in links(open_page("train"))


@pytest.mark.parametrize("page", ["train", "map", "library"])
def test_its_link_on_another_page_leads_on(open_page: OpenPage, home: Settings, page: str) -> None:
    folder = made_up(home)
    at = open_page(page, run=folder.id)
    assert not at.exception
    assert not at.error
    ways = [link.proto for link in at.get("page_link") if link.proto.page == "transfer"]
    assert [folder.id in way.query_string for way in ways].count(True) == 1


def test_the_link_of_another_run_leads_on_from_here(open_page: OpenPage, home: Settings) -> None:
    run = Run(new_run_id(), TRAIN, "A *text*", {}, state=FINISHED, created=1.0)
    RunFolder.create(home.runs_dir, run, "text")
    at = open_page("transfer", run=run.id)
    assert "trains vectors on a text" in texts(at)
    assert "To this training" in links(at)
    assert not at.error


@pytest.mark.parametrize("run", ["gone", "0" * 20, "../../x", "한글"])
def test_a_link_that_leads_nowhere_is_a_sentence(open_page: OpenPage, run: str) -> None:
    at = open_page("transfer", run=run)
    assert not at.exception
    assert at.error


def choose(at: AppTest, folder: RunFolder, action: str) -> AppTest:
    """Choose from the run's menu, which AppTest cannot press; before every run, which closes dialogs there."""
    at.session_state[run_actions._WANTED] = (folder.id, action)
    return at.run()


def test_it_is_renamed_and_deleted(open_page: OpenPage, home: Settings) -> None:
    folder = made_up(home)
    at = choose(open_page("transfer", run=folder.id), folder, run_actions.RENAME)
    by_key(at, "text_input", keys.NAME).set_value("영화 평")
    by_key(at, "button", keys.RENAME).click()
    choose(at, folder, run_actions.RENAME)
    assert folder.run.name == "영화 평"
    at = choose(open_page("transfer", run=folder.id), folder, run_actions.DELETE)
    by_key(at, "button", keys.DELETE).click()
    choose(at, folder, run_actions.DELETE)
    assert not folder.exists()
    assert resources.runs().count(kinds=(TRANSFER,)) == 0


def test_a_label_is_never_read_as_markdown(open_page: OpenPage, home: Settings) -> None:
    sample = LABELLED_SAMPLES["English"].texts()
    ugly: Sequence[str] = ("**a** $x$", ":red[b] <script>", "![c](http://x.y)")
    data = LabelledTexts.of(sample.texts, [ugly[label] for label in sample.labels])
    at = open_page("transfer", run=made_up(home, data=data).id)
    shown = "\n".join(str(element.value) for element in [*at.markdown, *at.caption, *at.header, *at.warning])
    assert r"\*\*a\*\* \$x\$" in shown
    assert "$x$" not in shown
    assert ":red[" not in shown
    assert "![c]" not in shown


def test_embedded_there_is_the_answer_alone(
    open_page: OpenPage, home: Settings, real: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(real, home)
    whole = open_page("transfer", run=folder.id)
    (line,) = [block.value for block in whole.code if "<iframe" in block.value]
    assert f"run={folder.id}&amp;embed=true" in line
    assert 'width="700" height="1500" title="Experiment, from the embedding dashboard"' in line
    monkeypatch.setattr(type(st.context), "is_embedded", property(lambda _: True))  # AppTest has no browser to say so
    at = open_page("transfer", run=folder.id, measure="Macro-F1")
    assert not at.title
    assert [header.value for header in at.header] == [header.value for header in whole.header][:2]  # name and answer
    assert echarts(at, keys.TRANSFER_CHART)
    assert not [button for button in at.button if button.key == keys.NEW_RUN]
    assert not at.get("menu_button")
    (out,) = [str(each.value) for each in at.markdown if "Open in the dashboard" in str(each.value)]
    assert f"?run={folder.id}&measure=Macro-F1)" in out
