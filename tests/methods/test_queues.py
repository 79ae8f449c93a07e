"""Exact queues against closed forms, the computed tables of the bench, and chains solved another way."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qujiang.errors import ScenarioError
from qujiang.methods import queues
from qujiang.methods.queue_curve import WaitCurve
from qujiang.methods.queue_paths import waits_first_come, waits_of_one_server

BENCH = Path(__file__).parents[2].parent / "shared" / "bench" / "queues"
needs_bench = pytest.mark.skipif(not BENCH.is_dir(), reason="the computed queue tables are not beside this checkout")
LETTERS = ["M", "D", "E2"]


def rows(name: str) -> list[dict[str, str]]:
    with (BENCH / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@needs_bench
def test_every_exact_cell():
    """840 cells. Twelve decimals are printed; 1e-11 covers the print and the tables' own error."""
    for row in rows("exact_wait_ratio.csv"):
        u, expected = float(row["utilisation"]), float(row["wait_over_service"])
        got = queues.wait_over_service(row["arrival"], row["service"], int(row["servers"]), u)
        assert got == pytest.approx(expected, abs=1e-11, rel=1e-11), row


@needs_bench
def test_every_inverted_cell():
    """240 cells printed with eight decimals."""
    for row in rows("utilisation_allowed.csv"):
        got = queues.utilisation_allowed(
            row["arrival"], row["service"], int(row["servers"]), float(row["wait_over_service"])
        )
        assert got == pytest.approx(float(row["utilisation_allowed"]), abs=6e-9), row


@needs_bench
def test_handbook_cells_are_flagged():
    for row in rows("handbook_wrong_cells.csv"):
        exact = queues.departs_from_exact(
            row["arrival"], row["service"], int(row["servers"]), float(row["utilisation"]), row["published"]
        )
        assert exact == pytest.approx(float(row["exact"]), abs=6e-7), row


@pytest.mark.parametrize(
    ("servers", "load", "lost"),
    [(1, 0.5, 1 / 3), (3, 2.1, 0.225377820), (5, 4.0, 0.199066874)],
)
def test_erlang_b(servers: int, load: float, lost: float):
    assert queues.erlang_b(servers, load) == pytest.approx(lost, abs=5e-10)


@pytest.mark.parametrize("u", [0.01, 0.3, 0.7, 0.95, 0.99])
def test_one_server_closed_forms(u: float):
    """Pollaczek-Khinchine; D/M/1 by its root; E2/M/1 by the root of the Erlang-2 transform (a quadratic in sqrt)."""
    for letter, cv2 in [("M", 1.0), ("E2", 0.5), ("D", 0.0)]:
        assert queues.wait_over_service("M", letter, 1, u) == pytest.approx((1 + cv2) / 2 * u / (1 - u), rel=1e-10)
        assert queues.wait_of_one_server(u, cv2) == pytest.approx((1 + cv2) / 2 * u / (1 - u), rel=1e-14)
    root = 0.0
    for _ in range(200_000):
        root = math.exp((root - 1) / u)
    assert queues.wait_over_service("D", "M", 1, u) == pytest.approx(root / (1 - root), rel=1e-6, abs=1e-13)
    # E2/M/1: x = (2u/(2u + 1 - x))², x < 1, i.e. x(2u+1-x)² = 4u²; divide by (x - 1)
    x = min(r.real for r in np.roots([1, -(4 * u + 1), 4 * u * u]))
    assert queues.wait_over_service("E2", "M", 1, u) == pytest.approx(x / (1 - x), rel=1e-9)


def test_constant_on_constant_never_waits():
    assert queues.wait_over_service("D", "D", 3, 0.999) == 0
    assert queues.utilisation_allowed("D", "D", 3, 0.1) == 1


def test_fewest_servers_of_the_worked_port():
    """20,100 calls in 350 days at a tenth of the service (methods, 5.1)."""
    per_h = 20_100 / (350 * 24)
    assert [queues.servers_needed("M", "E2", per_h * s, 0.1) for s in (3.5, 4.0, 5.0)] == [11, 13, 15]
    assert [queues.servers_needed("E2", "E2", per_h * s, 0.1) for s in (3.5, 4.5)] == [11, 13]


