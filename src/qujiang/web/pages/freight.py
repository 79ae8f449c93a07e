"""The counter of freight quotes: from, to, cargo and tonnes in, the chains that nobody beats out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response

from qujiang.errors import DataError, Fault, InfeasibleError
from qujiang.freight import answer as told
from qujiang.freight.book import QuoteBook
from qujiang.freight.drawn import Ways
from qujiang.freight.names import Found
from qujiang.freight.problem import build_problem
from qujiang.freight.quote import Chain, Question, ask, quote, why_not
from qujiang.freight.shelf import book_of
from qujiang.report.quote_map import leg_lines, quote_picture
from qujiang.report.quote_words import QuoteWords
from qujiang.web.acts import as_json
from qujiang.web.pages.face import Face
from qujiang.web.pages.map import map_setting
from qujiang.web.pages.place import district_of, folder_of
from qujiang.web.pages.public import PublicFace
from qujiang.web.pages.views import View, view
from qujiang.web.pages.warm import Warm
from qujiang.words import Both, known, listed, tell

router = APIRouter(include_in_schema=False)
FIELDS = ("from", "to", "cargo", "tonnes", "depart")
LONGEST, MOST_TONNES = 80, 10_000_000
#: Kinds of places that no consignment starts from or goes to.
NO_ENDS = ("junction",)
_books: Warm = Warm(4)
_ways: Warm = Warm(4)
_words: Warm = Warm(4)


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands in the address: the fields as typed, whether a question was asked, its faults or its reading."""

    values: Mapping[str, str]
    question: Question | None
    faults: tuple[Fault, ...]


def asked(face: Face) -> Asked:
    """Read the question in the address; the same whatever is asked of it."""
    given = face.request.query_params
    values = {name: given.get(name, "").strip()[:LONGEST] for name in FIELDS}
    if not any(values.values()):
        return Asked(values, None, ())
    book, faults = book_for(face), list[Fault]()
    rows = {
        name: _named(face, table, name, values[name], faults)
        for name, table in (("from", "places"), ("to", "places"), ("cargo", "cargoes"))
    }
    load, day = _tonnes(face, values["tonnes"], faults), _day(face, values["depart"], faults)
    if rows["from"] is not None and rows["from"] == rows["to"]:
        faults.append(_fault("to", values["to"], face.say("web.freight.fault.same")))
    if faults or load is None or rows["from"] is None or rows["to"] is None or rows["cargo"] is None:
        return Asked(values, None, tuple(faults))
    ids = book.places.ids
    question = ask(book, ids[rows["from"]], ids[rows["to"]], book.cargoes.ids[rows["cargo"]], load, day)
    return Asked(values, question, ())


@view(router, "/freight", "freight/quote.html.j2")
def quotes(face: PublicFace, chain: str = "1") -> View:
    """The form, and the chains for what it asks."""
    found = asked(face)
    if found.faults and face.path.endswith((".json", ".csv")):
        raise DataError(found.faults)
    aside = _form(face, found)
    if found.question is None:
        return View({"question": None, "chains": []}, [], aside, status=422 if found.faults else 200)
    book, words = book_for(face), words_for(face)
    try:
        chains = quote(book, found.question)
    except InfeasibleError:
        ends = [words.place(book.places.ids[place]) for place in (found.question.origin, found.question.destination)]
        why = listed([_gap(words, gap.what, gap.of) for gap in why_not(book, found.question)])
        said = face.say("web.freight.fault.none", start=ends[0], to=ends[1], why=why)
        fault = _fault("to", found.values["to"], said)
        if face.path.endswith((".json", ".csv")):
            raise
        return View({"question": None, "chains": []}, [], aside | _lines(face, [fault]), status=422)
    answer = told.as_answer(book, found.question, chains)
    shown = int(chain) if chain.isdecimal() and 1 <= int(chain) <= len(chains) else 1
    data = {"question": {name: answer[name] for name in answer if name not in ("chains",)}, "chains": answer["chains"]}
    return View(data, _rows(answer, words), aside | _result(face, found.question, answer, chains, words, shown))


def _gap(words: QuoteWords, what: str, of: str) -> Both:
    """What a chain lacks, in words."""
    named = words.place(of) if of in words.places else known("web.freight.form", of)
    return tell(f"web.freight.gap.{what}", of=named)


@router.get("/freight/legs.geojson")
def legs(face: PublicFace) -> Response:
    """The legs of the chains as lines."""
    found = asked(face)
    if found.question is None:
        raise DataError(found.faults or (_fault("from", "", face.say("web.freight.fault.empty")),))
    book = book_for(face)
    chains = quote(book, found.question)
    return as_json(
        leg_lines(told.as_answer(book, found.question, chains), ways_for(face).of_chains(chains), words_for(face))
    )


def book_for(face: Face) -> QuoteBook:
    """The book of the district's quotes, one a process."""
    folder = folder_of(face.settings)
    return _books.get(folder, lambda: book_of(folder))


def ways_for(face: Face) -> Ways:
    """The ways behind the book."""
    return _ways.get(folder_of(face.settings), lambda: _make_ways(face))


def words_for(face: Face) -> QuoteWords:
    """The names of the district."""
    folder: Path = folder_of(face.settings)
    return _words.get(folder, lambda: QuoteWords(district_of(face.settings)))


def _make_ways(face: Face) -> Ways:
    district = district_of(face.settings)
    place = district.info.port_place
    assert place is not None, "the book asks for it"
    return Ways(book_for(face), build_problem(district, port_place=place, base_year=district.info.base_year))


