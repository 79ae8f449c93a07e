"""Read a yearbook's table in one call.

Three layouts are read: periods across with indicators (or areas) down, periods down with indicators across, and the monthly
bulletin, whose period stands in the title. Title, unit line, two-row headings (years above months), growth rows or columns
and notes are recognised; every cell that cannot be read is a fault with its line and column, and every cell that says
"missing" is told (`Reading.missing`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from qujiang.district import observations as series
from qujiang.errors import DataError, Fault
from qujiang.methods.periods import Span
from qujiang.outlook import bulletin, labels
from qujiang.outlook.sheets import read_cells, refuse

SCHEMA = {
    "id": pl.String,
    "area": pl.String,
    "indicator": pl.String,
    "basis": pl.String,
    "period_start": pl.String,
    "period_end": pl.String,
    "observed_value": pl.Float64,
    "unit": pl.String,
    "published_growth_percent": pl.Float64,
    "growth_basis": pl.String,
    "status": pl.String,
    "source": pl.String,
    "note": pl.String,
}
_INDEX = {
    "indicator": ("指标", "项目", "名称", "指标名称"),
    "area": ("地区", "区域", "县区", "县(市、区)", "区县"),
    "unit": ("单位", "计量单位"),
}
_NOTE = re.compile(r"\s*(注|资料来源|数据来源|说明|来源|note|source)\s*[:：]?", re.IGNORECASE)
_UNIT_LINE = re.compile(r"(?:计量)?单位\s*[:：]\s*([^\s,，;；)）]+)")
_AREA = re.compile(r".{1,8}(?:省|市|区|县)|全国")


@dataclass(frozen=True, slots=True)
class Missing:
    """A cell that gives no figure (blank, …, —) where its row and column ask for one; ``text`` as printed."""

    line: int
    column: str
    text: str
    area: str
    indicator: str
    span: Span


@dataclass(frozen=True, slots=True)
class Reading:
    """What a table holds: ``frame`` in the columns of ``observations``, and the cells that hold nothing."""

    frame: pl.DataFrame
    missing: tuple[Missing, ...]


@dataclass(slots=True)
class _Page:
    """The cells of one sheet and what is known about it while it is read."""

    file: str
    cells: list[list[str]]
    area: str
    source: str
    names: dict[str, str]
    title: str = ""
    unit: str | None = None
    note: str = ""
    faults: list[Fault] = field(default_factory=list)
    rows: list[dict[str, object]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    def fault(self, line: int, column: int, value: str, rule: str, mend: str) -> None:
        self.faults.append(Fault(self.file, line + 1, _letter(column), value, rule, mend))


def read_yearbook(
    path: str | Path, *, area: str = "", source: str = "", sheet: str | None = None, names: dict[str, str] | None = None
) -> pl.DataFrame:
    """Read one table of a yearbook as observations in plain units.

    Parameters
    ----------
    path
        ``.xlsx`` or ``.csv`` (UTF-8 or GB18030).
    area
        The area where the table has no column for it.
    source
        What the ``source`` column is to say; else the file's name.
    sheet
        Name of the sheet; else the first.
    names
        Indicator names by printed label, beside the usual ones.

    Returns
    -------
    polars.DataFrame
        One row for each figure, in the columns of ``observations``. A cell that says "missing" (…, —, blank) gives no row;
        `read_table` tells which.

    Raises
    ------
    DataError
        The file cannot be read, has no periods, or holds cells that are no number, no known unit, or no series: a period
        twice, mixed units, a year-to-date value that falls. All faults at once.
    """
    return read_table(path, area=area, source=source, sheet=sheet, names=names).frame


def read_table(
    path: str | Path, *, area: str = "", source: str = "", sheet: str | None = None, names: dict[str, str] | None = None
) -> Reading:
    """As `read_yearbook`, with the cells that hold no figure."""
    file = Path(path)
    cells = [[re.sub(r"\.0$", "", cell.strip()) for cell in row] for row in read_cells(file, sheet)]
    page = _Page(file.name, cells, area, source or file.name, labels.NAMES | (names or {}))
    across = _heading(page)
    if across is not None:
        _read_across(page, across)
    elif (first := _first_period_row(page)) is not None:
        _read_down(page, first)
    elif (heading := _bulletin(page)) is not None:
        _read_across(page, heading)
    else:
        refuse(
            file.name,
            "no periods found",
            "head the columns with 2023年, 2024年 … or 2024年1-8月, begin the rows so, or put 2025年1-8月 into the title and 累计 above the figures",
        )
    frame = pl.DataFrame(
        [row | {"id": f"y{n:04}", "note": page.note} for n, row in enumerate(page.rows, 1)], schema=SCHEMA
    )
    faults = page.faults + series.find_faults(frame, file=page.file, lines=page.lines)
    if faults:
        raise DataError(sorted(faults, key=lambda fault: fault.line or 0))
    if not page.rows:
        refuse(file.name, "the table holds no figure", "fill in at least one")
    return Reading(frame, _told_missing(page))


def _told_missing(page: _Page) -> tuple[Missing, ...]:
    """The missing cells, without those of lines that only head a section (all their cells are blank)."""
    filled = set(page.lines) | {cell.line for cell in page.missing if cell.text}
    return tuple(cell for cell in page.missing if cell.line in filled)


@dataclass(frozen=True, slots=True)
class _Figure:
    """What the figures of a row or column are."""

    name: str
    unit: str
    area: str
    growth: bool


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of figures: the period it stands for, and whether it holds growth."""

    at: int
    basis: str
    span: Span
    growth: bool


