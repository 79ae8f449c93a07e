"""The integer program: options that share neither a firm nor a suite, worth the most together. Solved by HiGHS."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qujiang.buildings.options import Option
from qujiang.errors import NotConvergedError

#: Seconds for one program at most.
LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Packing:
    """Options chosen, by their places; what they are worth, what none can pass, and the gap between as a share."""

    chosen: tuple[int, ...]
    objective: float
    bound: float
    gap: float


def pack(options: Sequence[Option], must: Sequence[str] = (), *, limit_s: float = LIMIT_S) -> Packing | None:
    """Choose options; None where the firms that must be placed cannot all be.

    Raises
    ------
    NotConvergedError
        No proof within the time; carries the best packing found.
    """
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for n, option in enumerate(options):
        rows["firm", option.firm].append(n)
        for suite in option.suites:
            rows["suite", suite].append(n)
    if any(("firm", firm) not in rows for firm in must):
        return None
    if not options:
        return Packing((), 0.0, 0.0, 0.0)
    solver = _program(options, rows, set(must))
    solver.setOptionValue("time_limit", limit_s)
    solver.run()
    return _answer(solver, options)


def _program(options: Sequence[Option], rows: dict[tuple[str, str], list[int]], must: set[str]) -> Any:
    import highspy
    import numpy as np

    count = len(options)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = count, len(rows)
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = np.array([option.value_m2 for option in options])
    model.col_lower_, model.col_upper_ = np.zeros(count), np.ones(count)
    model.integrality_ = [highspy.HighsVarType.kInteger] * count
    model.row_lower_ = np.array([1.0 if kind == "firm" and name in must else -highspy.kHighsInf for kind, name in rows])
    model.row_upper_ = np.ones(len(rows))
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.cumsum([0, *map(len, rows.values())], dtype=np.int32)
    model.a_matrix_.index_ = np.array([n for held in rows.values() for n in held], dtype=np.int32)
    model.a_matrix_.value_ = np.ones(len(model.a_matrix_.index_))
    solver = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 0), ("mip_rel_gap", 0.0)):
        solver.setOptionValue(option, value)
    solver.passModel(model)
    return solver


def _answer(solver: Any, options: Sequence[Option]) -> Packing | None:
    import highspy

    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    info = solver.getInfo()
    values = solver.getSolution().col_value
    chosen = tuple(n for n, value in enumerate(values) if value > 0.5)
    objective = math.fsum(options[n].value_m2 for n in chosen)
    bound = max(float(info.mip_dual_bound), objective)
    gap = (bound - objective) / max(abs(objective), 1.0)
    found = Packing(chosen, objective, bound, 0.0 if gap < 1e-12 else gap)
    if status != highspy.HighsModelStatus.kOptimal:
        raise NotConvergedError(f"no proof in {LIMIT_S:g} s: {objective:,.0f} m2 found, bound {bound:,.0f} m2", found)
    return found
