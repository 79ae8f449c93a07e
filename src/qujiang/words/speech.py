"""Sentences by key, in one language or in both at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from qujiang.words import (
    buildings,
    en,
    inputs,
    outlook,
    web_cases,
    web_desk,
    web_freight,
    web_map,
    web_outlook,
    web_plan,
    web_port,
    web_projects,
    web_shell,
    zh,
)
from qujiang.words.numbers import Language

LANGUAGES: tuple[Language, ...] = ("en", "zh")
#: Wording of the pages, a room a file, both languages side by side.
PAGES = (
    web_shell.WORDS,
    web_cases.WORDS,
    web_desk.WORDS,
    web_map.WORDS,
    web_freight.WORDS,
    web_port.WORDS,
    web_projects.WORDS,
    web_outlook.WORDS,
    outlook.WORDS,
    inputs.WORDS,
    buildings.WORDS,
    web_plan.WORDS,
)
WORDS = {
    "en": en.WORDS | {key: both[0] for words in PAGES for key, both in words.items()},
    "zh": zh.WORDS | {key: both[1] for words in PAGES for key, both in words.items()},
}


class Both(NamedTuple):
    """One text in both languages."""

    en: str
    zh: str

    def of(self, language: Language) -> str:
        """The text of one language."""
        return self.zh if language == "zh" else self.en


def say(key: str, language: Language, **values: Any) -> str:
    """The sentence of a key; ``values`` fill its blanks, a ``Both`` with the text of the language.

    Raises
    ------
    KeyError
        The catalogue lacks the key.
    """
    told = {name: value.of(language) if isinstance(value, Both) else value for name, value in values.items()}
    return WORDS[language][key].format(**told)


def tell(key: str, **values: Any) -> Both:
    """The sentence of a key in both languages."""
    return Both(say(key, "en", **values), say(key, "zh", **values))


def known(prefix: str, word: str) -> Both:
    """The words for a code such as ``kind.demand``; a code that the catalogue lacks is shown as it stands."""
    key = f"{prefix}.{word}"
    plain = word.replace("_", " ")
    return tell(key) if key in WORDS["en"] else Both(plain, plain)


def both_numbers(form: Callable[..., str], *arguments: Any, **options: Any) -> Both:
    """A number form of ``numbers`` in both languages: ``both_numbers(quantity, 4.2e6, "tonnes_per_year")``."""
    return Both(form(*arguments, "en", **options), form(*arguments, "zh", **options))
