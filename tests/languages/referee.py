"""The referee of languages: what a reader of one language finds written in the other, on a page or in a terminal.

A page in Chinese may hold Latin letters only as units, codes and proper names; one in English no Chinese sign at all. A text
that is marked as being in the other language (``lang=``) is no fault of the page, but is handed out as well, so that a mark
excuses nothing by itself: a test says which of them it expects, and why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

CHINESE = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
CHINESE_MARKS = "\u3000-\u3002\u3008-\u3011\uff01-\uff0f\uff1a-\uff1f"
#: Latin words that a Chinese text writes so, in lower case, by reason.
LATIN: dict[str, str] = {
    "units and signs of measure": "t km m h kg kn teu mt kwh mb kb a b c g n p s cny co e min wd i ii iii iv v vi",
    "names of formats, formulas and standards": "json csv toml pdf jpg jpeg png docx xlsx ofd html bpmn xml utf svg api url "
    "spi cpi glec gb iso wgs epsg id",
    "proper names of software, licences and works": "qujiang apache bsd mit echarts maplibre gl htmx geonames arxiv nber macro aej",
    "abbreviations that Chinese takes over": "gdp ets ev ctrl",
    "sections of the classification of trades (GB/T 4754)": "d f h i j k l m o q r",
    "versions of emission factors, as their table names them": "etrr local",
    "values of an address, told again where another was given": "red yellow green",
}
ALLOWED = frozenset(word for words in LATIN.values() for word in words.split())
#: Runs shorter than this are let pass: Latin words in Chinese, Chinese signs in English.
LEAST = {"zh": 1, "en": 1}

_ADDRESS = re.compile(r"https?://\S+|\S+@\S+\.\S+|(?<![\w.])/[\w./{}?=&%-]+")
#: A word with a digit or an underscore in it is a code: S12, qj_port, v500, zh-Hans; so are names of files and commands, ids in
#: brackets or quotes, a part of an address in front of its fault, progress codes of cases (12 letters) and codes of studies (24 signs).
_CODE = re.compile(
    r"[A-Za-z0-9.-]*(?:\d|_)[A-Za-z0-9_.-]*|[A-Za-z0-9_.-]+\.(?:csv|toml|js|css|json|png)(?![A-Za-z0-9])|--[a-z-]+|(?<![A-Za-z])qujiang [a-z]+|[A-Za-z]+\.org(?![A-Za-z])|\[[\w-]+\]|'[^']*'|^\w+(?=：)|(?<![A-Za-z])[A-Z]{12}(?![A-Za-z])|[A-Za-z0-9_-]{24}"
)
#: Ids of sources that every district has.
_SOURCES = re.compile(r"\b(?:PLAN|ASSUME|DERIVE|MODEL)\b")
#: A Latin mark behind a Chinese sign, where the sentence goes on or ends.
_MARK = re.compile(f"[{CHINESE}][.,;:!?](?= |$|[{CHINESE}])")
_WORD = re.compile(r"[A-Za-z][A-Za-z'’]*")
_BREAK = re.compile(f"[{CHINESE}{CHINESE_MARKS}|\n]")
_SIGNS = re.compile(f"[{CHINESE}{CHINESE_MARKS}]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A run of the wrong language: the run, the text around it, where it stands; ``marked`` says that ``lang`` tells it."""

    run: str
    text: str
    where: str
    marked: bool = False

    def __str__(self) -> str:
        return f"{self.run!r} in {self.text[:160]!r} ({self.where})"


def wrong_runs(text: str, language: str, least: int | None = None) -> list[str]:
    """The runs of a text that are not of its language.

    >>> wrong_runs("港口 port of call 吞吐量", "zh"), wrong_runs("9 t/km, S12，JSON", "zh"), wrong_runs("throughput 吞吐量", "en")
    (['port of call'], [], ['吞吐量'])
    """
    least = LEAST[language] if least is None else least
    if language == "en":
        return [run for run in _SIGNS.findall(text) if len(run) >= least]
    plain = _SOURCES.sub(" ", _CODE.sub(" ", _ADDRESS.sub(" ", text)))
    found = _MARK.findall(text)
    for part in _BREAK.split(plain):
        words = [word for word in _WORD.findall(part) if word.lower() not in ALLOWED]
        if len(words) >= least:
            found.append(" ".join(words))
    return found


