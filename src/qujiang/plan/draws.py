"""What is drawn in each future, from which law, and what moves together.

Every uncertain number is one named input with low, middle and high. A number with a middle follows the triangular law with
its mode there; one with ends only the uniform law. Inputs of one correlation group share a factor (Gaussian copula).
Targets are not here: they are never drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.special import ndtri

from qujiang.district.economy import follows
from qujiang.district.observations import Observations
from qujiang.errors import ScenarioError
from qujiang.freight.problem import FreightProblem
from qujiang.freight.rates import NEEDED, TURN_AWAY
from qujiang.methods import quasi_random
from qujiang.methods.forecast import LEVELS
from qujiang.outlook.foresee import foresee
from qujiang.plan.input_names import row_names, with_names
from qujiang.words import Both

#: Correlation of the normal scores of two growths of one group (assumed).
GROUP_CORRELATION = 0.6
#: The same for two locks, and for the traffic of others at two locks (assumed).
LOCK_CORRELATION = 0.5
#: Rates that no repricing can follow: they decide which vessels fit which link.
HELD = ("ukc_m",)
#: Prices whose range is one of time: today's is the middle, the draw is the target year's. Every other rate is unknown today
#: and the same in both years.
MOVING = ("diesel_price",)
#: Items of ``port_equipment`` that are drawn, each alike at all terminals of the port.
EQUIPMENT = (
    "working_days", "hours_per_day", "auxiliary_hours", "berthing_hours", "berth_utilisation", "design_call_t",
    "gate_minutes",
)  # fmt: skip
#: What a rate is that a district may leave out.
WITHOUT_ROW = {TURN_AWAY: "wait at a lock beyond which the traffic of others turns away"}
#: Streams of chance: what the plan's rooms compute, and what is only foreseen.
ROOMS, FORESIGHT = 0, 1

Floats = np.ndarray


@dataclass(frozen=True, slots=True)
class Input:
    """One uncertain number. ``group`` names its common factor; ``law`` is triangular, uniform, normal, bands or factor.

    A negative ``correlation`` moves it against the factor.
    For the normal law ``middle`` is the mean and ``high - middle`` the standard deviation.
    """

    key: str
    name_en: str
    low: float
    middle: float
    high: float
    law: str
    group: str = ""
    correlation: float = 0.0
    name_zh: str = ""  # filled by ``input_names``; empty where nothing Chinese is known of it
    knots: tuple[tuple[float, float], ...] = ()  # of the law ``bands``: normal score and value, rising

    def at(self, position: Floats) -> Floats:
        """Values at positions in (0, 1)."""
        if self.law == "triangular":
            return quasi_random.triangular(position, self.low, self.middle, self.high)
        if self.law == "uniform":
            return quasi_random.uniform(position, self.low, self.high)
        if self.law == "bands" and self.knots:
            return quasi_random.through_knots(position, *zip(*self.knots, strict=True))
        return quasi_random.normal(position, self.middle, self.high - self.middle)


@dataclass(frozen=True, slots=True)
class Inputs:
    """All inputs of one stream, factors first."""

    stream: int
    items: tuple[Input, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Names in the order of their dimensions."""
        return tuple(item.key for item in self.items)

    def collapsed(self) -> Inputs:
        """Every range shrunk to its middle: the base future."""
        return Inputs(self.stream, tuple(replace(x, low=x.middle, high=x.middle, knots=()) for x in self.items))

    def own(self, seed: int, block: int, again: str = "") -> dict[str, Floats]:
        """Independent points of one block of futures, shape (128,) each, before groups share anything.

        The input named by ``again`` is drawn a second time, apart from the first; all others stay as they are.
        """
        names = [f"{key}, again" if key == again else key for key in self.keys]
        points = quasi_random.points(seed, self.stream, block, names)
        return {item.key: points[:, column] for column, item in enumerate(self.items)}

    def positions(self, own: Mapping[str, Floats]) -> dict[str, Floats]:
        """Positions from independent points: inputs of a group share their factor."""

        def shared(item: Input) -> Floats:
            factor = own[item.group] if item.correlation > 0 else 1 - own[item.group]
            return quasi_random.with_common_factor(own[item.key], factor, abs(item.correlation))

        return {item.key: shared(item) if item.group else own[item.key] for item in self.items}

    def values(self, positions: Mapping[str, Floats]) -> dict[str, Floats]:
        """Values at positions; factors have none."""
        return {item.key: item.at(positions[item.key]) for item in self.items if item.law != "factor"}


