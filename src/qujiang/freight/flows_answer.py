"""Flows as they are told: one dictionary for JSON, tables for files, lines for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl

from qujiang.freight.compare import Comparison
from qujiang.freight.congestion import Congestion
from qujiang.freight.district_flows import BaseYear, DistrictFlows
from qujiang.freight.equilibrium import EquilibriumResult, Gain, busiest_month, gain
from qujiang.freight.result import FreightResult
from qujiang.freight.select_link import SelectLink
from qujiang.freight.what_it_takes import Need, what_it_takes

#: The worth of one more unit is asked for full capacities, and for queues at this load or more.
BUSY_SHARE = 0.5
ROWS = 12


def summary(flows: DistrictFlows, base: BaseYear) -> dict[str, Any]:
    """The whole answer, ready for JSON."""
    answer, problem = flows.answer, flows.answer.problem
    return {
        "scenario": flows.scenario,
        "year": problem.year,
        "kind": answer.kind,
        "demand": {
            "total_t_per_year": flows.demand.total_t,
            "base_t_per_year": flows.demand.base_t,
            "growth_t_per_year": flows.demand.growth_t,
            "induced_t_per_year": flows.demand.induced_t,
        },
        "port": {
            "place": problem.place_ids[problem.port],
            "throughput_t_per_year": answer.flows.throughput_t(),
            "throughput_teu_per_year": answer.flows.throughput_teu(),
            "water_freight_yuan_per_t": _number(answer.flows.water_freight_yuan_per_t()),
            "mean_haul_km": _number(answer.flows.mean_haul_km()),
        },
        "signatures": answer.flows.signature_t,
        "resources": resource_rows(answer),
        "gains": [gain_row(one) for one in gains(answer)],
        "calls": call_rows(answer.flows),
        "emissions": emissions(answer.flows, flows.district["emission_factors"]),
        "proof": proof(answer),
        "facts": facts(base),
        "notes": list(answer.congestion.notes),
    }


def proof(answer: EquilibriumResult) -> dict[str, Any]:
    """What stands behind the answer."""
    return {
        "relative_gap": answer.relative_gap,
        "gap_divides_by": "total cost of the flows",
        "objective": answer.objective,
        "lower_bound": answer.lower_bound,
        "bound": "known" if answer.lower_bound is not None else "none: values of time differ, so no potential exists",
        "max_conservation_error": answer.checked.conservation_error,
        "capacity_residual": answer.checked.residual,
        "no_cheaper_chain": answer.searched,
        "searches": answer.searches,
        "steps": answer.steps,
        "chains": len(answer.problem.chains),
    }


def resource_rows(answer: EquilibriumResult) -> list[dict[str, Any]]:
    """Waits and prices by resource, for the mean of the year and for the busiest month."""
    rows = []
    for index, (resource, month) in enumerate(zip(answer.congestion.resources, busiest_month(answer), strict=True)):
        hard = resource.is_hard
        rows.append(
            {
                "resource": resource.id,
                "kind": resource.kind,
                "flow": float(answer.resource_flow[index]),
                "flow_unit": resource.flow_unit,
                "capacity": resource.capacity,
                "load_share": float(answer.resource_flow[index]) / resource.capacity,
                "others": resource.background,
                "others_turned_away": float(answer.turned_away[index]),
                "wait_h": None if hard else float(answer.wait_h[index]),
                "assumed_wait_h": None if hard else resource.assumed_wait_h,
                "price_yuan_per_t": float(answer.price_yuan[index]) if hard else None,
                "toll_yuan_per_unit": float(answer.toll_yuan[index]),
                "busiest_month_flow": month.flow_per_month,
                "busiest_month_load_share": month.load_share,
                "busiest_month_wait_h": None if hard else month.wait_h,
                "busiest_month_queue_grows": month.grows,
                "busiest_month_queue_at_end": month.queue_at_end,
                "busiest_month_exceeds_share": hard and month.load_share > 1.0,
            }
        )
    return rows


def gains(answer: EquilibriumResult) -> list[Gain]:
    """Worth of one more unit of every full capacity, and of the busy queues that own cargo passes."""
    own = np.bincount(answer.shared.uses.resource, minlength=len(answer.congestion.resources)) > 0
    wanted = [
        r.id
        for i, r in enumerate(answer.congestion.resources)
        if own[i]
        and ((r.is_hard and answer.price_yuan[i] > 1e-9) or (not r.is_hard and _load(answer, i) >= BUSY_SHARE))
    ]
    return [gain(answer, name) for name in wanted]


def _load(answer: EquilibriumResult, index: int) -> float:
    return float(answer.resource_flow[index]) / answer.congestion.resources[index].capacity


def gain_row(one: Gain) -> dict[str, Any]:
    """A gain for JSON; what cannot be taken away has no figure."""
    finite = float(one.less_yuan) if np.isfinite(one.less_yuan) else None
    return {
        "resource": one.resource, "unit": one.unit, "price_yuan": one.price_yuan, "one_more_saves_yuan": one.more_yuan,
        "one_less_costs_yuan": finite,
    }  # fmt: skip


def call_rows(flows: FreightResult) -> list[dict[str, Any]]:
    """Calls a year at the port by vessel class: as expected, and as whole ships."""
    calls = flows.table_calls()
    if not calls.height:
        return []
    loaded = pl.col("calls_per_year") * pl.col("load_t_per_call")
    by_class = calls.group_by("class", maintain_order=True).agg(
        pl.col("calls_per_year").sum(), loaded.sum().alias("loaded_t_per_year")
    )
    return [
        {
            "class": row["class"],
            "calls_per_year": row["calls_per_year"],
            "whole_calls_per_year": int(np.ceil(row["calls_per_year"] - 1e-9)),
            "loaded_t_per_year": row["loaded_t_per_year"],
        }
        for row in by_class.sort("calls_per_year", descending=True).to_dicts()
    ]


def emissions(flows: FreightResult, factors: pl.DataFrame) -> dict[str, Any]:
    """Well-to-tank, tank-to-wheel and hubs apart [kg CO2e a year], with the edition of the factors."""
    legs, tonnes = flows.legs, flows.tonnes
    parts = {name: float(getattr(legs, name).sum(axis=1) @ tonnes) for name in ("wtt_kg", "ttw_kg", "hub_kg")}
    versions = sorted({str(v) for v in factors["version"].drop_nulls()}) if "version" in factors.columns else []
    return {
        "well_to_tank_kg_per_year": parts["wtt_kg"],
        "tank_to_wheel_kg_per_year": parts["ttw_kg"],
        "hub_kg_per_year": parts["hub_kg"],
        "total_kg_per_year": sum(parts.values()),
        "factors": versions,
    }


def facts(base: BaseYear) -> list[dict[str, Any]]:
    """Every published fact beside the model, and for a missed one what single change would meet it."""
    rows = {row["id"]: row for row in base.district["calibration_facts"].to_dicts()}
    told = []
    for row, residual in zip(rows.values(), base.calibration.residuals, strict=True):
        known = residual.model_value is not None
        needs = what_it_takes(base.calibration, row, residual, base.others) if residual.met is False else ()
        told.append(
            {
                "fact": residual.fact,
                "use": residual.use,
                "unit": residual.unit,
                "published": residual.fact_value,
                "low": residual.low,
                "high": residual.high,
                "model": residual.model_value if known else None,
                "met": residual.met,
                "note": residual.note,
                "takes": [_need(need) for need in needs],
            }
        )
    return told


def _need(need: Need) -> dict[str, Any]:
    words = "not reachable by this alone"
    if need.needed is not None:
        words = f"{need.needed:.4g}" + (
            "" if need.within else f" (outside its range {need.low:.4g} to {need.high:.4g})"
        )
    return {
        "parameter": need.parameter, "fitted": need.fitted, "needed": need.needed, "within_range": need.within,
        "nearest_in_range": need.nearest, "words": words,
    }  # fmt: skip


def select_answer(found: SelectLink) -> dict[str, Any]:
    """Select link for JSON."""
    return {
        "resource": found.resource,
        "used_t_per_year": found.used_t,
        "passed_t_per_year": found.passed_t,
        "by_cargo": found.by_cargo.to_dicts(),
        "by_pair": found.by_pair.to_dicts(),
    }


def compare_answer(found: Comparison) -> dict[str, Any]:
    """A comparison for JSON."""
    of = {"stayed": found.stayed, "shifted": found.shifted, "saved": found.saved}
    told = {
        name: {"yuan_per_year": s.yuan, "tonne_h_per_year": s.tonne_h, "co2e_kg_per_year": s.co2e_kg}
        for name, s in of.items()
    }
    return {
        "gained_yuan_per_year": found.gained_yuan,
        "lost_yuan_per_year": found.lost_yuan,
        "stayed_t_per_year": found.stayed_t,
        "shifted_t_per_year": found.shifted_t,
        "growth_t_per_year": found.growth_t,
        **told,
        "pairs": found.pairs.to_dicts(),
    }


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def flow_geojson(flows: FreightResult, places: pl.DataFrame) -> tuple[str, list[str]]:
    """Tonnes between neighbouring places as GeoJSON lines (RFC 7946), and the places without coordinates.

    Lines are straight between places; the tonnes of each are those of its mode, both directions apart.
    """
    at = {
        row["id"]: [row["lon_deg"], row["lat_deg"]]
        for row in places.to_dicts()
        if row.get("lon_deg") is not None and row.get("lat_deg") is not None
    }
    features, absent = [], set()
    for row in flows.table_links().filter(pl.col("flow_t_per_year") > 0).to_dicts():
        ends = row["from_place"], row["to_place"]
        missing = [end for end in ends if end not in at]
        absent.update(missing)
        geometry = None if missing else {"type": "LineString", "coordinates": [at[end] for end in ends]}
        features.append({"type": "Feature", "geometry": geometry, "properties": row})
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, allow_nan=False)
    return text, sorted(absent)


def tables(answer: EquilibriumResult, extra: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """All tables that ``--out`` writes, by file name without ending."""
    flows = answer.flows
    return {
        "chains": flows.table_chains(), "legs": flows.table_legs(), "links": flows.table_links(),
        "locks": flows.table_locks(), "calls": flows.table_calls(),
        "resources": pl.DataFrame(resource_rows(answer), infer_schema_length=None), **extra,
    }  # fmt: skip


def lines(told: Mapping[str, Any], congestion: Congestion) -> list[str]:
    """Plain tables for a terminal."""
    demand, port, shown = told["demand"], told["port"], told["proof"]
    year = f"{told['year']}, {told['scenario'] or 'today'}, {told['kind']}"
    out = [
        f"demand {demand['total_t_per_year']:,.0f} t ({year}): base {demand['base_t_per_year']:,.0f}, "
        f"growth {demand['growth_t_per_year']:,.0f}, induced {demand['induced_t_per_year']:,.0f}",
        f"port {port['place']}: {port['throughput_t_per_year']:,.0f} t, {port['throughput_teu_per_year']:,.0f} TEU",
        "", *_table(("chain", "t/year"), ((name, f"{t:,.0f}") for name, t in told["signatures"].items())), "",
    ]  # fmt: skip
    out += _table(
        ("resource", "load", "wait h", "price", "peak load", "peak wait h"), map(_resource_line, told["resources"])
    )
    if told["gains"]:
        rows = (
            (g["resource"], f"{g['one_more_saves_yuan']:,.1f}", g["unit"], f"{g['price_yuan']:,.2f}")
            for g in told["gains"]
        )
        out += ["", *_table(("one more unit", "saves", "unit", "price"), rows)]
    rows = ((c["class"], f"{c['calls_per_year']:,.1f}", f"{c['whole_calls_per_year']:,}") for c in told["calls"])
    out += ["", *_table(("vessel", "calls/year", "whole"), rows), ""]
    kg = told["emissions"]
    out.append(
        f"kg CO2e/year: well-to-tank {kg['well_to_tank_kg_per_year']:,.0f}, tank-to-wheel {kg['tank_to_wheel_kg_per_year']:,.0f}, "
        f"hubs {kg['hub_kg_per_year']:,.0f} ({'; '.join(kg['factors'])})"
    )
    bound = f", lower bound {shown['lower_bound']:.8g}" if shown["lower_bound"] is not None else ""
    out.append(
        f"relative gap {shown['relative_gap']:.2g}, conservation {shown['max_conservation_error']:.2g}{bound}; "
        + ("no cheaper chain exists" if shown["no_cheaper_chain"] else "chains were not searched to the end")
    )
    out += ["", *_table(("fact", "published", "model", "use", "met"), map(_fact_line, told["facts"]))]
    for fact in told["facts"]:
        out += [
            f"  {fact['fact']} would take {n['parameter']} = {n['words']}, now {n['fitted']:.4g}" for n in fact["takes"]
        ]
    return [*out, "", *told["notes"]]


def _resource_line(row: Mapping[str, Any]) -> tuple[str, ...]:
    def show(value: float | None, form: str) -> str:
        return "" if value is None else format(value, form)

    grows = " grows" if row["busiest_month_queue_grows"] else ""
    return (
        row["resource"], f"{row['load_share']:.3f}", show(row["wait_h"], ".2f"), show(row["price_yuan_per_t"], ".2f"),
        f"{row['busiest_month_load_share']:.3f}", show(row["busiest_month_wait_h"], ".2f") + grows,
    )  # fmt: skip


def _fact_line(row: Mapping[str, Any]) -> tuple[str, ...]:
    met = {True: "yes", False: "no", None: "not compared"}[row["met"]]
    model = "" if row["model"] is None else f"{row['model']:,.4g}"
    return row["fact"], f"{row['published']:,.4g}", model, row["use"], met


def select_lines(told: Mapping[str, Any]) -> list[str]:
    """Who uses a resource, for a terminal."""
    out = ["", f"{told['resource']}: {told['used_t_per_year']:,.0f} t/year use it"]
    for key, title in (("by_cargo", "cargo"), ("by_pair", "pair")):
        rows = told[key][:ROWS]
        names = (r["cargo"] if key == "by_cargo" else f"{r['origin']} - {r['destination']}" for r in rows)
        figures = (
            (n, f"{r['flow_t_per_year']:,.0f}", f"{r['flow_share']:.3f}") for n, r in zip(names, rows, strict=True)
        )
        out += _table((title, "t/year", "share"), figures)
        if len(told[key]) > ROWS:
            out.append(f"and {len(told[key]) - ROWS} more")
    return out


def compare_lines(told: Mapping[str, Any], name: str) -> list[str]:
    """Who gains and who loses, for a terminal."""
    saved = told["saved"]
    out = [
        "", f"against {name}: gained {told['gained_yuan_per_year']:,.0f} yuan/year, lost {told['lost_yuan_per_year']:,.0f}",
        f"saved {saved['yuan_per_year']:,.0f} yuan, {saved['tonne_h_per_year']:,.0f} t h, {saved['co2e_kg_per_year']:,.0f} kg CO2e a year: "
        f"{told['stayed_t_per_year']:,.0f} t stay with their mode, {told['shifted_t_per_year']:,.0f} t change it",
    ]  # fmt: skip
    pairs = told["pairs"]
    ends = [*pairs[: ROWS // 2], *(pairs[-(ROWS // 2) :] if len(pairs) > ROWS else [])]
    rows = (
        (
            f"{r['origin']} - {r['destination']}",
            r["cargo"],
            f"{r['gain_yuan_per_year']:,.0f}",
            f"{r['gain_yuan_per_t']:,.2f}",
        )
        for r in ends
    )
    return [*out, *_table(("pair", "cargo", "yuan/year", "yuan/t"), rows)]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Columns wide enough for their content; the first to the left, the rest to the right."""
    table = [head, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    return [
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
