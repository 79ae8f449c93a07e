"""A simulated port as lines of text in one language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from qujiang.report import port_rows
from qujiang.report.columns import table_lines
from qujiang.words import Language, say

#: Width of the table [cells].
WIDTH = 120


def simulation_lines(answer: Mapping[str, Any], named: port_rows.Named, language: Language) -> Iterator[str]:
    """The answer in sentences, every stage in a table, and what it assumes."""
    for sentence in port_rows.sentences(answer, named, answer.get("busiest_month")):
        yield sentence.of(language)
    yield ""
    heads = tuple(say(f"port.{name}", language) for name in ("stage", "where", "wait", "band", "exact", "use", "state"))
    rows = [
        tuple(
            text.of(language)
            for text in (row.stage, row.where, row.wait, row.band, row.exact, row.use, row.state_words)
        )
        for row in port_rows.stage_rows(answer, named)
    ]
    yield from table_lines([heads, *rows], WIDTH, right=(2, 3, 4, 5))
    yield ""
    for row in port_rows.stage_rows(answer, named):
        if row.reason is not None:
            yield say("web.colon", language).join((row.where.of(language), row.reason.of(language)))
    for text in answer["assumptions"]:
        yield f"{say('port.section.assumptions', language)}{say('web.colon', language)}{port_rows.assumption(text).of(language)}"