@dataclass(frozen=True, slots=True)
class _Heading:
    """The last line of a heading, its columns of figures, and the columns that name a row."""

    line: int
    columns: list[_Column]
    index: dict[str, int]


def _heading(page: _Page) -> _Heading | None:
    for line, row in enumerate(page.cells[:30]):
        if not row or labels.read_period(row[0]) is not None:
            continue  # a row of figures; a large number may look like a year
        cumulative = "累计" in "".join("".join(above) for above in page.cells[:line])
        columns, index = _columns(row, page.cells[line - 1] if line else [], cumulative), _index_columns(row)
        levels = sum(not column.growth for column in columns)
        if levels < 2 and not (levels == 1 and index):
            continue
        _read_preamble(page, line)
        below = page.cells[line + 1] if line + 1 < len(page.cells) else []
        if any(
            labels.read_period(cell) is None and labels.read_period(cell, year=2000) is not None for cell in below[1:]
        ):
            return _Heading(line + 1, _columns(below, row, cumulative), index | _index_columns(below))
        return _Heading(line, columns, index)
    return None


def _bulletin(page: _Page) -> _Heading | None:
    """A heading whose columns take their period from the title."""
    for line, row in enumerate(page.cells[:30]):
        index = _index_columns(row)
        title = bulletin.title_period([cell for above in page.cells[:line] for cell in above]) if index else None
        if title is None:
            continue
        columns: list[_Column] = []
        for at, cell in enumerate(row):
            if at in index.values() or not cell:
                continue
            if columns and labels.is_growth(cell):
                columns.append(_Column(at, columns[-1].basis, columns[-1].span, growth=True))
                continue
            try:
                read = bulletin.column_period(labels.split_unit(cell)[0], title)
            except ValueError as error:
                page.fault(line, at, cell, str(error), "name the period of the column")
                continue
            if read is not None:
                columns.append(_Column(at, *read, growth=False))
        if columns or page.faults:
            _read_preamble(page, line)
            return _Heading(line, columns, index)
    return None


def _columns(row: list[str], above: list[str], cumulative: bool) -> list[_Column]:
    years = _years_above(above, len(row))
    found: list[_Column] = []
    for at, cell in enumerate(row):
        name, _ = labels.split_unit(cell)
        read = labels.read_period(name, year=years[at], cumulative=cumulative) if at else None
        if read is not None and not (years[at] is not None and read[0] == "year" and name.isdigit() and len(name) < 4):
            found.append(_Column(at, read[0], read[1], growth=False))
        elif found and cell and labels.is_growth(cell):
            found.append(_Column(at, found[-1].basis, found[-1].span, growth=True))
    return found


def _years_above(above: list[str], width: int) -> list[int | None]:
    years: list[int | None] = []
    year: int | None = None
    for at in range(width):
        read = labels.read_period(above[at]) if at < len(above) and above[at] else None
        year = read[1].start.year if read is not None and read[0] == "year" else year
        years.append(year)
    return years


def _index_columns(row: list[str]) -> dict[str, int]:
    return {
        name: at for name, words in _INDEX.items() for at, cell in enumerate(row) if re.sub(r"\s+", "", cell) in words
    }


def _read_preamble(page: _Page, line: int) -> None:
    above = [cell for row in page.cells[:line] for cell in row if cell]
    for cell in above:
        found = _UNIT_LINE.search(cell)
        page.unit = found[1] if found else page.unit
    heads = [
        re.sub(r"^(?:表)?\s*[\d\-.一二三四五六七八九十]+\s*[、.\s]*", "", cell)
        for cell in above
        if not _UNIT_LINE.search(cell)
    ]
    page.title = heads[0] if heads else ""
    notes = [cell for row in page.cells[line:] for cell in row[:1] if cell and _NOTE.match(cell)]
    page.note = " ".join(notes)


