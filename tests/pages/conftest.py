"""Screens are tested through AppTest, with a home folder and workers of their own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from embedcore.runs import Runs
from embedcore.settings import Settings
from embedcore.ui import resources
from embedcore.vectors import WordVectors

PAGES = Path(__file__).parents[2] / "pages"


@pytest.fixture(scope="session", autouse=True)
def _packages_are_searched_once() -> Iterator[None]:
    """What every AppTest looks for anew in the metadata of all installed packages, half the time of many tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def open_page(
    home: Settings, glove: WordVectors, glove_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., AppTest]]:
    """`open_page("compare", words=["king"])`: the page as a fresh visitor with that link sees it.

    The index of the bundled set, which a home's first use makes, is there already. Runs have one
    worker: what two do at once is tested without pages.
    """
    monkeypatch.setenv("EMBEDCORE_WORKERS", "1")
    shutil.copytree(glove_home / "cache", home.cache_dir, dirs_exist_ok=True)
    st.cache_resource.clear()
    st.cache_data.clear()

    def open_it(name: str, **parameters: Any) -> AppTest:
        at = AppTest.from_file(str(PAGES / "index.py"), default_timeout=60)
        for key, value in parameters.items():
            at.query_params[key] = value
        at.run()
        if name != "home":
            at.switch_page(str(PAGES / f"{name}.py")).run()
        assert not at.exception
        return at

    yield open_it
    resources.runs().stop()
    st.cache_resource.clear()


@pytest.fixture
def no_worker_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is put in the line stays there."""
    monkeypatch.setattr(Runs, "start", lambda runs: None)


def by_key(at: AppTest, kind: str, key: str) -> Any:
    """The widget of that kind with that key."""
    return next(element for element in at.get(kind) if getattr(element, "key", None) == key)


def echarts(at: AppTest, key: str) -> dict[str, Any]:
    """The options of the ECharts chart with that key."""
    for chart in at.get("echarts_chart"):
        if key in chart.proto.id:
            options: dict[str, Any] = json.loads(chart.proto.spec)
            return options
    raise AssertionError(f"there is no chart {key}")


def echarts_table(at: AppTest, key: str) -> pd.DataFrame:
    """The tables of the ECharts chart with that key, one below the other."""
    chart = next(chart for chart in at.get("echarts_chart") if key in chart.proto.id)
    tables = [pa.ipc.open_stream(dataset.data.data).read_all() for dataset in chart.proto.datasets]
    return pd.concat([table.to_pandas() for table in tables])


def texts(at: AppTest) -> str:
    """All that is written on the page."""
    parts = []
    for kind in ("title", "header", "markdown", "caption", "text", "warning", "error", "success", "info", "code"):
        parts += [str(element.value) for element in getattr(at, kind)]
    return "\n".join(parts)
