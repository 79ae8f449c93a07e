"""Sentences by key, in one language or in both at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
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


def both_of(row: Mapping[str, Any], stem: str) -> Both:
    """A text of a row in both languages: ``title_en`` and ``title_zh``, else the plain ``title``, else the other language's.

    >>> both_of({"title": "Daily", "title_zh": "日报"}, "title"), both_of({"name_zh": "港"}, "name")
    (Both(en='Daily', zh='日报'), Both(en='港', zh='港'))
    """
    plain, en, zh = (row.get(name) or "" for name in (stem, f"{stem}_en", f"{stem}_zh"))
    return Both(en or plain or zh, zh or plain or en)


def row_name(row: Mapping[str, Any]) -> Both:
    """The name of a row in both languages; of a mixed ``name`` the Chinese part is the Chinese name, the rest the English one.

    >>> row_name({"name": "Qujiang phase I 大路章"}), row_name({"name": "Daluzhang", "name_zh": "大路章"})
    (Both(en='Qujiang phase I', zh='大路章'), Both(en='Daluzhang', zh='大路章'))
    """
    plain = row.get("name") or ""
    chinese = "".join(re.findall(r"[一-鿿]+", plain))
    rest = re.sub(r"\s*[一-鿿]+\s*", " ", plain).strip()
    return both_of({"name_en": row.get("name_en") or rest, "name_zh": row.get("name_zh") or chinese}, "name")


def names_by_id(rows: Iterable[Mapping[str, Any]]) -> dict[str, Both]:
    """The names of rows by their ``id``."""
    return {row["id"]: row_name(row) for row in rows}


def listed(texts: Iterable[Both], en: str = "; ", zh: str = "；") -> Both:
    """Texts as one list in both languages."""
    found = list(texts)
    return Both(en.join(text.en for text in found), zh.join(text.zh for text in found))


def written_in(text: str) -> Language | None:
    """The language that a text which somebody wrote is in, by its signs; None where they do not tell (numbers, codes, one name).

    >>> written_in("码头照明坏了"), written_in("the lamps are broken"), written_in("S12"), written_in("Li")
    ('zh', 'en', None, None)
    """
    plain = re.sub(
        r"[\w.-]*\w\.[A-Za-z]\w*", " ", text, flags=re.ASCII
    )  # names of files and accounts are of no language
    signs, words = len(re.findall(r"[㐀-䶿一-鿿]", plain)), len(re.findall(r"[A-Za-z][a-z'’]+", plain))
    if signs:
        return "zh" if signs >= words else "en"
    return "en" if words > 1 else None


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