# -- pages -------------------------------------------------------------------------------------------------------------

#: Elements whose text nobody reads as language.
SILENT = {"script", "style", "template", "code", "kbd", "pre", "samp"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
#: Elements within a line: words on both sides belong together.
INLINE = {"a", "b", "em", "i", "span", "strong", "small", "sub", "sup", "mark", "abbr", "tspan"}
#: Attributes that are read out or shown.
SPOKEN = {"title", "alt", "aria-label", "placeholder", "aria-description", "aria-valuetext", "label", "summary"}


#: Attributes that hold codes.
CODES = ("data-draft", "data-yard")


class _Reader(HTMLParser):
    """Collects (text, language, where) of a page, joined over inline elements."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[tuple[str, str, bool]] = []  # tag, language, silent
        self.texts: list[tuple[str, str, str]] = []
        self.page = ""
        self._run: list[str] = []
        self._of = ("", "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        language = _plain(given["lang"]) if "lang" in given else self._language()
        if tag == "html":
            self.page = language
        if tag not in INLINE or language != self._language():
            self._flush()
        silent = tag in SILENT or (bool(self.stack) and self.stack[-1][2])
        for name, value in given.items():
            for text in _spoken(tag, name, value, given):
                self.texts.append((text, language, f"{self._where()}>{tag}@{name}"))
        if tag not in VOID:
            self.stack.append((tag, language, silent))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        before = self._language()
        while self.stack and self.stack.pop()[0] != tag:
            pass
        if tag not in INLINE or self._language() != before:
            self._flush()

    def handle_data(self, data: str) -> None:
        if self.stack and not self.stack[-1][2]:
            if not self._run:
                self._of = (self._language(), self._where())
            self._run.append(data)

    def close(self) -> None:
        super().close()
        self._flush()

    def _flush(self) -> None:
        text = re.sub(r"\s+", " ", "".join(self._run)).strip()
        if text:
            self.texts.append((text, self._of[0], self._of[1]))
        self._run = []

    def _language(self) -> str:
        return self.stack[-1][1] if self.stack else self.page

    def _where(self) -> str:
        return ">".join(tag for tag, *_ in self.stack[-3:])


def _plain(tag: str) -> str:
    return tag.lower().partition("-")[0]


def _spoken(tag: str, name: str, value: str, given: dict[str, str]) -> Iterator[str]:
    """The texts of an attribute that a reader meets: labels, words for scripts, names in the settings of a map."""
    button = name == "value" and tag in ("input", "button") and given.get("type") in ("submit", "button", "reset")
    summary = name == "content" and tag == "meta" and given.get("name") == "description"
    if name in SPOKEN or button or summary:
        yield value
    elif name.startswith("data-") and value[:1] in ("{", "["):
        try:
            yield from (text for text in _strings(json.loads(value)) if not re.fullmatch("[a-z_]+", text))
        except ValueError:
            yield value
    elif name.startswith("data-") and " " in value and not name.startswith(CODES):
        yield value


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def texts_of(html: str) -> tuple[str, list[tuple[str, str, str]]]:
    """The language that a page says it is in, and its texts as (text, language, where)."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.page, reader.texts


def read_page(html: str, language: str) -> list[Found]:
    """Whatever of a page is not in its language; a page that says it is in another one is wrong as a whole.

    Marked texts (``lang=`` of the other language) are handed out as ``marked``, and as faults where the mark is not true.
    """
    said, texts = texts_of(html)
    if said != language:
        return [Found(said, f"<html lang={said!r}> on a page in {language!r}", "html")]
    found = []
    for text, own, where in texts:
        least = LEAST[language] if own == language else 2  # a name in the other language may hold one word of this one
        found += [Found(run, text, where) for run in wrong_runs(text, own if own in LEAST else language, least)]
        if own != language and (runs := wrong_runs(text, language)):
            found.append(Found(runs[0], text, where, marked=True))
    return found