def triangular(key: str, name: str, low: float | None, middle: float, high: float | None, **group) -> Input | None:
    """An input around a middle; None where the number has no range."""
    least = middle if low is None else min(low, middle)
    most = middle if high is None else max(high, middle)
    return Input(key, name, least, middle, most, "triangular", **group) if most > least else None


def room_inputs(
    tables: Mapping[str, pl.DataFrame],
    assumptions: pl.DataFrame,
    problem: FreightProblem,
    locks: Sequence[str],
    place: str,
) -> Inputs:
    """Inputs of freight, port and locks.

    Parameters
    ----------
    assumptions
        ``district.assumptions()``: the ranges of numbers whose tables have no columns for them.
    problem
        Its rates are the middles: what a calibration fitted stays the mode.
    locks
        Locks that the district's own vessels pass.
    place
        The place of the port.
    """
    found = [
        *_rates(problem, tables),
        *_cargoes(tables, assumptions),
        *_demand(tables),
        *_port(tables, place),
        *_locks(tables, assumptions, locks),
        *_peers(tables),
    ]
    kept = [item for item in found if item is not None]
    groups = dict.fromkeys(item.group for item in kept if item.group)
    factors = [
        Input(name, f"{name.removeprefix('factor:')}: what its parts share", 0, 0.5, 1, "factor") for name in groups
    ]
    return Inputs(ROOMS, with_names((*factors, *kept), row_names(tables)))


def _rates(problem: FreightProblem, tables: Mapping[str, pl.DataFrame]) -> Iterator[Input | None]:
    rates = problem.rates
    words = dict(zip(tables["rates"]["id"], tables["rates"]["description"], strict=True))
    for name in rates.value:
        known = name in NEEDED or name.startswith("lock_wait_h.") or name in ("truck_payload", TURN_AWAY)
        if known and name not in HELD:
            yield triangular(
                f"rates:{name}",
                words.get(name) or WITHOUT_ROW.get(name, name),
                rates.low.get(name),
                rates[name],
                rates.high.get(name),
            )


def _cargoes(tables: Mapping[str, pl.DataFrame], assumptions: pl.DataFrame) -> Iterator[Input | None]:
    yield Input("cargoes:value_of_time", "value of time of all cargoes", 0.0, 0.5, 1.0, "uniform")
    low, high = factors(assumptions, "cargoes", "container_share")
    yield triangular("cargoes:container_share", "part of mixed cargoes that goes in boxes", low, 1.0, high)
    low, high = factors(assumptions, "rail_tariffs", "distance_value")
    yield triangular("rail_tariffs", "rail tariffs", low, 1.0, high)


def _demand(tables: Mapping[str, pl.DataFrame]) -> Iterator[Input | None]:
    names = dict(zip(tables["cargoes"]["id"], tables["cargoes"]["name_en"], strict=True))
    for row in tables["demand_growth"].to_dicts():
        yield triangular(
            f"growth:{row['cargo']}", f"growth of {names.get(row['cargo'], row['cargo'])}",
            row["growth_low_percent"], row["growth_percent"], row["growth_high_percent"],
            **_in_group(row["correlation_group"], GROUP_CORRELATION),
        )  # fmt: skip
        if follows(row):
            yield triangular(
                f"elasticity:{row['cargo']}", f"elasticity of {names.get(row['cargo'], row['cargo'])} to the economy",
                row["elasticity_low_ratio"], row["elasticity_ratio"], row["elasticity_high_ratio"],
            )  # fmt: skip
    ends = ("demand_low_t_per_year", "demand_high_t_per_year")
    total = (
        tables["demand"]
        .group_by("cargo", maintain_order=True)
        .agg(
            pl.col("demand_t_per_year").sum(),
            *(pl.col(end).fill_null(pl.col("demand_t_per_year")).sum() for end in ends),
        )
    )
    for cargo, middle, low, high in total.iter_rows():
        if middle > 0:
            yield triangular(
                f"share:{cargo}",
                f"share of {names.get(cargo, cargo)} in the demand",
                low / middle,
                1.0,
                high / middle,
            )


def _in_group(name: str | None, correlation: float) -> dict:
    return {"group": f"factor:{name}", "correlation": correlation} if name else {}


