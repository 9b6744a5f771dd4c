"""The README's code does what the README says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from embedcore.catalog import read_catalog
from embedcore.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_python_lines_give_what_stands_beside_them(home: Settings) -> None:
    (code,) = blocks("python")
    space: dict[str, object] = {}
    exec(code, space)
    exec(
        "first = glove.similarity('king', 'queen')\nanswer = glove.most_similar(['king', 'woman'], ['man'], topn=1)",
        space,
    )
    assert f"{space['first']:.4f}" == "0.7839"
    assert space["answer"][0].word == "queen"  # type: ignore[index]
    assert tuple(space["layer"].weight.shape) == (400_000, 50)  # type: ignore[attr-defined]
    assert not space["layer"].weight.requires_grad  # type: ignore[attr-defined]
    assert space["vocab"].encode(["you", "code", "daily"]) == [3, 7, 0]  # type: ignore[attr-defined]
    assert space["vectors"]["code"].shape == (3,)  # type: ignore[index]


def test_the_commands_run(home: Settings, tmp_path: Path) -> None:
    (tmp_path / "my-text.txt").write_text("you need to know how to code\n" * 20, encoding="utf-8")
    labelled = "".join(f"{'good' if n % 2 else 'bad'}\tword{n % 7} film {n}\n" for n in range(40))
    (tmp_path / "my-labelled-texts.tsv").write_text(labelled, encoding="utf-8")
    commands = [line for block in blocks("sh") for line in block.splitlines() if " -m embedcore " in line]
    assert len(commands) == 10
    for command in commands:
        words = [sys.executable, *shlex.split(command)[1:]]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env={**_environment(home)})
        assert done.returncode == 0, (command, done.stderr)
    assert (tmp_path / "mine.txt").stat().st_size > 0


def test_the_catalog_can_be_read(tmp_path: Path) -> None:
    (catalog,) = blocks("json")
    (tmp_path / "catalog.json").write_text(catalog, encoding="utf-8")
    entry = read_catalog(tmp_path / "catalog.json")["our-reviews"]
    assert (entry.file.name, len(entry.file.urls), entry.dim) == ("our-reviews.vec.gz", 2, 100)


def _environment(home: Settings) -> dict[str, str]:
    import os

    return {**os.environ, "EMBEDCORE_HOME": str(home.home), "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("path", re.findall(r"\]\((?!https?:)([^)]+)\)", README))
def test_what_is_linked_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_make_target_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"(?:^|`)make (\w+)", README, flags=re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
