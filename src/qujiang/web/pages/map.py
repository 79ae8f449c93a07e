"""The ground of every map: outlines of the district and the world around it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Response

from qujiang.web.pages.assets import address
from qujiang.web.pages.face import Face
from qujiang.web.pages.place import folder_of
from qujiang.web.pages.public import PublicFace

router = APIRouter(include_in_schema=False)
NOTHING = b'{"type": "FeatureCollection", "features": []}'
#: What a map program says, as keys of ``web.map.``.
SAYS = (
    "zoom_in", "zoom_out", "close", "gesture", "gesture_mac", "gesture_touch", "show", "nothing", "unknown", "schematic",
    "coverage_how", "source", "total", "there", "back", "change", "before", "after", "load", "own", "own_vessels",
    "capacity_vessels", "berths", "capacity", "coverage", "means", "length", "cost", "time", "co2e", "way",
)  # fmt: skip


@router.get("/map/outlines.geojson")
def outlines(face: PublicFace) -> Response:
    """The district's ``outlines.geojson``; no feature where there is none."""
    body = _outlines(folder_of(face.settings))
    return Response(body, headers={"Cache-Control": "private, max-age=3600"}, media_type="application/geo+json")


def map_setting(face: Face, title: str, layers: Sequence[Mapping[str, object]], **more: object) -> str:
    """What ``map.js`` reads from ``data-map``: addresses, layers, words in the page's language."""
    words = {name: face.say(f"web.map.{name}") for name in SAYS}
    modes = {mode: face.say(f"mode.{mode}") for mode in ("water", "road", "rail", "air")}
    statuses = {status: face.code("data_status", status) for status in ("documented", "derived", "assumed")}
    told = {
        "title": title,
        "worker": face.url(address("vendor/maplibre-gl-csp-worker.js")),
        "outlines": face.url("/map/outlines.geojson"),
        "layers": list(layers),
        "words": {**words, "modes": modes, "statuses": statuses},
        **more,
    }
    return json.dumps(told, ensure_ascii=False)


@lru_cache(maxsize=4)
def _outlines(folder: Path) -> bytes:
    path = folder / "outlines.geojson"
    return path.read_bytes() if path.is_file() else NOTHING
