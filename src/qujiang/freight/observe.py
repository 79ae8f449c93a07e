"""What the model says about a published fact. Each quantity is named by the ``fact`` column of ``calibration_facts``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from qujiang.freight.cargo import lorry_yuan_per_t
from qujiang.freight.chains import SIGNATURES
from qujiang.freight.result import FreightResult

ROAD, WATER = SIGNATURES.index("road"), SIGNATURES.index("water")
Row = dict[str, Any]


def observe(row: Row, result: FreightResult) -> tuple[float | None, str]:
    """Value of a fact in the model, and a note where there is none."""
    quantity = QUANTITIES.get(row["fact"])
    if quantity is None:
        return None, f"the model has no quantity named {row['fact']}"
    value = quantity(row, result)
    if value is None or not np.isfinite(value):
        return None, "no flow of this kind in the model"
    return float(value), ""


def _mean_haul(row: Row, result: FreightResult) -> float:
    """Mean haul at the port; where the fact belongs to another port, the way between the two is taken off."""
    place = row.get("from_place")
    if not place:
        return result.mean_haul_km()
    problem = result.problem
    other = problem.place_ids.index(place)
    between = min(skim.length_km[problem.port, other] for skim in problem.skims[0].water)
    return result.mean_haul_km() - float(between)


def _saved(result: FreightResult, per_chain: np.ndarray, weight_of: np.ndarray) -> float | None:
    """Road less water, mean over the tonnes of ``weight_of`` (one a chain) that go by water over the port."""
    by_signature = result.signature_costs(per_chain)
    saved = by_signature[:, ROAD] - by_signature[:, WATER]
    weight = np.bincount(result.problem.chains.flow, weights=weight_of, minlength=len(saved))
    good = np.isfinite(saved) & (weight > 0)
    return float((saved[good] * weight[good]).sum() / weight[good].sum()) if good.any() else None


def _port_water_tonnes(result: FreightResult) -> np.ndarray:
    of_port = result.uses_port().any(axis=1) & (result.problem.chains.signature == WATER)
    return np.where(of_port, result.tonnes, 0.0)


def _box_saving(row: Row, result: FreightResult) -> float | None:
    """Water against lorry for boxes between the port and a place on the sea [yuan/TEU]."""
    problem = result.problem
    water = problem.networks[0].water
    ends = np.concatenate([water.links.tail[water.coastal], water.links.head[water.coastal]])
    sea = np.isin(problem.origin, ends) | np.isin(problem.destination, ends)
    flow = problem.chains.flow
    wanted = sea[flow] & problem.forms.boxed[problem.form[flow]]
    saved = _saved(result, result.legs.yuan_per_t(), np.where(wanted, _port_water_tonnes(result), 0.0))
    return None if saved is None else saved * problem.forms.t_per_teu


def _co2_saved(row: Row, result: FreightResult) -> float | None:
    """Road less water [kg/t], mean over the tonnes of the port that go by water."""
    return _saved(result, result.legs.kgco2e_per_t(), _port_water_tonnes(result))


def _searail_saving(row: Row, result: FreightResult) -> float | None:
    """Train against lorry for a box between the two places of the fact [percent]."""
    problem, forms = result.problem, result.problem.forms
    boxes = np.flatnonzero(forms.boxed)
    if not row.get("from_place") or not row.get("to_place") or len(boxes) == 0:
        return None
    a, b = problem.place_ids.index(row["from_place"]), problem.place_ids.index(row["to_place"])
    form = boxes[:1]
    km = problem.skims[0].road.length_km[a, b]
    rail_km = problem.skims[0].rail.length_km[a, b]
    if not np.isfinite(rail_km):
        return None
    road = lorry_yuan_per_t(forms, form, np.array([km]))[0]
    rail = forms.rail_base[form][0] + forms.rail_per_km[form][0] * rail_km + 2 * forms.rail_handling[form][0]
    return float((1 - rail / road) * 100)


QUANTITIES: dict[str, Callable[[Row, FreightResult], float | None]] = {
    "throughput": lambda row, result: result.throughput_t(),
    "throughput_start": lambda row, result: result.throughput_t(),
    "freight_now": lambda row, result: result.water_freight_yuan_per_t(),
    "freight_opening": lambda row, result: result.water_freight_yuan_per_t(),
    "mean_haul": _mean_haul,
    "box_saving": _box_saving,
    "searail_saving": _searail_saving,
    "co2_saved": _co2_saved,
    "out_per_in": lambda row, result: result.out_per_in(),
}
