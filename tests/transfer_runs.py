"""Experiments for tests: runs made in this process, small ones of the English sample."""

from __future__ import annotations

from dataclasses import replace

from embedcore.library import BUNDLED, open_vectors
from embedcore.runs import RunFolder, new_run_id
from embedcore.runs.experiments import ExperimentConfig, SplitAsked
from embedcore.runs.record import TRANSFER, Run
from embedcore.runs.worker import execute
from embedcore.settings import Settings
from embedcore.transfer.columns import json_lines
from embedcore.transfer.config import TransferConfig
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.samples import LABELLED_SAMPLES

SMALL = TransferConfig(pretrained=BUNDLED, sizes=(20, 50), seeds=2)


def waiting(
    home: Settings,
    data: LabelledTexts | None = None,
    settings: TransferConfig = SMALL,
    split: SplitAsked | None = None,
) -> RunFolder:
    """An experiment that nobody has begun; None: the English sample."""
    data = data or LABELLED_SAMPLES["English"].texts()
    vectors = open_vectors(settings.pretrained, home) if settings.pretrained else None
    config = ExperimentConfig.of(settings, split or SplitAsked(validation=0.15, test=0.3), vectors)
    run = Run(new_run_id(), TRANSFER, data.name.strip("“”"), config.to_json(), created=1_800_000_000.0)
    return RunFolder.create(home.runs_dir, run, json_lines(data))


def finished(home: Settings, data: LabelledTexts | None = None, settings: TransferConfig = SMALL) -> RunFolder:
    """An experiment that a worker's code has done to its end, in this process."""
    folder = waiting(home, data, settings)
    assert execute(home, home.runs_dir, folder.id) == "finished", folder.run.error
    return folder


def one_seed(settings: TransferConfig = SMALL) -> TransferConfig:
    """The same with a single seed, which takes half as long."""
    return replace(settings, seeds=1)