def _read_across(page: _Page, heading: _Heading) -> None:
    line, columns, index = heading.line, heading.columns, dict(heading.index)
    body = [
        (at, row)
        for at, row in enumerate(page.cells[line + 1 :], line + 1)
        if any(row) and not (row[0] and _NOTE.match(row[0]))
    ]
    if "indicator" not in index and "area" not in index:
        index["area" if body and all(_AREA.fullmatch(row[0]) for _, row in body if row[0]) else "indicator"] = 0
    name = unit = area = ""
    for at, row in body:
        cell = {key: row[column] if column < len(row) else "" for key, column in index.items()}
        label = cell.get("indicator", "")
        growth_row = bool(label) and labels.is_growth(label) and bool(page.rows)
        area = cell.get("area") or area or page.area
        if not growth_row:
            title, title_unit = labels.split_unit(page.title)
            name, own = labels.split_unit(label) if "indicator" in index else (title, title_unit)
            unit = cell.get("unit") or own or page.unit or ""
        for column in columns:
            text = row[column.at] if column.at < len(row) else ""
            figure = _Figure(name, unit, area, growth_row or column.growth)
            _read_cell(page, (at, column.at), text, (column.basis, column.span), figure)


def _read_cell(page: _Page, place: tuple[int, int], text: str, period: tuple[str, Span], figure: _Figure) -> None:
    try:
        number = labels.read_number(text)
    except ValueError as error:
        page.fault(*place, text, str(error), "write a number, or … where it is missing")
        return
    basis, span = period
    indicator = page.names.get(_plain(figure.name), _plain(figure.name))
    if number is None:
        if figure.name and not figure.growth:
            page.missing.append(Missing(place[0] + 1, _letter(place[1]), text, figure.area, indicator, span))
        return
    if figure.growth:
        _keep_growth(page, place, float(number), (figure.area, indicator, basis, *_ends(span)))
    elif not figure.unit:
        mend = "write 单位：亿元 above the table or (亿元) behind the name"
        page.fault(*place, text, f"{figure.name or 'the table'} has no unit", mend)
    else:
        try:
            factor, plain = labels.read_unit(figure.unit)
        except ValueError as error:
            page.fault(*place, figure.unit, str(error), "name the unit")
            return
        known = _observation(page, figure.area, indicator, basis, span)
        page.rows.append(known | {"observed_value": float(number * factor), "unit": plain})
        page.lines.append(place[0] + 1)


def _keep_growth(page: _Page, place: tuple[int, int], percent: float, key: tuple[str, ...]) -> None:
    owner = next((row for row in reversed(page.rows) if _key(row) == key), None)
    if owner is None:
        rule = f"growth of {key[1] or 'nothing'} in {key[3]}..{key[4]} without a level beside it"
        page.fault(*place, f"{percent:g}", rule, "give the level, or leave the growth out")
    else:
        owner["published_growth_percent"] = percent


def _read_down(page: _Page, first: int) -> None:
    if first == 0:
        refuse(
            page.file,
            "the rows have periods, but no heading names the figures",
            "put the names of the figures above the first period",
        )
    heading = page.cells[first - 1]
    _read_preamble(page, first - 1)
    cumulative = "累计" in page.title
    year: int | None = None
    for at, row in enumerate(page.cells[first:], first):
        if not any(row) or _NOTE.match(row[0]):
            continue
        read = labels.read_period(row[0], year=year, cumulative=cumulative)
        if read is None:
            page.fault(
                at, 0, row[0], "is not a period", "write 2024年, 2024年1-8月, 2024-05 …, or begin a note with 注："
            )
            continue
        year = read[1].start.year
        name = unit = ""
        for column in range(1, len(heading)):
            label, own = labels.split_unit(heading[column])
            growth_column = labels.is_growth(heading[column]) and column > 1
            name, unit = (name, unit) if growth_column else (label, own or page.unit or "")
            if heading[column] and column < len(row):
                _read_cell(page, (at, column), row[column], read, _Figure(name, unit, page.area, growth_column))


def _first_period_row(page: _Page) -> int | None:
    firsts = [row[0] if row else "" for row in page.cells]
    line = next((at for at, cell in enumerate(firsts) if labels.read_period(cell) is not None), None)
    if line is None or not any(labels.read_period(cell, year=2000) for cell in firsts[line + 1 :]):
        return None
    return line


def _observation(page: _Page, area: str, indicator: str, basis: str, span: Span) -> dict[str, object]:
    start, end = _ends(span)
    return {
        "area": area,
        "indicator": indicator,
        "basis": basis,
        "period_start": start,
        "period_end": end,
        "published_growth_percent": None,
        "growth_basis": "unknown",
        "status": "documented",
        "source": page.source,
    }


def _ends(span: Span) -> tuple[str, str]:
    return f"{span.start:%Y-%m}", f"{span.end:%Y-%m}"


def _key(row: dict[str, object]) -> tuple[object, ...]:
    return row["area"], row["indicator"], row["basis"], row["period_start"], row["period_end"]


def _plain(name: str) -> str:
    return re.sub(r"^[#\s]*(?:[一二三四五六七八九十\d]+[、.．])?\s*(?:其中[:：])?", "", name).strip()


def _letter(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