def _port(tables: Mapping[str, pl.DataFrame], place: str) -> Iterator[Input | None]:
    here = set(tables["terminals"].filter(pl.col("place") == place)["id"])
    rows = [row for row in tables["port_equipment"].to_dicts() if row["terminal"] in here]
    for item in EQUIPMENT:
        mine = [row for row in rows if row["item"] == item and None not in (row["low_value"], row["high_value"])]
        if mine:
            value = sum(row["equipment_value"] for row in mine)
            low, high = (sum(row[end] for row in mine) / value for end in ("low_value", "high_value"))
            yield triangular(f"port_equipment:{item}", item.replace("_", " "), low, 1.0, high)
    berths = [
        row
        for row in tables["berths"].to_dicts()
        if row["terminal"] in here and row["crane_rate_low_t_per_h"] and row["crane_rate_high_t_per_h"]
    ]
    if berths:
        value = sum(row["crane_rate_t_per_h"] for row in berths)
        low, high = (sum(row[f"crane_rate_{end}_t_per_h"] for row in berths) / value for end in ("low", "high"))
        yield triangular("berths:crane_rate_t_per_h", "crane rate", low, 1.0, high)


def _locks(
    tables: Mapping[str, pl.DataFrame], assumptions: pl.DataFrame, locks: Sequence[str]
) -> Iterator[Input | None]:
    own = set(locks)
    rows = [row for row in tables["locks"].to_dicts() if row["id"] in own]
    shared = _in_group("lock operation", LOCK_CORRELATION)
    minutes = [row for row in rows if row["lockage_low_min"] is not None and row["lockage_high_min"] is not None]
    if minutes:
        value = sum(row["lockage_min"] for row in minutes)
        low, high = (sum(row[f"lockage_{end}_min"] for row in minutes) / value for end in ("low", "high"))
        # slow locks pass fewer: the time moves against the number of lockages
        against = _in_group("lock operation", -LOCK_CORRELATION)
        yield triangular("locks:lockage_min", "time of a lockage, for the vessel", low, 1.0, high, **against)
    for row in rows:
        for column in ("lockages_{}per_year", "vessels_per_lockage_{}count"):
            value, low, high = (row[column.format(end)] for end in ("", "low_", "high_"))
            yield triangular(
                f"{column.format('')}:{row['id']}", f"{column.format('').replace('_', ' ')}, {row['name_en']}",
                low, value, high, **shared,
            )  # fmt: skip
    names = {row["id"]: row["name_en"] for row in rows}
    low, high = factors(assumptions, "background", "vessels_count")
    for lock in tables["background"]["lock"].unique(maintain_order=True):
        if lock in own:
            growth = tables["background"].filter(pl.col("lock") == lock)
            ends = [float(growth[f"growth_{end}_percent"].fill_null(0).to_numpy().mean()) for end in ("low", "high")]
            if ends[1] > ends[0]:
                yield Input(
                    f"background_growth:{lock}", f"growth of others at {names[lock]}", ends[0],
                    sum(ends) / 2, ends[1], "uniform", **_in_group("traffic of others", LOCK_CORRELATION),
                )  # fmt: skip
            yield triangular(f"background:{lock}", f"vessels of others at {names[lock]}", low, 1.0, high)


def _peers(tables: Mapping[str, pl.DataFrame]) -> Iterator[Input | None]:
    asked = set(tables["measures"].filter(pl.col("model") == "freight_peer_ratio")["model_argument"])
    for row in tables["peer_ports"].to_dicts():
        if row["port"] in asked and row["throughput_t"]:
            yield triangular(
                f"peer:{row['port']}:{row['year']}", f"throughput of {row['name_en']} in {row['year']}",
                row["throughput_low_t"], row["throughput_t"], row["throughput_high_t"],
            )  # fmt: skip


def factors(assumptions: pl.DataFrame, table: str, column: str) -> tuple[float, float]:
    """Widest range of a column as factors on its values; (1, 1) where it has none."""
    rows = assumptions.filter(
        (pl.col("table") == table)
        & (pl.col("column") == column)
        & (pl.col("value") > 0)
        & pl.col("low").is_not_null()
        & pl.col("high").is_not_null()
    )
    if not rows.height:
        return 1.0, 1.0
    low, high = (rows["low"] / rows["value"]).min(), (rows["high"] / rows["value"]).max()
    return float(low), float(high)  # type: ignore[arg-type]


