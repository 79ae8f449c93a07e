"""Every error that the live half raises has its sentence in Chinese."""

from __future__ import annotations

import ast
import re
from importlib.resources import files
from pathlib import Path
from string import Formatter

import pytest

from qujiang.words.refusals import SENTENCES, in_chinese

ROOT = Path(str(files("qujiang")))
KINDS = {
    "UnknownCallerError",
    "ForbiddenError",
    "NotFoundError",
    "ConflictError",
    "ThrottledError",
    "StoreAwayError",
    "ScenarioError",
}
#: Told on the command line, to a program, or by a district that does not start; never on a page.
NOT_ON_PAGES = {
    "store/backup.py", "store/migrate.py", "rules/table.py", "web/settings.py", "web/acts.py", "web/open311.py", "web/pages/assets.py",
    "calendar/clocks.py", "calendar/hours.py", "calendar/due.py",
}  # fmt: skip
NOT_ON_PAGES_EITHER = {
    "{} is no database that is supported: sqlite or postgresql",
    "the live database must be a file: sqlite:///desk.sqlite3",
    "days = {} must lie between 1 and 250",
}


def template(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    return None


def raised() -> list[tuple[str, str]]:
    found = []
    for room in ("store", "desk", "cases", "studies", "web"):
        for path in sorted((ROOT / room).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            if place in NOT_ON_PAGES:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id in KINDS
                    and node.args
                ):
                    text = template(node.args[0])
                    if text and text not in NOT_ON_PAGES_EITHER and not re.search(r"[\u4e00-\u9fff]", text):
                        found.append((f"{place}:{node.lineno}", text))
    return found


#: Faults of files that a server reads when it starts, or that a program is told.
FILES = NOT_ON_PAGES | {
    "store/trail.py", "desk/open311.py", "desk/rulebook.py", "cases/bpmn.py", "cases/bundle.py", "cases/diagram.py", "cases/forms.py",
    "cases/labels.py",
}  # fmt: skip
#: Functions that make a fault, with the places of rule and mend among their arguments.
MAKERS = {"Fault": (4, 5), "_need": (1,), "_fault": (1,)}


def parts(node: ast.expr) -> list[str]:
    if isinstance(node, ast.IfExp):
        return [*parts(node.body), *parts(node.orelse)]
    text = template(node)
    return [text] if text and text.strip("{} ") else []


def faults() -> list[tuple[str, str]]:
    found = []
    for room in ("store", "desk", "cases", "studies", "web", "plan/levers.py"):
        for path in sorted((ROOT / room).rglob("*.py")) or [ROOT / room]:
            place = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if place not in FILES else ():
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    at = [node.args[n] for n in MAKERS.get(node.func.id, ()) if n < len(node.args)]
                    found += [(f"{place}:{node.lineno}", text) for one in at for text in parts(one)]
    return found


def test_every_fault_of_the_live_half_has_chinese_sentences() -> None:
    found = faults()
    assert len(found) > 40
    missing = {
        f"{place}: {text}" for place, text in found if not re.search(r"[一-鿿]", in_chinese(text.replace("{}", "⟨x⟩")))
    }
    assert not missing, "add a sentence to words/refusals.py:\n" + "\n".join(sorted(missing))


def test_every_error_of_the_live_half_has_a_chinese_sentence() -> None:
    found = raised()
    assert len(found) > 60
    missing = [f"{place}: {text}" for place, text in found if in_chinese(text) == text]
    assert not missing, "add a sentence to words/refusals.py:\n" + "\n".join(missing)


@pytest.mark.parametrize("text", sorted(SENTENCES))
def test_a_sentence_keeps_its_blanks(text: str) -> None:
    blanks = text.count("{}")
    names = [name for _, name, _, _ in Formatter().parse(SENTENCES[text]) if name is not None]
    parts = [f"部分{number}" for number in range(blanks)]
    said = in_chinese(text.format(*parts))
    if len(names) == blanks:
        assert all(part in said for part in parts), said
    assert re.search(r"[\u4e00-\u9fff]", SENTENCES[text])


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("no request R-1", "没有诉求R-1"),
        ("enterprise may not do this; allowed: supervisor, admin", "企业无权进行此操作；有权者：督办人员、管理员"),
        ("request 7 is closed; this can be done while it is assigned, handling", "诉求7状态为“已办结”，此操作仅适用于“已派单、办理中”"),
        ("step pay of case C-9 is not ready: it is done, or waits for others", "办件C-9的环节pay现在不能办理：已办结，或须等待其他环节"),
        ("a sentence that nobody knows", "a sentence that nobody knows"),
        ("", ""),
    ],
)  # fmt: skip
def test_worked_sentences(text: str, chinese: str) -> None:
    assert in_chinese(text) == chinese
