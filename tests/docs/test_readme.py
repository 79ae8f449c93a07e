"""The READMEs: every shown line is printed, both languages say the same, every link leads somewhere."""

from __future__ import annotations

import re
import shlex
from itertools import groupby
from pathlib import Path

import pytest

from qujiang.cli import main

HOME = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.zh.md")
PAGES = sorted([*HOME.glob("*.md"), *HOME.glob("docs/**/*.md"), HOME / "bench" / "README.md"])
GAP = "..."


def blocks(text: str) -> list[tuple[str, str]]:
    """Language and content of the fenced blocks."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, flags=re.M | re.S)


def shown(name: str) -> list[tuple[str, list[str]]]:
    """Commands of the console blocks, each with the lines shown below it."""
    found: list[tuple[str, list[str]]] = []
    for language, content in blocks((HOME / name).read_text(encoding="utf-8")):
        if language == "console":
            for line in content.splitlines():
                if line.startswith("$ "):
                    found.append((line[2:], []))
                else:
                    found[-1][1].append(line)
    return found


SHOWN = {command: lines for command, lines in shown("README.md") if lines}


#: Commands that simulate for seconds.
LONG = ("qujiang port size", "qujiang port capacity")


@pytest.mark.parametrize(
    "command", [pytest.param(c, marks=pytest.mark.slow) if c.startswith(LONG) else c for c in SHOWN]
)
def test_output(
    command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run of shown lines stands in the output as it is, in this order."""
    (tmp_path / "examples").symlink_to(HOME / "examples")
    monkeypatch.chdir(tmp_path)
    words = ["qujiang", "plan", "--out", "out"] if command == "make run" else shlex.split(command)
    assert words[0] == "qujiang"
    with pytest.raises(SystemExit) as left:
        main(words[1:])
    assert left.value.code == 0
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    at = 0
    for gap, group in groupby(SHOWN[command], key=lambda line: line == GAP):
        run = list(group)
        if not gap:
            places = [n for n in range(at, len(printed)) if printed[n : n + len(run)] == run]
            assert places, f"not printed by `{command}`: " + "\n".join(run) + "\nbut:\n" + "\n".join(printed)
            at = places[0] + len(run)


def test_make_runs_what_is_shown() -> None:
    makefile = (HOME / "Makefile").read_text(encoding="utf-8")
    assert "qujiang plan --out $(OUT)" in makefile
    assert "OUT := out" in makefile


def test_python_block_runs(capsys: pytest.CaptureFixture[str]) -> None:
    for language, content in blocks((HOME / "README.md").read_text(encoding="utf-8")):
        if language == "python":
            exec(compile(content, "README.md", "exec"), {})
    assert "off_track" in capsys.readouterr().out


def test_twins() -> None:
    """Same sections, same blocks, same links; a picture may be that of its language."""
    english, chinese = ((HOME / name).read_text(encoding="utf-8") for name in READMES)
    assert blocks(english) == blocks(chinese)
    plain = [re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S) for text in (english, chinese)]
    levels = [[heading.split()[0] for heading in re.findall(r"^#+ .*$", text, flags=re.M)] for text in plain]
    assert levels[0] == levels[1]
    found = [re.findall(r"\]\(([^)]+)\)", text) for text in plain]
    targets = [{link.replace("-zh.png", ".png") for link in links} - set(READMES) for links in found]
    assert targets[0] == targets[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOME)))
def test_links(page: Path) -> None:
    """Relative links lead to files, and their anchors to headings."""
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        if not path.exists():
            lost.append(target)
        elif anchor and path.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.M)
            slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            if anchor not in slugs:
                lost.append(target)
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOME)))
def test_no_page_speaks_of_one_machine(page: Path) -> None:
    assert not re.search(r"(?<![\w.`/])/(?:work|home|root|Users)/", page.read_text(encoding="utf-8"))
