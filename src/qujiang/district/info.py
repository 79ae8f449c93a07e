"""``district.toml``: what the district is called, where it lies, and which areas its figures speak of."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qujiang.errors import Fault

FILE = "district.toml"
#: A description is a page of text, not a book.
LIMIT_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Area:
    """An area that figures speak of; a figure of an area is never above its parent's."""

    name: str
    name_en: str = ""
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Info:
    """What a district is.

    Attributes
    ----------
    parent_zh, parent_en
        The city that the district belongs to.
    base_year
        The year of today's figures.
    port_place
        Its port among the places; None where it has none.
    port_area
        The area whose observed throughput is the port's; None where there is none.
    areas
        Areas by name.
    """

    id: str
    name_zh: str
    name_en: str
    base_year: int
    parent_zh: str = ""
    parent_en: str = ""
    port_place: str | None = None
    port_area: str | None = None
    licence: str = ""
    attribution: str = ""
    areas: Mapping[str, Area] | None = None

    def area_chain(self, name: str) -> tuple[str, ...]:
        """The parents of an area, nearest first."""
        areas, found = self.areas or {}, list[str]()
        above = areas[name].parent if name in areas else None
        while above is not None and above not in found:
            found.append(above)
            above = areas[above].parent if above in areas else None
        return tuple(found)


_TEXTS = ("id", "name_zh", "name_en", "parent_zh", "parent_en", "port_place", "port_area", "licence", "attribution")
_REQUIRED = ("id", "name_zh", "name_en", "base_year")
_KEYS = (*_TEXTS, "base_year", "areas")
_AREA_KEYS = ("name", "name_en", "parent")


def read_info(folder: Path) -> tuple[Info | None, list[Fault]]:
    """Read ``district.toml``; None where it cannot be used."""
    content, faults = read_toml(folder / FILE, inside=folder)
    if content is None:
        return None, faults
    for key in content:
        if key not in _KEYS:
            faults.append(Fault(FILE, None, key, None, "unknown key", did_you_mean(key, _KEYS)))
    for key in _REQUIRED:
        if key not in content:
            faults.append(Fault(FILE, None, key, None, "key is missing", f"write {key} = ..."))
    for key in _TEXTS:
        if not isinstance(content.get(key, ""), str):
            faults.append(Fault(FILE, None, key, str(content[key]), "must be text", "put it in quotes"))
    year = content.get("base_year", 2000)
    if not isinstance(year, int) or isinstance(year, bool) or not 1900 <= year <= 2200:
        faults.append(Fault(FILE, None, "base_year", str(year), "must be a year", "write base_year = 2024"))
    areas = _read_areas(content.get("areas", []), faults)
    if faults:
        return None, faults
    known = {key: value for key, value in content.items() if key in (*_TEXTS, "base_year")}
    return Info(**known, areas=areas), faults


def _read_areas(content: Any, faults: list[Fault]) -> dict[str, Area]:
    areas: dict[str, Area] = {}
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        faults.append(Fault(FILE, None, "areas", None, "must be tables", "write [[areas]] before each area"))
        return areas
    for entry in content:
        name = entry.get("name")
        for key in entry:
            if key not in _AREA_KEYS:
                faults.append(Fault(FILE, None, "areas", key, "unknown key of an area", did_you_mean(key, _AREA_KEYS)))
        if not isinstance(name, str) or not all(isinstance(entry.get(key, ""), str) for key in _AREA_KEYS):
            faults.append(Fault(FILE, None, "areas", str(name), "an area needs a name, in text", 'write name = "..."'))
        elif name in areas:
            faults.append(Fault(FILE, None, "areas", name, "area stands twice", "remove one"))
        else:
            areas[name] = Area(name, entry.get("name_en", ""), entry.get("parent"))
    for area in areas.values():
        if area.parent is not None and area.parent not in areas:
            mend = did_you_mean(area.parent, areas) or "add the parent as an area of its own"
            faults.append(Fault(FILE, None, "areas", area.parent, f"parent of {area.name} is no area", mend))
    return areas


def read_toml(
    path: Path, *, inside: Path | None = None, name: str | None = None
) -> tuple[dict[str, Any] | None, list[Fault]]:
    """Read a TOML file; what is wrong with its form is a fault with its line."""
    name = name or path.name
    try:
        if inside is not None and not path.resolve().is_relative_to(inside.resolve()):
            return None, [
                Fault(name, None, None, None, "leads out of the district's folder", "put the file itself into it")
            ]
        if not path.exists():
            return None, [Fault(name, None, None, None, "file is missing", "add it; `qujiang new` writes one")]
        if not path.is_file():
            return None, [Fault(name, None, None, None, "must be a plain file", "put a plain file in its place")]
        if path.stat().st_size > LIMIT_BYTES:
            rule = f"is too large: the limit is {LIMIT_BYTES:,} bytes"
            return None, [Fault(name, None, None, None, rule, "tables belong into CSV files")]
        text = path.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text.replace("\r\n", "\n")), []
    except OSError as error:
        return None, [Fault(name, None, None, None, f"cannot be read: {error.strerror}", "check its permissions")]
    except UnicodeDecodeError:
        return None, [Fault(name, None, None, None, "must be UTF-8 text", "save it as UTF-8")]
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = re.search(r"at line (\d+)", str(error))
        said = re.sub(r" \(at .*\)$", "", str(error))
        return None, [Fault(name, int(at[1]) if at else None, None, None, f"is not TOML: {said}", "mend this line")]


def did_you_mean(written: str, known: Any) -> str:
    """The nearest known word as a question, or nothing.

    >>> did_you_mean("base_yaer", ["base_year", "id"])
    "did you mean 'base_year'?"
    """
    near = difflib.get_close_matches(written, list(known), n=1)
    return f"did you mean '{near[0]}'?" if near else ""


def write_info(info: Info) -> str:
    """The text of ``district.toml``."""
    lines = [f"{key} = {quote(str(value))}" for key in _TEXTS if (value := getattr(info, key))]
    lines.insert(3, f"base_year = {info.base_year}")
    for area in (info.areas or {}).values():
        lines += ["", "[[areas]]", f"name = {quote(area.name)}"]
        lines += [f"name_en = {quote(area.name_en)}"] if area.name_en else []
        lines += [f"parent = {quote(area.parent)}"] if area.parent else []
    return "\n".join(lines) + "\n"


def quote(text: str) -> str:
    """A TOML basic string.

    >>> quote('a "b"')
    '"a \\\\"b\\\\""'
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'
