"""Columns of a terminal: widths that count a Chinese character as two, folding, alignment."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import combining, east_asian_width

GAP = "  "
#: No line starts with one of these.
KEPT = "，。；：、）％/*%万亿元吨"


def display_width(text: str) -> int:
    """Cells that a text takes on a terminal.

    >>> display_width("qujiang"), display_width("衢江")
    (7, 4)
    """
    return sum(0 if combining(c) else 1 if c == "\n" else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """A text with blanks up to a width [cells]."""
    blanks = " " * max(0, width - display_width(text))
    return blanks + text if right else text + blanks


def fold(text: str, width: int) -> list[str]:
    """A text in lines of at most a width [cells]: between words, or after any Chinese character.

    A line break in the text is kept only where the text does not fit on one line.

    >>> fold("freight of the port\\n港区年吞吐量", 13)
    ['freight of', 'the port', '港区年吞吐量']
    """
    if display_width(text) <= width:
        return [text.replace("：\n", "：").replace("\n", " ")]
    return [line for part in text.split("\n") for line in _fold(part, width)]


def _fold(text: str, width: int) -> list[str]:
    lines, line = [], ""
    for piece in _pieces(text):
        if line and display_width(line) + display_width(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
        while display_width(line.rstrip()) > width:
            cut = _cut(line, width)
            lines.append(line[:cut])
            line = line[cut:].lstrip()
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def table_lines(rows: Sequence[Sequence[str]], width: int, *, right: Sequence[int] = ()) -> list[str]:
    """Rows as aligned lines within a width [cells]; the widest columns are folded where it is too small.

    ``right`` names the columns that are aligned to the right.
    """
    widths = _widths(rows, width)
    lines = []
    for row in rows:
        cells = [fold(cell, w) for cell, w in zip(row, widths, strict=True)]
        for depth in range(max(map(len, cells))):
            parts = [
                pad(cell[depth] if depth < len(cell) else "", w, right=i in right)
                for i, (cell, w) in enumerate(zip(cells, widths, strict=True))
            ]
            lines.append(GAP.join(parts).rstrip())
    return lines


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    widths = [max(display_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    spare = width - len(GAP) * (len(widths) - 1)
    while sum(widths) > spare and max(widths) > 8:
        widest = widths.index(max(widths))
        widths[widest] -= 1
    return [max(w, 2) for w in widths]  # a Chinese character needs two cells


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for char in text:
        wide = east_asian_width(char) in "WF"
        joins = (
            bool(pieces) and not wide and not pieces[-1].endswith(" ") and east_asian_width(pieces[-1][-1]) not in "WF"
        )
        if pieces and (joins or char == " " or char in KEPT):
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces


def _cut(line: str, width: int) -> int:
    used = 0
    for index, char in enumerate(line):
        used += display_width(char)
        if used > width:
            return max(index, 1)
    return len(line)
