"""Labels of a map: each where it hides no other; the ones that do not fit are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qujiang.report.columns import display_width
from qujiang.report.geography import Frame

#: Width of a terminal cell over the size of the letters, measured on common sans-serif faces.
CELL = 0.53
LINE = 1.15
SIGN = 4.5


@dataclass(frozen=True, slots=True)
class Wish:
    """A point that wants a label; the earlier in a list, the more it matters.

    ``radius`` is the size of its sign; a ``strong`` one gets its label even where it hides signs.
    """

    x: float
    y: float
    text: str
    radius: float = 4.0
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A placed label: baseline point and anchor."""

    x: float
    y: float
    anchor: str
    text: str
    strong: bool


Box = tuple[float, float, float, float]


def place_labels(
    wishes: Sequence[Wish], frame: Frame, size: float, most: int, signs: Sequence[tuple[float, float]] = ()
) -> list[Label]:
    """Place labels one after the other at the first of eight places round their point that is free.

    Parameters
    ----------
    wishes
        Points in order of weight.
    size
        Size of the letters [points].
    most
        How many labels at the utmost.
    signs
        Other points of the picture that no label may hide.
    """
    taken: list[Box] = [_sign(wish) for wish in wishes]
    taken += [(x - SIGN, y - SIGN, x + SIGN, y + SIGN) for x, y in signs]
    placed: list[Label] = []
    for index, wish in enumerate(wishes):
        if len(placed) >= most:
            break
        others = taken[:index] + taken[index + 1 :]
        inside = [(label, box) for label, box in _places(wish, size) if _inside(box, frame)]
        free = [(label, box) for label, box in inside if not any(_overlap(box, other) for other in others)]
        for label, box in (free or inside if wish.strong else free)[:1]:
            placed.append(label)
            taken.append(box)
    return placed


def _places(wish: Wish, size: float) -> list[tuple[Label, Box]]:
    wide, tall = display_width(wish.text) * CELL * size, size * LINE
    gap = wish.radius + 2.5
    found = []
    for dx, dy, anchor in ((gap, 0, "start"), (-gap, 0, "end"), (0, -gap - tall / 2, "middle"), (0, gap + tall / 2, "middle"),
                           (gap * 0.8, -tall * 0.7, "start"), (gap * 0.8, tall * 0.7, "start"),
                           (-gap * 0.8, -tall * 0.7, "end"), (-gap * 0.8, tall * 0.7, "end")):  # fmt: skip
        x, y = wish.x + dx, wish.y + dy
        left = {"start": x, "end": x - wide, "middle": x - wide / 2}[anchor]
        box = (left, y - tall / 2, left + wide, y + tall / 2)
        found.append((Label(round(x, 1), round(y + size * 0.36, 1), anchor, wish.text, wish.strong), box))
    return found


def _sign(wish: Wish) -> Box:
    r = wish.radius
    return (wish.x - r, wish.y - r, wish.x + r, wish.y + r)


def _inside(box: Box, frame: Frame) -> bool:
    return frame.holds(box[0], box[1], 2) and frame.holds(box[2], box[3], 2)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
