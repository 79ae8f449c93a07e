"""What a number rests on, in words: how it came about and its sources by title, for the tip that hover and focus show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from qujiang.report.evidence import table
from qujiang.web.pages.face import Face
from qujiang.words import both_of, known
from qujiang.words.speech import WORDS

#: ``told(ids, how)``: the words for some sources.
Told = Callable[..., str]
#: A tip names so many sources at most, and says how many more there are.
MOST = 5


def told_by(face: Face, titles: Mapping[str, Mapping[str, str]]) -> Told:
    """A function for templates: ``told(ids, how="")`` gives how a number came about and its sources, in the page's language.

    Parameters
    ----------
    titles
        By source: ``title``, and ``title_zh`` where there is one.
    """
    english = face.language == "en"

    def title(source: str) -> str:
        if f"source.{source}" in WORDS["en"]:
            return known("source", source).of(face.language)
        name = face.of(both_of(titles.get(source, {"title": source}), "title"))
        return name if name == source else f"{name} [{source}]"

    def told(ids: Iterable[str] | str, how: Any = "") -> str:
        named = list(dict.fromkeys(title(source) for source in split(ids)))
        if len(named) > MOST:
            named = [*named[:MOST], face.say("web.source.more", count=len(named) - MOST)]
        parts = [
            face.of(how) if how else "",
            face.say("web.source.of", names=face.say("web.list").join(named)) if named else "",
        ]
        return (". " if english else "。").join(part.rstrip(".。") for part in parts if part)

    return told


def said_of(face: Face, titles: Mapping[str, Mapping[str, str]]) -> Callable[[Mapping[str, Any]], str]:
    """A function for templates: what is told of a figure of the plan's answer, which carries ``source`` and ``how``."""
    told = told_by(face, titles)
    return lambda figure: told(figure["source"], figure["how"])


def split(ids: Iterable[str] | str | None) -> list[str]:
    """The names of sources in a cell such as ``S1;S2``, or in a list."""
    each = ids.split(";") if isinstance(ids, str) else ids or ()
    return [name.strip() for name in each if name and name.strip()]


def titles_of(district: Any) -> dict[str, dict[str, str]]:
    """The titles of a district's sources."""
    return {row["id"]: row for row in table(district, "sources").to_dicts()}
