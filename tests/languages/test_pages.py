"""Every page in Chinese is Chinese, every page in English is English: all pages, for every role, as links and forms lead."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.languages.conftest import Reader, kind_of
from tests.languages.referee import Found, read_page

#: Kinds of pages that the walk must have met, so that it is seen to walk.
MET = {
    "/?", "/landmarks/*?", "/try?", "/studies?", "/studies/*?", "/difference?scenario", "/freight?", "/port?", "/projects?",
    "/buildings?", "/outlook?", "/outlook/*/*?", "/desk/about?", "/desk/public?", "/cases?", "/cases/bundles/port_call?", "/sign-in?", "/about?",
}  # fmt: skip
OWN = {
    "": set[str](),
    "firm": {"/desk/requests?", "/desk/requests/*?", "/desk/new?", "/cases/*?", "/password?"},
    "officer.desk": {"/desk/board?", "/desk/hotline?", "/desk/requests/*?"},
    "officer.transport": {"/cases/worklist?", "/desk/board?", "/cases/*?", "/desk/requests/*?"},
    "supervisor": {"/desk/board?", "/desk/requests/*?"},
    "meeting": {"/desk/board?", "/desk/requests?"},
    "auditor": {"/desk/requests?", "/cases/*?"},
    "admin": {"/accounts?"},
}


@pytest.mark.parametrize("who", OWN)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_is_in_its_language(reader: Reader, who: str, language: str) -> None:
    faults: dict[str, str] = {}
    kinds = set[str]()
    for path, html in reader.walk(who, language):
        kinds.add(kind_of(path))
        for found in read_page(html, language):
            if not excused(found, reader.typed):
                faults.setdefault(f"{'marked ' if found.marked else ''}{found}", path)
    missing = (MET | OWN[who]) - kinds
    assert not missing, sorted(kinds)
    assert not faults, "\n".join(f"{path}: {fault}" for fault, path in faults.items())


#: Marked texts that stand in the other language for a reason.
MARKS: dict[str, Callable[[Found, set[str]], bool]] = {
    "the switch names the other language in that language": lambda found, typed: found.text in ("中文", "English"),
    "typed by people": lambda found, typed: found.text in typed,
    "a place's other name, by which it is found as well": lambda found, typed: found.where.endswith("datalist>option"),
}


def excused(found: Found, typed: set[str]) -> bool:
    """Whether a text stands in the other language for a known reason."""
    if found.marked:
        return any(rule(found, typed) for rule in MARKS.values())
    if f"“{found.run}”" in found.text:
        return True  # what was typed, told again within quotation marks
    return found.run in {name.replace(".", " ") for name in typed}  # the name of an account within a sentence