@pytest.mark.parametrize(
    ("servers", "loads", "waits"),
    [
        (1, [0.3, 0.4], [1, 10 / 3]),
        (3, [0.9, 1.2], [0.234450, 0.781499]),
        (5, [1.0, 2.75], [0.115447, 0.461789]),
    ],
)
def test_priority(servers: int, loads: list[float], waits: list[float]):
    got = queues.wait_by_class(servers, loads)
    assert got == pytest.approx(waits, abs=5e-7)
    mean = sum(w * a for w, a in zip(got, loads, strict=True)) / sum(loads)
    assert mean == pytest.approx(queues.wait_over_service("M", "M", servers, sum(loads) / servers), rel=1e-12)


def test_quantiles():
    assert queues.wait_quantile(3, 0.7, 0.9) == pytest.approx(1.771120538, abs=5e-10)
    assert queues.wait_quantile(5, 0.8, 0.9) == pytest.approx(1.712197646, abs=5e-10)
    assert queues.wait_quantile(5, 0.5, 0.5) == 0
    assert queues.share_waiting_longer(3, 0.7, 1) == pytest.approx(0.200172335, abs=5e-10)
    assert queues.share_waiting_longer(3, 0.7, queues.wait_quantile(3, 0.7, 0.9)) == pytest.approx(0.1, rel=1e-12)


def test_blocking_line_and_sine():
    assert [queues.blocking_line_throughput(1, b) for b in (0, 1, 3)] == pytest.approx([2 / 3, 3 / 4, 5 / 6])
    # dm/dt = λ(t) - μ m
    step = 1e-5
    m = [queues.mean_present_under_sine(t, 5, 2, 0.4, 0.3) for t in (3 - step, 3, 3 + step)]
    assert (m[2] - m[0]) / (2 * step) == pytest.approx(5 + 2 * math.sin(1.2) - 0.3 * m[1], abs=1e-8)


@pytest.mark.parametrize("servers", [2, 5, 12])
@pytest.mark.parametrize("u", [0.5, 0.8, 0.95])
def test_erlang_stages_meet_their_neighbours(servers: int, u: float):
    """More regular never waits longer, in either argument; two solvers meet at the shared pairs."""
    w = {(a, s): queues.wait_over_service(a, s, servers, u) for a in LETTERS for s in LETTERS}
    for one in LETTERS:
        assert w["D", one] <= w["E2", one] <= w["M", one]
        assert w[one, "D"] <= w[one, "E2"] <= w[one, "M"]
    from qujiang.methods import queue_chains

    assert queue_chains.wait_erlang(1, 1, servers, u) == pytest.approx(w["M", "M"], rel=1e-11)
    assert queues._crommelin(servers, u) == pytest.approx(queues._roots(servers, u), rel=1e-9)


@pytest.mark.parametrize("servers", [1, 2])
@pytest.mark.parametrize("u", [0.5, 0.9])
def test_many_stages_tend_to_the_constant(servers: int, u: float):
    """E_m with m = 1, 2, 4, 8 falls towards D and stays above."""
    from qujiang.methods import queue_chains

    chain = [queue_chains.wait_erlang(1, m, servers, u) for m in (1, 2, 4, 8)]
    assert chain == sorted(chain, reverse=True)
    assert chain[-1] > queues.wait_over_service("M", "D", servers, u)


def test_constant_gaps_meet_many_stage_gaps():
    """E_k/E2/n tends to D/E2/n like 1/k: Richardson on k = 16, 32, 64 meets the arrival chain (remainder below 6e-5)."""
    from qujiang.methods import queue_chains

    for servers, u in [(1, 0.8), (2, 0.7), (2, 0.9)]:
        a, b, c = (queue_chains.wait_erlang(k, 2, servers, u) for k in (16, 32, 64))
        first, second = 2 * b - a, 2 * c - b
        limit = (4 * second - first) / 3
        assert queues.wait_over_service("D", "E2", servers, u) == pytest.approx(limit, rel=6e-5)


