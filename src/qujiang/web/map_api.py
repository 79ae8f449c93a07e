"""Map layers as GeoJSON, of the district's own plan or of a study; each with an ETag, so that it is sent once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from qujiang.errors import NotFoundError
from qujiang.report import layers
from qujiang.web.acts import Reading
from qujiang.web.pages.place import folder_of
from qujiang.web.plans import Plans, Which
from qujiang.web.studies_api import AskedFor, Code, HasPlans, PlanRead

router = APIRouter(tags=["map"])
TYPE = "application/geo+json"
Year = Annotated[int | None, Query(ge=1900, le=2200)]
Cargo = Annotated[str | None, Query(max_length=40, pattern=r"^[\w-]*$")]


@router.get("/map/outlines.geojson")
def outlines(request: Request, read: PlanRead, plans: HasPlans) -> Response:
    """Outlines of the district and around it."""
    return send(request, layers.outlines(folder_of(plans.settings)))


@router.get("/map/flows.geojson")
def flows(
    request: Request, read: PlanRead, plans: HasPlans, which: AskedFor, year: Year = None, cargo: Cargo = None
) -> Response:
    """Tonnes a year between neighbouring places by mode, of all cargo or one, in a year (the last one by default)."""
    return _layer(request, read, plans, which, lambda a: layers.flows(a, _year(a, year), cargo=cargo or None))


@router.get("/map/locks.geojson")
def locks(request: Request, read: PlanRead, plans: HasPlans, which: AskedFor, year: Year = None) -> Response:
    """Locks with the share of their capacity in use, in a year."""
    return _layer(request, read, plans, which, lambda a: layers.locks(a, _year(a, year)))


@router.get("/map/places.geojson")
def places(request: Request, read: PlanRead, plans: HasPlans, which: AskedFor) -> Response:
    """Places that some flow touches."""
    return _layer(request, read, plans, which, layers.places)


@router.get("/map/terminals.geojson")
def terminals(request: Request, read: PlanRead, plans: HasPlans, which: AskedFor) -> Response:
    """Terminals of the port and of others."""
    return _layer(request, read, plans, which, layers.terminals)


@router.get("/map/venues.geojson")
def venues(request: Request, read: PlanRead, plans: HasPlans, which: AskedFor) -> Response:
    """Venues with a point."""
    return _layer(request, read, plans, which, layers.venues)


@router.get("/map/coverage.geojson")
def coverage(request: Request, read: PlanRead, plans: HasPlans, which: AskedFor) -> Response:
    """A walk of 15 minutes around open venues: an approximation by straight lines, its assumptions with it."""
    return _layer(request, read, plans, which, layers.coverage)


@router.get("/map/flow-differences.geojson")
def flow_differences(
    request: Request,
    read: PlanRead,
    plans: HasPlans,
    which: AskedFor,
    other: Code = None,
    year: Year = None,
    cargo: Cargo = None,
) -> Response:
    """Tonnes of a study less those of the district's own plan, or of another study."""
    before, after = _two(read, plans, which, other)
    return send(request, layers.flow_differences(before, after, _year(after, year), cargo=cargo or None))


@router.get("/map/lock-differences.geojson")
def lock_differences(
    request: Request, read: PlanRead, plans: HasPlans, which: AskedFor, other: Code = None, year: Year = None
) -> Response:
    """Load of the locks in a study and in the district's own plan, or another study."""
    before, after = _two(read, plans, which, other)
    return send(request, layers.lock_differences(before, after, _year(after, year)))


def _layer(
    request: Request,
    read: Reading,
    plans: Plans,
    which: Which,
    make: Callable[[Mapping[str, Any]], dict[str, Any]],
) -> Response:
    with read.house.store.read() as connection:
        known = plans.shown(connection, read.caller, which)
    return send(request, make(known.content))


def _two(read: Reading, plans: Plans, which: Which, other: str | None) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    with read.house.store.read() as connection:
        return plans.shown(connection, read.caller, Which(other)).content, plans.shown(
            connection, read.caller, which
        ).content


def _year(answer: Mapping[str, Any], year: int | None) -> int:
    years = answer["map"]["years"]
    if not years:
        raise NotFoundError("the district has no flows: its freight tables are empty")
    return years[-1] if year is None else year


def send(request: Request, layer: dict[str, Any]) -> Response:
    """A layer, or 304 where the caller has it already; asked again each time, because the answer may be one person's."""
    body = json.dumps(layer, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    mark = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = {"ETag": mark, "Cache-Control": "private, no-cache", "Vary": "Cookie, Authorization, X-API-Key"}
    if mark in [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=TYPE)
