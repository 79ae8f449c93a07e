"""Delay curves against closed forms, their own derivatives, and quadrature."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import fixed_quad

from qujiang.methods.delay import (
    BPR,
    CONSTANT,
    MULTI_SERVER,
    SINGLE_SERVER,
    Curves,
    bpr,
    curves,
    delay,
    delay_integral,
    delay_slope,
    marginal_cost,
    scaled,
    waits_multi_server,
)


def test_bpr_meets_its_closed_form() -> None:
    road = bpr(30.0, 0.15, 2000.0, 4.0)
    assert delay(road, 2600.0)[0] == pytest.approx(42.85245, abs=5e-12)
    assert delay_slope(road, 2600.0)[0] == pytest.approx(0.019773, abs=5e-13)
    assert delay_integral(road, 2600.0)[0] == pytest.approx(84_683.274, abs=5e-9)
    assert marginal_cost(road, 2600.0)[0] == pytest.approx(94.26225, abs=5e-12)


@pytest.mark.parametrize(("utilisation", "wait_min"), [(0.5, 31.25), (0.8, 125.0), (0.9, 281.25), (0.95, 593.75)])
def test_single_server_wait_meets_its_closed_form(utilisation: float, wait_min: float) -> None:
    """Service 50 min (1.2 an hour), squared coefficient of variation 0.25; then of a fixed and an exponential service."""
    for cs2, part in ((0.25, 1.0), (0.0, 0.8), (1.0, 1.6)):
        lock = curves(0.0, kind=SINGLE_SERVER, factor=(1 + cs2) / 2 * 50.0, capacity=1.2)
        assert delay(lock, 1.2 * utilisation)[0] == pytest.approx(wait_min * part, rel=1e-12)


@pytest.mark.parametrize(
    ("servers", "utilisation", "wait"), [(2, 0.8, 1.777777778), (2, 0.9, 4.263157895), (4, 0.8, 0.745540590)]
)
def test_multi_server_wait_meets_erlang(servers: int, utilisation: float, wait: float) -> None:
    assert waits_multi_server(servers, utilisation) == pytest.approx(wait, abs=5e-10)


def test_lock_against_road_meets_its_closed_form() -> None:
    """Demand 1.2 an hour: river 1200 min and a lock, or road 1325 min."""
    lock = curves(1200.0, kind=SINGLE_SERVER, factor=0.625 * 50.0, capacity=1.2)
    assert delay(lock, 0.96)[0] == pytest.approx(1325.0, abs=1e-10)
    wait_integral = (delay_integral(lock, 0.96) - 1200.0 * 0.96)[0]
    assert wait_integral == pytest.approx(30.353922, abs=5e-7)
    assert wait_integral + 1200.0 * 0.96 + 1325.0 * 0.24 == pytest.approx(1500.353922, abs=5e-7)
    best = 1.2 * (1 - 1 / np.sqrt(5))
    assert marginal_cost(lock, best)[0] == pytest.approx(1325.0, abs=1e-9)
    assert delay(lock, best)[0] - 1200.0 == pytest.approx(38.627124, abs=5e-7)
    assert delay_slope(lock, best)[0] * best == pytest.approx(86.372876, abs=5e-7)


@pytest.mark.parametrize("kind", [SINGLE_SERVER, MULTI_SERVER])
@pytest.mark.parametrize("flow", [1.0, 1.5])
def test_a_full_queue_is_infinite_never_clamped(kind: int, flow: float) -> None:
    lock = curves(3.0, kind=kind, factor=1.0, capacity=1.0, power=2.0)
    for question in (delay, delay_slope, delay_integral, marginal_cost):
        assert question(lock, flow)[0] == np.inf


def test_one_server_is_the_same_by_both_kinds() -> None:
    flow = np.linspace(0.0, 0.99, 34)
    one = curves(np.full(34, 2.0), kind=SINGLE_SERVER, factor=3.0, capacity=1.0)
    many = curves(np.full(34, 2.0), kind=MULTI_SERVER, factor=3.0, capacity=1.0, power=1.0)
    for question in (delay, delay_slope, delay_integral, marginal_cost):
        np.testing.assert_allclose(question(one, flow), question(many, flow), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("road", "cost"),
    [
        (bpr(5.0, 0.0, 100.0, 4.0), 5.0),
        (bpr(5.0, 0.15, 0.0, 4.0), 5.0),
        (bpr(0.0, 0.15, 100.0, 4.0), 0.0),
        (bpr(5.0, 0.2, 100.0, 0.0), 6.0),  # power 0: (flow / capacity) ** 0 is 1 at any flow
    ],
)
def test_flat_roads_are_constants(road: Curves, cost: float) -> None:
    assert road.kind[0] == CONSTANT
    for flow in (0.0, 50.0, 1e6):
        assert delay(road, flow)[0] == cost
        assert delay_slope(road, flow)[0] == 0.0
        assert delay_integral(road, flow)[0] == pytest.approx(cost * flow)


def test_a_very_small_free_flow_time_with_a_large_b_is_kept() -> None:
    braess = bpr(1e-8, 1e9, 1.0, 1.0)  # 10 v, as the published Braess file writes it
    assert delay(braess, 4.0)[0] == pytest.approx(40.0, abs=1e-7)


@pytest.mark.parametrize(
    "wrong",
    [
        {"base": -1.0},
        {"base": np.nan},
        {"base": 1.0, "kind": BPR, "factor": -1.0},
        {"base": 1.0, "kind": SINGLE_SERVER, "factor": 1.0, "capacity": 0.0},
        {"base": 1.0, "kind": MULTI_SERVER, "factor": 1.0, "capacity": 1.0, "power": 1.5},
        {"base": 1.0, "kind": 7},
    ],
)
def test_faulty_curves_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        curves(**wrong)  # type: ignore[arg-type]


def test_negative_flow_is_refused() -> None:
    with pytest.raises(ValueError, match="flow"):
        delay(bpr(1.0, 0.15, 1.0, 4.0), -1.0)


@st.composite
def one_curve(draw: st.DrawFn) -> tuple[Curves, float]:
    kind = draw(st.sampled_from([CONSTANT, BPR, SINGLE_SERVER, MULTI_SERVER]))
    power = float(draw(st.integers(1, 8)))
    capacity = draw(st.floats(0.1, 1e4))
    curve = curves(
        draw(st.floats(0.0, 50.0)), kind=kind, factor=draw(st.floats(0.01, 10.0)), capacity=capacity, power=power
    )
    return curve, capacity * draw(st.floats(0.01, 0.97))


@settings(deadline=None)
@given(one_curve())
def test_slope_integral_and_marginal_agree_with_the_cost(drawn: tuple[Curves, float]) -> None:
    curve, flow = drawn
    step = flow * 1e-5
    rise = (delay(curve, flow + step) - delay(curve, flow - step))[0] / (2 * step)
    assert delay_slope(curve, flow)[0] == pytest.approx(rise, rel=1e-5, abs=1e-9 / flow)
    panels = np.linspace(0.0, flow, 33)
    area = sum(
        fixed_quad(lambda x: np.array([delay(curve, v)[0] for v in x]), a, b, n=8)[0] for a, b in pairwise(panels)
    )
    assert delay_integral(curve, flow)[0] == pytest.approx(area, rel=1e-9)
    assert marginal_cost(curve, flow)[0] == pytest.approx(delay(curve, flow)[0] + flow * delay_slope(curve, flow)[0])
    assert delay(scaled(curve, 2.0), flow)[0] == pytest.approx(2.0 * delay(curve, flow)[0])


@settings(deadline=None)
@given(one_curve())
def test_cost_never_falls_as_flow_grows(drawn: tuple[Curves, float]) -> None:
    curve, flow = drawn
    assert delay(curve, flow * 0.9)[0] <= delay(curve, flow)[0] * (1 + 1e-12)
