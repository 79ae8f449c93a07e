"""Which language a page is shown in: asked for in the address, kept in a cookie, or as the browser prefers."""

from __future__ import annotations

from fastapi import Request

from qujiang.words import LANGUAGES, Language

COOKIE = "qujiang_language"
TAGS: dict[Language, str] = {"en": "en", "zh": "zh-Hans"}


def asked(request: Request) -> Language | None:
    """The language named in the address as ``?lang=``; None where none, or an unknown one, is named."""
    return _known(request.query_params.get("lang"))


def language_of(request: Request) -> Language:
    """The language of the answer: the address, then the cookie, then ``Accept-Language``, then English."""
    return (
        asked(request)
        or _known(request.cookies.get(COOKIE))
        or preferred(request.headers.get("accept-language", ""))
        or "en"
    )


def preferred(header: str) -> Language | None:
    """The best of a header such as ``zh-CN,zh;q=0.9,en;q=0.8`` (RFC 9110, 12.5.4); None where it names neither language."""
    best: tuple[float, Language] | None = None
    for part in header.split(","):
        tag, _, weight = part.strip().partition(";")
        language = _known(tag.strip().lower().partition("-")[0])
        quality = _quality(weight)
        if language and quality > 0 and (best is None or quality > best[0]):
            best = (quality, language)
    return best[1] if best else None


def _known(text: str | None) -> Language | None:
    return next((language for language in LANGUAGES if language == text), None)


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
