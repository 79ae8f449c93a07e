"""The chains of a quote on the map: lines as GeoJSON, and a plain picture for those without a map program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qujiang.freight.drawn import Drawn
from qujiang.report.flowmap import short_name
from qujiang.report.geography import Frame, frame_around
from qujiang.report.labels import Label, Wish, place_labels
from qujiang.report.quote_words import QuoteWords
from qujiang.words import LANGUAGES, Language, quantity

WIDTH = 760.0
LETTERS, MOST_LABELS = 13.0, 14
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """A leg as the points of an SVG polyline."""

    chain: int
    mode: str
    points: str


@dataclass(frozen=True, slots=True)
class QuotePicture:
    """Outlines, legs, the ends of legs and their names in one language."""

    frame: Frame
    outlines: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    spots: tuple[tuple[float, float], ...]
    labels: tuple[Label, ...]


def leg_lines(answer: Mapping[str, Any], drawn: Sequence[Drawn], words: QuoteWords) -> Json:
    """Every leg of every chain as a line through the places that it passes; its words stand beside it in both languages.

    Parameters
    ----------
    answer
        What ``freight.answer.as_answer`` tells.
    words
        The district's names. A place without a point is passed over, and a leg that keeps less than two has no line.
    """
    features, places = [], words.places
    for one in drawn:
        leg = answer["chains"][one.chain - 1]["legs"][one.leg - 1]
        points = _points(one.places, places)
        if len(points) < 2:
            continue
        ends = {"from": leg["from"], "to": leg["to"]}
        names = {
            f"{end}_{language}": short_name(places[id_], language)
            for end, id_ in ends.items()
            for language in LANGUAGES
        }
        told = {"chain": one.chain, "leg": one.leg, "mode": leg["mode"], **ends, **names, **_words(leg, words)}
        shape = {"type": "LineString", "coordinates": points}
        features.append({"type": "Feature", "geometry": shape, "properties": told})
    return {"type": "FeatureCollection", "status": "assumed", "features": features}


def quote_picture(drawn: Sequence[Drawn], words: QuoteWords, language: Language) -> QuotePicture | None:
    """A picture of the chains; None where no leg has a line."""
    places = words.places
    lines = [(one, _points(one.places, places)) for one in drawn]
    lines = [(one, points) for one, points in lines if len(points) > 1]
    if not lines:
        return None
    frame = frame_around([(lon, lat) for _, points in lines for lon, lat in points], WIDTH)
    outlines = words.outlines
    paths = [] if outlines is None else [(o.kind, outlines.path(o, frame)) for o in outlines.features]
    ends = list(dict.fromkeys(name for one, _ in lines for name in (one.places[0], one.places[-1])))
    at = {name: frame.xy(*_points((name,), places)[0]) for name in ends if _points((name,), places)}
    wishes = [Wish(*point, short_name(places[name], language)) for name, point in at.items()]
    return QuotePicture(
        frame,
        tuple((kind, path) for kind, path in paths if path),
        tuple(Line(one.chain, one.mode, _svg(points, frame)) for one, points in lines),
        tuple(at.values()),
        tuple(place_labels(wishes, frame, LETTERS, MOST_LABELS)),
    )


def _points(names: Sequence[str], places: Mapping[str, Mapping[str, Any]]) -> list[list[float]]:
    rows = [places[name] for name in names if name in places]
    return [
        [row["lon_deg"], row["lat_deg"]] for row in rows if row["lon_deg"] is not None and row["lat_deg"] is not None
    ]


def _svg(points: Sequence[Sequence[float]], frame: Frame) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in (frame.xy(lon, lat) for lon, lat in points))


def _words(leg: Mapping[str, Any], words: QuoteWords) -> dict[str, str]:
    told = {}
    for language in LANGUAGES:
        told[f"length_{language}"] = quantity(leg["km"], "km", language)
        told[f"cost_{language}"] = quantity(leg["yuan_per_t"], "yuan_per_t", language)
        told[f"time_{language}"] = quantity(leg["hours"], "h", language)
        told[f"co2e_{language}"] = quantity(leg["kgco2e_per_t"], "kgco2e_per_t", language)
        told[f"means_{language}"] = words.means(leg).of(language)
    return told