#: Standard deviation of the yearly growth around the published one [percentage points] (assumed).
GROWTH_DEVIATION = 3.0
#: The same where nothing says that a measure grows: a wide prior around no growth (assumed).
CARRIED_DEVIATION = 10.0
#: Correlation, in the wanted direction, of the growths of one landmark's measures (assumed).
LANDMARK_CORRELATION = 0.5


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a forecast says of a measure's year: ``ratios`` of its bands' ends to its median, by normal score; and how it came about.

    ``reason`` says why there is none. The base future keeps its own course: the forecast gives the spread around it, and its own
    median is told beside.
    """

    year: int
    median: float | None
    points_count: int
    how: str
    ratios: tuple[tuple[float, float], ...] = ()
    reason: str = ""

    def as_dict(self) -> dict:
        """JSON form."""
        return {
            "year": self.year, "median": self.median, "points_count": self.points_count, "how": self.how,
            "ratios_by_score": [list(pair) for pair in self.ratios], "reason": self.reason,
        }  # fmt: skip


def foresee_measure(observations: Observations, area: str, indicator: str, year: int) -> Foreseen:
    """The forecast of one indicator for one year, from the outlook room; without one the reason."""
    try:
        found = foresee(observations, area, indicator, until_year=year)
    except ScenarioError as error:
        return Foreseen(year, None, 0, "", (), str(error))
    last = found.years[-1]
    if last.median_value <= 0 or min(last.low_value.values()) <= 0:
        return Foreseen(
            year, last.median_value, found.forecast.points_count, found.forecast.how, (), "a band reaches 0"
        )
    score = {level: float(ndtri((1 + level) / 2)) for level in LEVELS}
    ends = [(-score[level], last.low_value[level]) for level in LEVELS] + [(0.0, last.median_value)]
    ends += [(score[level], last.high_value[level]) for level in LEVELS]
    ratios = tuple((at, value / last.median_value) for at, value in sorted(ends))
    return Foreseen(year, last.median_value, found.forecast.points_count, "; ".join(found.rests_on), ratios)


def measure_inputs(
    rows: Sequence[Mapping], paces: Mapping[str, tuple[float, int]], foreseen: Mapping[str, Foreseen] | None = None
) -> Inputs:
    """Inputs of the measures that no room computes: today's value and its yearly growth.

    Parameters
    ----------
    rows
        Rows of ``measures`` that can be tested and are grown or carried.
    paces
        Published growth by measure [percent a year], 0 for a carried one, and the year that it starts from.
    foreseen
        Forecasts: where one has bands, they are the law of the growth; else it is normal, its spread assumed.
    """
    found: list[Input | None] = []
    for row in rows:
        name, sign = row["name_en"], -1.0 if row["bound"].startswith("<") else 1.0
        found.append(
            triangular(
                f"today:{row['id']}", f"today's {name}", row["today_low_value"], row["today_value"],
                row["today_high_value"],
            )
        )  # fmt: skip
        deviation = GROWTH_DEVIATION if row["model"] == "growth" else CARRIED_DEVIATION
        pace, first = paces[row["id"]]
        bands = knots(pace, first, (foreseen or {}).get(row["id"]))
        found.append(
            Input(
                f"pace:{row['id']}", f"growth of {name}", pace - deviation, pace, pace + deviation,
                "bands" if bands else "normal",
                **_in_group(f"landmark {row['landmark_no']}", sign * LANDMARK_CORRELATION), knots=bands,
            )
        )  # fmt: skip
    kept = [item for item in found if item is not None]
    groups = dict.fromkeys(item.group for item in kept if item.group)
    shared = [
        Input(name, f"{name.removeprefix('factor:')}: what its measures share", 0, 0.5, 1, "factor") for name in groups
    ]
    names = {("measures", row["id"]): Both(row["name_en"], row["name_zh"]) for row in rows}
    return Inputs(FORESIGHT, with_names((*shared, *kept), names))


def knots(pace: float, first: int, foreseen: Foreseen | None) -> tuple[tuple[float, float], ...]:
    """Growth a year at each normal score, so that the last year lies off the base course as the forecast's bands off their median."""
    if foreseen is None or not foreseen.ratios or foreseen.year <= first:
        return ()
    years = foreseen.year - first
    return tuple((score, ((1 + pace / 100) * ratio ** (1 / years) - 1) * 100) for score, ratio in foreseen.ratios)