# -- reading the question ----------------------------------------------------------------------------------------------


def _named(face: Face, table: str, field: str, text: str, faults: list[Fault]) -> int | None:
    if not text:
        faults.append(_fault(field, text, face.say("web.freight.fault.empty")))
        return None
    book = book_for(face)
    found = (book.places if table == "places" else book.cargoes).search(text)
    if found.row is None:
        faults.append(_fault(field, text, _which(face, table, found, text)))
    return found.row


def _which(face: Face, table: str, found: Found, text: str) -> str:
    book = book_for(face)
    names = book.places if table == "places" else book.cargoes
    rows = found.several or found.near
    labels = [book.texts[table][row][1 if face.language == "zh" else 2] for row in rows[:6]]
    meant = face.say("web.list").join(
        f"{label} [{names.ids[row]}]" for label, row in zip(labels, rows[:6], strict=True)
    )
    key = "several" if found.several else "near" if found.near else "unknown"
    return face.say(f"web.freight.fault.{key}", text=text, names=meant)


def _tonnes(face: Face, text: str, faults: list[Fault]) -> float | None:
    try:
        value = float(text.replace(",", "")) if text else math.nan
    except ValueError:
        value = math.nan
    if 0 < value <= MOST_TONNES:
        return value
    key = "tonnes" if text else "empty"
    faults.append(_fault("tonnes", text, face.say(f"web.freight.fault.{key}")))
    return None


def _day(face: Face, text: str, faults: list[Fault]) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        faults.append(_fault("depart", text, face.say("web.freight.fault.depart")))
        return None


def _fault(field: str, value: str, rule: str) -> Fault:
    return Fault("form", None, field, value, rule, "")


def _lines(face: Face, faults: Sequence[Fault]) -> dict[str, Any]:
    """Faults beside their fields, and with the fields' names for the list above the form."""
    beside = [{"field": fault.column, "text": fault.rule} for fault in faults]
    colon = ": " if face.language == "en" else "："
    listed = [
        {**line, "text": face.say("web.freight." + str(line["field"])) + colon + str(line["text"])} for line in beside
    ]
    return {"faults": beside, "summary": listed}


# -- showing the answer ------------------------------------------------------------------------------------------------


def _form(face: Face, found: Asked) -> dict[str, Any]:
    book, words, zh = book_for(face), words_for(face), face.language == "zh"
    ends = [row for row in book.texts["places"] if words.places[row[0]]["kind"] not in NO_ENDS]
    named = [(row[1], row[2]) if zh else (row[2], row[1]) for row in ends]
    cargoes = [(row[0], row[1] if zh else row[2]) for row in book.texts["cargoes"]]
    cargo = found.values["cargo"]
    row = book.cargoes.search(cargo).row if cargo else None
    values = {**found.values, "cargo": cargo if row is None else book.cargoes.ids[row]}
    return {
        "values": values,
        "places": named,
        "cargoes": cargoes,
        **_lines(face, found.faults),
        "answer": None,
        "example": _example(face, words, [row[0] for row in ends]),
        "most_tonnes": MOST_TONNES,
    }


def _example(face: Face, words: QuoteWords, ends: list[str]) -> tuple[str, str]:
    """Two places for an example: from the hinterland to a city on the water where there are such."""
    of = {words.places[id_]["kind"]: id_ for id_ in reversed(ends)}
    start, end = of.get("hinterland", ends[0]), of.get("water_city", ends[-1])
    return words.place(start).of(face.language), words.place(end).of(face.language)


def _result(face: Face, question: Question, answer: Mapping[str, Any], chains: tuple[Chain, ...], words: QuoteWords, shown: int) -> dict[str, Any]:  # fmt: skip
    drawn = ways_for(face).of_chains(chains)
    query = {name: face.request.query_params.get(name) for name in FIELDS}
    layers = [{"id": "legs", "kind": "legs", "url": face.url("/freight/legs.geojson", **query)}]
    setting = map_setting(face, face.say("web.freight.map"), layers, chain=shown)
    numbers = {id(chain): number for number, chain in enumerate(chains, 1)}
    greener = [
        (face.say("web.freight.chain", number=numbers[id(c)]), c.kg, lorry.kg) for c, lorry in told.no_greener(chains)
    ]
    every = list(dict.fromkeys(name for chain in answer["chains"] for name in chain["assumed"]))
    rates = words.rates(every)
    rated = {rate.id for rate in rates}
    return {
        "answer": answer,
        "words": words,
        "shown": shown,
        "least": {
            name: min(chain[name] for chain in answer["chains"]) for name in ("yuan_per_t", "hours", "kgco2e_per_t")
        },
        "most": {
            name: max(chain[name] for chain in answer["chains"]) for name in ("yuan_per_t", "hours", "kgco2e_per_t")
        },
        "picture": quote_picture(drawn, words, face.language),
        "map": setting,
        "greener": greener,
        "rates": rates,
        "tables": [words.thing(name).of(face.language) for name in every if name not in rated],
    }


def _rows(answer: Mapping[str, Any], words: QuoteWords) -> list[dict[str, Any]]:
    """One line a leg."""
    rows = []
    for number, chain in enumerate(answer["chains"], 1):
        for at, leg in enumerate(chain["legs"], 1):
            names = {
                f"{end}_{language}": words.place(leg[end]).of(language)
                for end in ("from", "to")
                for language in ("en", "zh")
            }
            rows.append({"chain": number, "signature": chain["signature"], "leg": at, **leg, **names, "assumed": "yes"})
    return rows
