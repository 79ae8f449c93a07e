"""What ``map.js`` is told by a page: addresses of layers, and the words of the page's language."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from qujiang.web.pages.assets import address
from qujiang.web.pages.face import Face

#: What a map program says, as keys of ``web.map.``.
SAYS = (
    "zoom_in", "zoom_out", "close", "gesture", "gesture_mac", "gesture_touch", "show", "nothing", "unknown", "schematic",
    "coverage_how", "source", "total", "there", "back", "change", "before", "after", "load", "own", "own_vessels",
    "capacity_vessels", "berths", "capacity", "coverage", "means", "length", "cost", "time", "co2e", "way",
)  # fmt: skip


def map_setting(face: Face, title: str, layers: Sequence[Mapping[str, object]], **more: object) -> str:
    """The setting of a map, for ``data-map``.

    Parameters
    ----------
    layers
        In any order: ``id``, ``kind`` (flows, locks, places, terminals, venues, coverage, legs) and ``url`` of a GeoJSON; ``YEAR`` and
        ``CARGO`` as values of its query stand for the controls' fields, and a part whose field is empty is left out.
    more
        ``controls``: id of the form with the fields ``layer``, ``year``, ``cargo``; ``near``: (lon, lat, zoom) of the button
        ``data-map-view="near"``; ``chain``: the chosen chain; ``sources``: source of a kind's figures; ``titles``: title of a source.
    """
    words = {name: face.say(f"web.map.{name}") for name in SAYS}
    modes = {mode: face.say(f"mode.{mode}") for mode in ("water", "road", "rail", "air")}
    statuses = {status: face.code("data_status", status) for status in ("documented", "derived", "assumed")}
    told = {
        "title": title,
        "worker": face.url(address("vendor/maplibre-gl-csp-worker.js")),
        "outlines": face.url("/api/v1/map/outlines.geojson"),
        "layers": list(layers),
        "words": {**words, "modes": modes, "statuses": statuses},
        **more,
    }
    return json.dumps(told, ensure_ascii=False)
