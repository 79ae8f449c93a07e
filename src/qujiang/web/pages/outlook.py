"""The outlook: what every target asks, where it goes, and each observed series with its bands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from qujiang.errors import NotFoundError, ScenarioError
from qujiang.report.outlook_rows import one_series, series, targets
from qujiang.report.series_chart import HEIGHT, LEFT, TOP, WIDTH, series_chart
from qujiang.web.pages.face import Face
from qujiang.web.pages.place import district_of, folder_of
from qujiang.web.pages.public import PublicFace
from qujiang.web.pages.sources import titles_of, told_by
from qujiang.web.pages.views import View, view
from qujiang.web.pages.warm import Warm
from qujiang.web.plans import Plans, plans_of
from qujiang.words import Both

router = APIRouter(include_in_schema=False)
HasPlans = Annotated[Plans, Depends(plans_of)]
_series: Warm = Warm(256, at_once=2, queue=12)


@view(router, "/outlook", "outlook/outlook.html.j2")
def outlook(face: PublicFace, plans: HasPlans) -> View:
    """Every target, and every series that was observed."""
    district = district_of(face.settings)
    answer = own_plan(face, plans)
    rows = targets(district, answer)
    data = {
        "base_year": district.info.base_year,
        "computed": answer is not None,
        "targets": rows,
        "series": series(district),
    }
    flat = [{name: _flat(value) for name, value in row.items()} for row in rows]
    return View(data, flat, {"area": _areas(district.info), "source": told_by(face, titles_of(district))})


@view(router, "/outlook/{indicator}/{area}", "outlook/series.html.j2")
def observed(face: PublicFace, indicator: str, area: str) -> View:
    """One series: what was published, and where it goes."""
    district = district_of(face.settings)
    try:
        told = _series.get((folder_of(face.settings), indicator, area), lambda: one_series(district, area, indicator))
    except ScenarioError as error:
        raise NotFoundError(str(error)) from None
    rows = [
        *({"kind": "published", **row} for row in told["published"]),
        *(
            {"kind": "ahead", "period": year["year"], "value": year["median"], **_ends(year)}
            for year in told["forecast"] or ()
        ),
    ]
    chart = series_chart(told, face.language)
    frame = {"width": WIDTH, "height": HEIGHT, "left": LEFT, "top": TOP}
    aside = {"chart": chart, "frame": frame, "area_": _areas(district.info)}
    return View(told, rows, aside | {"source": told_by(face, titles_of(district))})


def own_plan(face: Face, plans: Plans) -> Mapping[str, Any] | None:
    """The plan's kept answer; None while there is none."""
    try:
        with face.house.store.read() as connection:
            return plans.own(connection).content
    except NotFoundError:
        return None


def _areas(info: Any) -> Mapping[str, Both]:
    """Areas of the figures by their Chinese name; an area without an English one keeps the Chinese."""
    return {name: Both(area.name_en or name, name) for name, area in (info.areas or {}).items()}


def _ends(year: Mapping[str, Any]) -> dict[str, float]:
    return {
        f"{side}_{level}": value
        for level in year["low"]
        for side, value in (("low", year["low"][level]), ("high", year["high"][level]))
    }


def _flat(value: object) -> object:
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else value
