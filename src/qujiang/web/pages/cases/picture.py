"""The picture of a process as a page draws it: words broken into lines, arrows as paths; states come from the room."""

from __future__ import annotations

import re
from typing import Any

from qujiang import cases
from qujiang.cases.model import Bundle
from qujiang.web.pages.desk import names
from qujiang.web.pages.face import Face

TASK_CHARS, LANE_CHARS = 13, 15  # columns of a line; a Chinese sign takes two
PAD = 10
LABEL = 130  # room for the lanes' names, left of the drawing


def picture(face: Face, bundle: Bundle, drawn: dict[str, Any]) -> dict[str, Any]:
    """What the template draws; ``drawn`` as ``cases.drawing`` or ``cases.plan_of`` give it."""
    steps = []
    for node in drawn["nodes"]:
        name = _named(face, bundle, node)
        words = broken(name, TASK_CHARS) if node["kind"] == "userTask" else []
        steps.append(node | {"name": name, "lines": words, "state": node.get("state", "")})
    lanes = [
        lane
        | {
            "x": lane["x"] - LABEL,
            "width": lane["width"] + LABEL,
            "lines": broken(names.department(face, lane["department"]), LANE_CHARS, most=6),
        }
        for lane in drawn["lanes"]
    ]
    edges = [
        {"path": "M" + "L".join(f"{x:g} {y:g}" for x, y in edge["points"]), "travelled": edge.get("travelled", False)}
        for edge in drawn["edges"]
    ]
    x, y = drawn["x"] - PAD - LABEL, drawn["y"] - PAD
    width, height = drawn["width"] + 2 * PAD + LABEL, drawn["height"] + 2 * PAD
    box = f"{x:g} {y:g} {width:g} {height:g}"
    return {"box": box, "width": round(width), "height": round(height), "nodes": steps, "lanes": lanes, "edges": edges}


def _named(face: Face, bundle: Bundle, node: dict[str, Any]) -> str:
    if node["kind"] == "userTask":
        return cases.label(bundle, "step", node["id"], face.language)
    if face.language == "zh":
        return node["name"]
    return face.say(f"web.cases.{node['kind']}") if node["kind"] in ("startEvent", "endEvent") else ""


def broken(text: str, columns: int, most: int = 4) -> list[str]:
    """A name in lines of at most so many columns; the last ends in … where the name is longer."""
    pieces = re.findall(r"[A-Za-z0-9(),.'-]+ ?|.", text)
    lines, here = [], ""
    for piece in pieces:
        if here and _columns(here + piece.rstrip()) > columns:
            lines.append(here.strip())
            here = ""
        here += piece
    lines.append(here.strip())
    return lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1].rstrip(" ,") + "…"]


def _columns(text: str) -> int:
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in text)
