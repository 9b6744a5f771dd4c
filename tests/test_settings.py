"""Settings come from the environment that is given, and bad numbers get a sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from embedcore.errors import BadSetting
from embedcore.settings import Settings, load


def test_defaults_with_an_empty_environment() -> None:
    settings = load({})
    assert settings.home.is_absolute()
    assert settings.home.name == "embedcore"
    assert settings.workers == max(2, os.cpu_count() or 1)
    assert settings.dask_scheduler_address is None


def test_folders_lie_in_the_home(tmp_path: Path) -> None:
    settings = load({"EMBEDCORE_HOME": str(tmp_path)})
    assert settings.vectors_dir == tmp_path / "vectors"
    assert settings.runs_dir == tmp_path / "runs"
    assert settings.cache_dir == tmp_path / "cache"


def test_a_tilde_is_the_users_folder() -> None:
    assert load({"EMBEDCORE_HOME": "~/words"}).home == (Path.home() / "words").resolve()


def test_numbers_are_read_by_their_kind() -> None:
    settings = load({"EMBEDCORE_WORKERS": "3", "EMBEDCORE_CHECKPOINT_SECONDS": "0.5", "EMBEDCORE_MAX_DIM": "7"})
    assert (settings.workers, settings.checkpoint_seconds, settings.max_dim) == (3, 0.5, 7)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("many", "EMBEDCORE_WORKERS should be a number, but is “many”."),
        ("1.5", "EMBEDCORE_WORKERS should be a number, but is “1.5”."),
        ("0", "EMBEDCORE_WORKERS should be above 0, but is 0."),
        ("-2", "EMBEDCORE_WORKERS should be above 0, but is -2."),
    ],
)
def test_a_bad_number_is_named(value: str, sentence: str) -> None:
    with pytest.raises(BadSetting) as caught:
        load({"EMBEDCORE_WORKERS": value})
    assert str(caught.value) == sentence


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(BadSetting):
        load({"EMBEDCORE_CHECKPOINT_SECONDS": "nan"})


def test_scheduler_address() -> None:
    assert load({"DASK_SCHEDULER_ADDRESS": "tcp://x:1"}).dask_scheduler_address == "tcp://x:1"
    assert load({"DASK_SCHEDULER_ADDRESS": ""}).dask_scheduler_address is None


def test_folders_for_files_that_come_in(tmp_path: Path) -> None:
    settings = load({"EMBEDCORE_HOME": str(tmp_path)})
    assert settings.import_dir == tmp_path / "import"
    assert settings.uploads_dir == tmp_path / "uploads"
    assert settings.downloads_dir == tmp_path / "downloads"
    assert load({"EMBEDCORE_IMPORT_DIR": str(tmp_path / "here")}).import_dir == tmp_path / "here"
    assert load({"EMBEDCORE_CATALOG": ""}).catalog is None


def test_a_switch_is_on_or_off() -> None:
    assert not load({}).private_urls
    assert load({"EMBEDCORE_PRIVATE_URLS": "1"}).private_urls
    assert not load({"EMBEDCORE_PRIVATE_URLS": "0"}).private_urls
    with pytest.raises(BadSetting) as caught:
        load({"EMBEDCORE_PRIVATE_URLS": "yes"})
    assert str(caught.value) == "EMBEDCORE_PRIVATE_URLS should be 0 or 1, but is “yes”."


def test_home_fixture_is_what_everybody_loads(home: Settings, tmp_path: Path) -> None:
    assert load() == home
    assert home.home == (tmp_path / "home").resolve()


def test_how_long_runs_are_kept_may_be_for_ever() -> None:
    assert load({}).runs_kept_days == 30
    assert load({"EMBEDCORE_RUNS_KEPT_DAYS": "0"}).runs_kept_days == 0
    assert load({"EMBEDCORE_RUNS_KEPT_DAYS": "0.5"}).runs_kept_days == 0.5


@pytest.mark.parametrize("value", ["-1", "nan"])
def test_days_below_none_are_refused(value: str) -> None:
    with pytest.raises(BadSetting) as caught:
        load({"EMBEDCORE_RUNS_KEPT_DAYS": value})
    assert str(caught.value) == f"EMBEDCORE_RUNS_KEPT_DAYS should be 0 or more, but is {value}."


@pytest.mark.parametrize("address", ["", "tcp://x:1"])
def test_a_process_can_be_given_the_same_settings(tmp_path: Path, address: str) -> None:
    settings = load(
        {
            "EMBEDCORE_HOME": str(tmp_path),
            "EMBEDCORE_WORKERS": "3",
            "EMBEDCORE_RUNS_KEPT_DAYS": "0",
            "EMBEDCORE_CHECKPOINT_SECONDS": "0.5",
            "EMBEDCORE_IMPORT_DIR": str(tmp_path / "import here"),
            "EMBEDCORE_PRIVATE_URLS": "1",
            "DASK_SCHEDULER_ADDRESS": address,
        }
    )
    assert load(settings.to_environment()) == settings
