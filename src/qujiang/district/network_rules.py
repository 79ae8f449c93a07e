"""Rules on the networks: no islands, no link shorter than straight, seasons that fill the year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from qujiang.district.networks import open_graph, parts, points_of, straight_lengths
from qujiang.district.scopes import CrossRule, Scope
from qujiang.errors import Fault

#: Lengths are published to the kilometre; points to some hundred metres.
SLACK_KM = 0.5
LINKS = ("from_place", "to_place", "length_km", "state")
NETWORKS = {"water_links": "water", "road_links": "road", "rail_links": "rail"}


def find_islands(scope: Scope) -> Iterator[Fault]:
    """The open links of a mode hang together, and hold the port where the mode reaches it."""
    for table, mode in NETWORKS.items():
        graph = open_graph(scope.frames[table], freight_only=mode == "rail")
        if not graph:
            continue
        found = parts(graph)
        port = scope.info.port_place
        main = next((part for part in found if port in part), found[0])
        for part in found:
            if part is not main:
                names = ", ".join(sorted(part)[:4]) + (", ..." if len(part) > 4 else "")
                row = _first_link(scope, table, part)
                rule = f"is an island of the {mode} network: no open way leads from {names} to the rest"
                yield scope.fault(table, row, "from_place", rule, "add the open link that is missing")
        if port is not None and mode != "rail" and port not in main:
            rule = f"has no open link to the port {port}"
            yield scope.fault(table, None, "from_place", rule, "add it, or mend port_place in district.toml")


def _first_link(scope: Scope, table: str, part: set[str]) -> int | None:
    ends = scope.frames[table]["from_place"].to_list()
    states = scope.frames[table]["state"].to_list()
    return next((row for row, end in enumerate(ends) if end in part and states[row] == "open"), None)


def find_unreachable_demand(scope: Scope) -> Iterator[Fault]:
    """Every place of demand can be reached by road."""
    demand = scope.frames["demand"]
    if demand.is_empty():
        return
    graph = open_graph(scope.frames["road_links"])
    port = scope.info.port_place
    main = next((part for part in parts(graph) if port in part), set(graph))
    told: set[str] = set()
    for column in ("origin", "destination"):
        for row, place in enumerate(demand[column]):
            if place is not None and place not in main and place not in told:
                told.add(place)
                rule = "has demand and cannot be reached by road"
                yield scope.fault("demand", row, column, rule, "add an open row to road_links.csv")


def find_short_links(scope: Scope) -> Iterator[Fault]:
    """No link is shorter than the straight distance of its ends."""
    points = points_of(scope.frames["places"])
    for table in NETWORKS:
        frame = scope.frames[table]
        for row, straight in enumerate(straight_lengths(frame, points)):
            length = frame["length_km"][row]
            if straight is not None and length is not None and length + SLACK_KM < straight:
                rule = f"is shorter than the straight distance of its ends, {straight:.1f} km"
                yield scope.fault(table, row, "length_km", rule, "mend the length, or the points of the two places")


def find_wrong_straight(scope: Scope) -> Iterator[Fault]:
    """A written straight distance is the one of the points."""
    frame = scope.frames["road_links"]
    for row, straight in enumerate(straight_lengths(frame, points_of(scope.frames["places"]))):
        written = frame["great_circle_km"][row]
        if straight is not None and written is not None and abs(written - straight) > SLACK_KM:
            rule = f"is not the straight distance of its ends, {straight:.1f} km"
            yield scope.fault("road_links", row, "great_circle_km", rule, "write that, or leave the cell empty")


def find_season_gaps(scope: Scope) -> Iterator[Fault]:
    """The seasons of a link fill the year, each month once."""
    frame = scope.frames["channel_limits"]
    months: dict[str, list[int]] = defaultdict(list)
    first: dict[str, int] = {}
    for row, (link, text) in enumerate(zip(frame["link"], frame["months"], strict=True)):
        if link is not None and text is not None:
            first.setdefault(link, row)
            months[link] += months_of(text)
    for link, found in months.items():
        missing = [f"{month:02}" for month in range(1, 13) if month not in found]
        twice = [f"{month:02}" for month in range(1, 13) if found.count(month) > 1]
        if missing or twice:
            said = " and ".join(
                [f"leave out month {', '.join(missing)}"] * bool(missing)
                + [f"hold month {', '.join(twice)} twice"] * bool(twice)
            )
            rule = f"the seasons of {link} {said}"
            yield scope.fault("channel_limits", first[link], "months", rule, "each month belongs to one season")


def months_of(text: str) -> list[int]:
    """The months of ``MM-MM``, across the new year where the first is the later.

    >>> months_of("12-02")
    [12, 1, 2]
    """
    first, last = (int(part) for part in text.split("-"))
    return [(first - 1 + step) % 12 + 1 for step in range((last - first) % 12 + 1)]


_ENDS = {"water_links": (*LINKS, "locks"), "road_links": LINKS, "rail_links": (*LINKS, "freight")}
RULES = (
    CrossRule(_ENDS, find_islands),
    CrossRule({"road_links": LINKS, "demand": ("origin", "destination")}, find_unreachable_demand),
    CrossRule({**_ENDS, "places": ("lon_deg", "lat_deg")}, find_short_links),
    CrossRule(
        {"road_links": ("from_place", "to_place", "great_circle_km"), "places": ("lon_deg", "lat_deg")},
        find_wrong_straight,
    ),
    CrossRule({"channel_limits": ("link", "months")}, find_season_gaps),
)
