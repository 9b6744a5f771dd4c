"""What imports what: the core stays light, knows no Streamlit, and points one way."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedcore.settings import Settings

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "embedcore"

# From the ground up: a module imports from its own floor only within its own folder, and from those below.
FLOORS = [
    {"errors"},
    {"settings", "interrupts", "morphemes", "disk", "leftovers", "parallel"},
    {"storage", "text", "vocab", "search", "samples"},
    {"tokens", "subwords", "lookup", "documents", "uploads", "downloads", "cosmul"},
    {"answers"},
    {"vectors"},
    {"formats", "library", "catalog", "training", "evaluation", "projection", "label_places"},
    {"importing", "questions", "transfer"},
    {"maps"},
    {"runs", "figures", "text_files", "import_command", "first_batch", "moved"},
    {
        "figures_lookup",
        "figures_map",
        "figures_axes",
        "figures_heat",
        "figures_overlap",
        "figures_plane",
        "figures_scatter",
        "figures_words",
        "figures_transfer",
    },
    {"snippets", "resuming", "download_command"},
    {"snippets_pretrained", "snippets_compare", "train_command", "transfer_command"},
    {"snippets_transfer"},
    {"ui", "__main__"},
]


def modules_after(code: str) -> set[str]:
    """The top-level modules that a fresh Python has after running `code`."""
    script = f"{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in json.loads(run.stdout)}


@pytest.mark.parametrize("code", ["import embedcore", "from embedcore import EmbedcoreError, Vocab"])
def test_the_package_is_light(code: str) -> None:
    assert not modules_after(code) & {
        "torch",
        "umap",
        "pyarrow",
        "pandas",
        "streamlit",
        "gensim",
        "scipy",
        "distributed",
    }


def test_the_core_is_light_until_something_is_opened() -> None:
    code = "from embedcore import WordVectors, TrainConfig, open_vectors; import embedcore.formats, embedcore.__main__"
    assert not modules_after(code) & {"torch", "umap", "pyarrow", "pandas", "streamlit", "rapidfuzz", "tqdm"}


def test_looking_things_up_needs_neither_torch_nor_pandas(home: Settings) -> None:
    code = (
        "import numpy as np; from embedcore import WordVectors\n"
        "WordVectors(['a', 'b', 'c'], np.eye(3)).most_similar('a')\n"
        "from embedcore import open_vectors; vectors = open_vectors('glove.6B.50d')\n"
        "vectors.most_similar('king'); vectors.rows(vectors.tokens[:2000]); vectors.tokens.near('kign')\n"
        "from embedcore.library import list_vectors; list_vectors()"
    )
    assert not modules_after(code) & {"torch", "umap", "pandas", "streamlit"}


def test_what_a_server_needs_of_the_librarys_runs_is_light() -> None:
    code = "import embedcore.runs.jobs, embedcore.runs.exporting, embedcore.uploads, embedcore.runs.service"
    assert not modules_after(code) & {
        "torch", "umap", "dask", "distributed", "pyarrow", "pandas", "numba", "requests", "streamlit"
    }  # fmt: skip


def test_all_public_names_are_there() -> None:
    code = (
        "from embedcore import Vocab, WordVectors, TrainConfig, train, open_vectors, EmbedcoreError; import embedcore\n"
        "assert all(getattr(embedcore, name) for name in embedcore.__all__)"
    )
    modules_after(code)


def test_an_unknown_name_of_the_package() -> None:
    import embedcore

    with pytest.raises(AttributeError, match="module 'embedcore' has no attribute 'nothing'"):
        _ = embedcore.nothing


def python_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """The full names of all modules that a file imports, anywhere in it."""
    package = [*path.relative_to(ROOT).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            if module == "embedcore":
                yield from (f"embedcore.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_ui_knows_streamlit(path: Path) -> None:
    if path.is_relative_to(PACKAGE / "ui"):
        return
    assert not [name for name in imported(path) if name.split(".")[0] == "streamlit"]


def floor(name: str) -> int:
    return next((number for number, names in enumerate(FLOORS) if name in names), -1)


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own == "__init__":  # re-exports everything, when asked
        return
    assert floor(own) >= 0, f"give {own} its floor in this test"
    for name in imported(path):
        if name.startswith("embedcore.") and floor(other := name.split(".")[1]) >= 0 and other != own:
            assert floor(other) < floor(own), f"{own} should not import {other}"


def test_the_floors_would_notice() -> None:
    names = set(imported(PACKAGE / "vectors.py"))
    assert {"embedcore.search", "embedcore.tokens", "torch", "numpy"} <= names
    assert floor("library") > floor("vectors") > floor("search")
