"""The outlines that the bundled district ships."""

from __future__ import annotations

import json
from importlib.resources import files

FILE = files("qujiang") / "districts" / "qujiang" / "outlines.geojson"


def test_outlines_are_small_closed_and_attributed():
    text = FILE.read_text(encoding="utf-8")
    told = json.loads(text)
    assert len(text.encode()) < 200_000
    assert "Natural Earth" in told["attribution"] and "Permission to use" in told["licence"]
    assert told["datum"] == "WGS84"
    for feature in told["features"]:
        assert feature["geometry"]["type"] == "Polygon"
        for ring in feature["geometry"]["coordinates"]:
            assert len(ring) >= 4 and ring[0] == ring[-1]
            assert all(100 < lon < 135 and 15 < lat < 50 for lon, lat in ring)
