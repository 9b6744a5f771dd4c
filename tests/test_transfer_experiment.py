"""The experiment: which fits, in which order, resumed and stopped, and how long is left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from embedcore.errors import BadSetting, TrainingProblem
from embedcore.transfer.config import FROZEN, SCRATCH, SIZES, STARTS, TUNED, TransferConfig
from embedcore.transfer.experiment import Experiment, Progress, seconds_left
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.results import Fitted, Task
from embedcore.transfer.splitting import Split, split_texts
from tests.transfer_texts import labelled, vectors

CONFIG = TransferConfig(pretrained="clouds", hidden=8, epochs=2, sizes=(10, 40), seeds=2)


def experiment(config: TransferConfig = CONFIG, **given: object) -> Experiment:
    data = labelled()
    return Experiment(data, split_texts(data, validation=0.2, test=0.3), config, vectors(), **given)  # type: ignore[arg-type]


def plain(made: Experiment) -> dict[Task, dict[str, object]]:
    """What was found, but for the time it took."""
    return {task: {**fitted.to_json(), "seconds": 0} for task, fitted in made.finished.items()}


@pytest.fixture(scope="module")
def whole() -> tuple[Experiment, list[Progress]]:
    made, told = experiment(), []
    assert made.run(on_progress=told.append) == "finished"
    return made, told


def test_all_fits_in_order(whole: tuple[Experiment, list[Progress]]) -> None:
    made, told = whole
    sizes = [10, 40, 120]
    expected = [Task(start, size, seed) for size in sizes for seed in (1, 2) for start in STARTS]
    assert made.tasks() == expected
    assert [each.fitted.task for each in told] == expected == list(made.finished)
    assert [each.done for each in told] == list(range(1, 19))
    assert {each.total for each in told} == {18}
    assert told[-1].seconds_left == 0
    assert all(each.seconds_left > 0 for each in told[:-1])


def test_a_stopped_experiment_ends_as_one_that_was_not(whole: tuple[Experiment, list[Progress]]) -> None:
    told: list[Progress] = []
    part = experiment()
    assert part.run(on_progress=told.append, should_stop=lambda: len(told) == 7) == "stopped"
    assert len(part.finished) == 7
    kept = {task: Fitted.from_json(fitted.to_json()) for task, fitted in part.finished.items()}
    rest, later = experiment(finished=kept), []
    assert rest.run(on_progress=later.append) == "finished"
    assert [each.done for each in later] == list(range(8, 19))
    assert plain(rest) == plain(whole[0])


def test_a_stop_within_a_fit_drops_it() -> None:
    asked: list[int] = []
    made = experiment()
    assert made.run(should_stop=lambda: len(asked) > 1 or bool(asked.append(1))) == "stopped"
    assert not made.finished


def test_models_are_handed_out(whole: tuple[Experiment, list[Progress]]) -> None:
    seen = []
    made = experiment(replace(CONFIG, seeds=1, sizes=()))
    made.run(on_learned=lambda learned: seen.append((learned.fitted.task, learned.model)))
    assert [task.start for task, _ in seen] == list(STARTS)
    again = made.learn(Task(TUNED, 120, 1))
    assert again is not None
    weight = again.model.embedding.weight.detach().numpy()
    assert weight.tobytes() == seen[2][1].embedding.weight.detach().numpy().tobytes()
    assert again.fitted.accuracy == whole[0].finished[Task(TUNED, 120, 1)].accuracy  # the order does not matter


def test_training_texts_of_a_seed_are_nested_and_the_tests_are_not_among_them() -> None:
    made = experiment()
    for seed in (1, 2):
        small, middle, full = (set(made.training_texts(size, seed).tolist()) for size in (10, 40, 120))
        assert small < middle < full == set(made.split.train.tolist())
        assert not full & {*made.split.test.tolist(), *made.split.validation.tolist()}
    assert made.training_texts(40, 1).tolist() != made.training_texts(40, 2).tolist()


@pytest.mark.parametrize("start", STARTS)
def test_the_vocabulary_is_of_the_training_texts_and_the_set(start: str) -> None:
    made = experiment()
    texts = made.texts(Task(start, 10, 1))
    training = {word for place in texts.training.tolist() for word in made.data.texts[place].split()}
    words = set(texts.encoded.vocab.words)
    assert set(texts.encoded.vocab.words[: texts.encoded.trained - 2]) == training
    assert all(word in vectors() for word in words - training)
    assert (words == training) is (start == SCRATCH)


def test_sizes() -> None:
    config = TransferConfig(pretrained="x")
    assert config.sizes_of(8_530) == [*SIZES, 8_530]
    assert config.sizes_of(130) == [20, 50, 100, 130]
    assert config.sizes_of(55) == [20, 55]
    assert config.sizes_of(5) == [5]


# Time left


def done(start: str, size: int, seconds: float, steps: int = 100) -> Fitted:
    return Fitted(Task(start, size, 1), np.zeros(1, np.int64), 0, 0, 0, steps, 1, 1, 1, seconds)


def left(fits: list[Fitted], *tasks: Task) -> float:
    return seconds_left(fits, tasks, batch=50)


def test_time_left() -> None:
    fits = [done(SCRATCH, 100, 1.0), done(SCRATCH, 1_000, 10.0), done(FROZEN, 100, 4.0)]
    assert left(fits, Task(SCRATCH, 100, 2)) == pytest.approx(1)
    assert left(fits, Task(SCRATCH, 1_000, 2), Task(FROZEN, 100, 2)) == pytest.approx(14)
    assert left(fits, Task(SCRATCH, 550, 2)) == pytest.approx(5.5)
    assert left(fits, Task(SCRATCH, 2_000, 2)) == pytest.approx(20)  # 5 passes of 0.1 s a step
    assert left(fits, Task(FROZEN, 1_000, 2)) == pytest.approx(0.04 * 12 * 20)  # 50 passes over few texts are 12
    assert left(fits, Task(FROZEN, 200, 2)) == pytest.approx(4.0)  # no less than the last
    assert left(fits, Task(TUNED, 100, 1)) == pytest.approx(2.5)
    assert left(fits) == 0
    assert left([], Task(SCRATCH, 1_000, 1)) > 0


# What cannot be


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"model": "transformer"}, "model should be one of average, convolution, but is 'transformer'"),
        ({"starts": ()}, "starts should name at least one of scratch, frozen, tuned"),
        ({"starts": ("warm",)}, "each of starts should be one of scratch, frozen, tuned, but is 'warm'"),
        ({"starts": ("tuned", "tuned")}, "starts should not name one twice"),
        ({"pretrained": None}, "pretrained should name one"),
        ({"sizes": (1,)}, "each of sizes should be at least 2 texts"),
        ({"sizes": (50, 20)}, "sizes should rise"),
        ({"sizes": (20.5,)}, "each of sizes should be a whole number, but is 20.5"),
        ({"seeds": 0}, "seeds should be from 1 to 20, but is 0"),
        ({"seeds": True}, "seeds should be a whole number, but is True"),
        ({"dropout": 1.0}, "dropout should be from 0 to below 1, but is 1"),
        ({"word_dropout": float("nan")}, "word_dropout should be a number, but is nan"),
        ({"lr": 0}, "lr should be above 0 and at most 1, but is 0"),
        ({"batch": 5_000}, "batch should be from 1 to 4,096, but is 5,000"),
        ({"dim": 0}, "dim should be from 1 to 2,000, but is 0"),
    ],
)
def test_settings_out_of_bounds(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence):
        experiment(replace(CONFIG, **settings))  # type: ignore[arg-type]


def test_settings_on_disk() -> None:
    assert TransferConfig.from_json(CONFIG.to_json()) == CONFIG
    with pytest.raises(BadSetting, match="There is no setting “speed”"):
        TransferConfig.from_json({"speed": 3})


def test_texts_that_cannot_be_learned_from() -> None:
    data, places = labelled(), np.arange(240)
    one_class = np.flatnonzero(data.labels == 0)
    with pytest.raises(TrainingProblem, match="The training texts are all of one class"):
        Experiment(data, Split(one_class, places[:0], places[:5]), CONFIG, vectors())
    with pytest.raises(TrainingProblem, match="There is no test text"):
        Experiment(data, Split(places, places[:0], places[:0]), CONFIG, vectors())
    with pytest.raises(TrainingProblem, match="so one has to be opened"):
        Experiment(data, split_texts(data), CONFIG)
    with pytest.raises(BadSetting, match="dim is 3, but “clouds” has 12"):
        Experiment(data, split_texts(data), replace(CONFIG, dim=3), vectors())
    with pytest.raises(BadSetting, match="There are 120 training texts, so no fit can have 500"):
        experiment().learn(Task(SCRATCH, 500, 1))


def test_three_classes_and_five_texts() -> None:
    data = LabelledTexts.of(["a b", "c d", "e f", "a c", "e b"], ["x", "y", "z", "x", "z"])
    split = Split(np.array([0, 1, 2]), np.zeros(0, np.int64), np.array([3, 4]))
    made = Experiment(data, split, TransferConfig(starts=(SCRATCH,), seeds=1, epochs=2))
    assert made.run() == "finished"
    assert list(made.finished) == [Task(SCRATCH, 3, 1)]


@pytest.mark.parametrize("starts", [(SCRATCH,), (FROZEN, TUNED)])
def test_the_vocabulary_is_that_of_the_seeds_own_texts(starts: tuple[str, ...]) -> None:
    made = experiment(replace(CONFIG, starts=starts, sizes=(10,)))
    for task in made.tasks():
        texts = made.texts(task)
        own = {word for place in texts.training.tolist() for word in made.data.texts[place].split()}
        assert {*texts.encoded.vocab.words[: texts.encoded.trained - 2]} == own


def test_min_count_reaches_the_vocabulary() -> None:
    made = experiment(replace(CONFIG, starts=(SCRATCH,), min_count=3))
    assert min(made.texts(Task(SCRATCH, 120, 1)).encoded.vocab.counts[2:]) >= 3
