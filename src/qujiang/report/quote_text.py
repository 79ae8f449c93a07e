"""A quote as lines of text in one language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from qujiang.report.columns import table_lines
from qujiang.report.quote_words import QuoteWords
from qujiang.words import Language, number, quantity, say

#: Width of the table [cells].
WIDTH = 120


def quote_lines(answer: Mapping[str, Any], words: QuoteWords, language: Language) -> Iterator[str]:
    """The chains of a quote, what they rest on, and where the cheapest stops being it.

    Parameters
    ----------
    answer
        As ``freight.answer.as_answer`` gives it.
    """
    ends = {"start": words.place(answer["from"]), "to": words.place(answer["to"])}
    yield say("web.freight.title", language, **ends, tonnes=number(answer["tonnes"], language))
    yield ""
    heads = tuple(say(f"web.freight.{name}", language) for name in ("way", "cost", "hours", "co2e", "legs"))
    yield from table_lines([heads, *_rows(answer, words, language)], WIDTH, right=(1, 2, 3))
    yield ""
    even = answer["break_even"]
    if even:
        both = {"best": words.chain(answer["chains"][0]["signature"]), "other": words.chain(even["against"])}
        saved = quantity(even["saved_yuan_per_t"], "yuan_per_t", language)
        yield say("web.freight.even", language, **both, saved=saved, tonnes=number(even["tonnes"], language))
        if even["distance_km"]:
            yield say("web.freight.even.km", language, km=number(even["distance_km"], language))
    yield say("web.freight.rates", language)
    names = words.rests_on(answer["chains"][0]["assumed"], hours=False)
    if names.en:
        yield say("quote.rests", language, names=names)


def _rows(answer: Mapping[str, Any], words: QuoteWords, language: Language) -> Iterator[tuple[str, ...]]:
    for chain in answer["chains"]:
        numbers = (number(chain[name], language) for name in ("yuan_per_t", "hours", "kgco2e_per_t"))
        legs = say("web.semicolon", language).join(_leg(leg, words, language) for leg in chain["legs"])
        yield (words.chain(chain["signature"]).of(language), *numbers, legs)


def _leg(leg: Mapping[str, Any], words: QuoteWords, language: Language) -> str:
    ends = f"{words.place(leg['from']).of(language)}–{words.place(leg['to']).of(language)}"
    return f"{words.means(leg).of(language)} {ends} {quantity(leg['km'], 'km', language)}"
