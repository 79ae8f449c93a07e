"""Generated pages and the examples' outputs say what the code says today."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.py"))
MEND = "run `python tools/build_docs.py` and read what changed"


@pytest.mark.parametrize("name", ["data-dictionary.md", "cli.md"])
def test_page(name: str, home: Path, build_docs: ModuleType) -> None:
    path = home / "docs" / name
    assert path.read_text(encoding="utf-8") == build_docs.pages()[path], MEND


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out == path.with_suffix(".out").read_text(encoding="utf-8"), MEND


def test_examples_are_there() -> None:
    assert len(EXAMPLES) >= 3


def test_every_suffix_is_explained(home: Path) -> None:
    from qujiang.units import SUFFIXES

    page = (home / "docs" / "nomenclature.md").read_text(encoding="utf-8")
    missing = [name for name, unit in SUFFIXES.items() if f"| `{name}` | {unit} |" not in page]
    assert missing == []