@pytest.mark.parametrize(
    ("arrival", "service", "servers", "u"),
    [("D", "E2", 3, 0.85), ("E2", "D", 3, 0.8), ("D", "M", 4, 0.8), ("E2", "M", 2, 0.7)],
)
def test_pairs_without_a_table_against_a_path(arrival: str, service: str, servers: int, u: float):
    """40 paths of 20,000 arrivals, the first 2,000 dropped; 4 standard errors between paths (about 1 % of the mean)."""
    rng = np.random.default_rng(20240611)
    n, means = 20_000, []
    draw = {"M": lambda: rng.exponential(1.0, n), "D": lambda: np.ones(n), "E2": lambda: rng.gamma(2, 0.5, n)}
    for _ in range(40):
        arrivals = np.cumsum(draw[arrival]()) / (servers * u)
        means.append(waits_first_come(arrivals, draw[service](), servers)[2_000:].mean())
    error = np.std(means, ddof=1) / math.sqrt(len(means))
    assert abs(np.mean(means) - queues.wait_over_service(arrival, service, servers, u)) < 4 * error


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(LETTERS), st.sampled_from(LETTERS), st.integers(1, 16), st.floats(0.02, 0.97))
def test_rises_with_load_and_falls_with_servers(arrival: str, service: str, servers: int, u: float):
    here = queues.wait_over_service(arrival, service, servers, u)
    slack = 1e-11
    assert queues.wait_over_service(arrival, service, servers, u + 0.02) >= here - slack
    assert queues.wait_over_service(arrival, service, servers + 1, u) <= here + slack


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(LETTERS), st.sampled_from(["M", "E2"]), st.integers(1, 12), st.floats(0.01, 5))
def test_inversion_returns(arrival: str, service: str, servers: int, ratio: float):
    u = queues.utilisation_allowed(arrival, service, servers, ratio)
    assert queues.wait_over_service(arrival, service, servers, u) == pytest.approx(ratio, rel=1e-6)


@pytest.mark.parametrize(("u", "growth"), [(1.0, "without end"), (1.5, "by 2 per mean service time"), (7, "by 24 per")])
def test_overload_is_told(u: float, growth: str):
    with pytest.raises(ScenarioError, match=f"the queue grows {growth}"):
        queues.wait_over_service("M", "E2", 4, u)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("X", "M", 1, 0.5), "arrival = X"),
        (("M", "G", 1, 0.5), "service = G"),
        (("M", "M", 0, 0.5), "servers = 0"),
        (("M", "M", 2, float("nan")), "nan"),
        (("M", "M", 2, -0.1), "-0.1"),
    ],
)
def test_bad_questions(arguments: tuple[str, str, int, float], word: str):
    with pytest.raises(ScenarioError, match=word):
        queues.wait_over_service(*arguments)


def test_queue_growth():
    assert queues.queue_growth_per_h(2.5, 4, 2.0) == 0.5
    assert queues.queue_growth_per_h(1.5, 4, 2.0) == 0


@pytest.mark.parametrize(("servers", "waits"), [(2, [0, 0, 3, 2, 3, 0]), (3, [0, 0, 0, 2, 1, 0])])
def test_kiefer_wolfowitz_by_hand(servers: int, waits: list[float]):
    assert waits_first_come([0, 1, 2, 3, 4, 10], [5, 4, 3, 2, 1, 1], servers).tolist() == waits


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5)), min_size=1, max_size=40))
def test_lindley_is_kiefer_wolfowitz_with_one_server(pairs: list[tuple[float, float]]):
    gaps, services = [p[0] for p in pairs], [p[1] for p in pairs]
    arrivals = np.concatenate([[0.0], np.cumsum(gaps)])[:-1]
    assert waits_of_one_server(gaps, services) == pytest.approx(waits_first_come(arrivals, services, 1), abs=1e-11)


@pytest.mark.parametrize(
    ("arrival", "service", "servers"), [("M", "E2", 11), ("E2", "E2", 5), ("M", "D", 1), ("M", "M", 24)]
)
def test_curve_follows_the_exact_wait(arrival: str, service: str, servers: int):
    """Interpolation error below 0.3 % of the service or of the wait, rising everywhere, no number at overload."""
    curve = WaitCurve(arrival, service, servers, 4.0)
    flows = np.linspace(0, curve.capacity_per_h, 400)[:-1]
    waits = curve.wait_h(flows)
    assert np.all(np.diff(waits) >= 0)
    exact = np.array(
        [4 * queues.wait_over_service(arrival, service, servers, f / curve.capacity_per_h) for f in flows[::13]]
    )
    assert np.all(np.abs(waits[::13] - exact) <= 0.003 * np.maximum(exact, 4.0))
    assert np.isnan(curve.wait_h(curve.capacity_per_h))
    assert curve.excess_per_h(curve.capacity_per_h + 0.5) == pytest.approx(0.5)
