"""Published networks to their published optima, by the command line too; and what the check refuses."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from qujiang.cli import main
from qujiang.cli.freight import freight
from qujiang.errors import NotConvergedError, QujiangError
from qujiang.freight.check_flows import FlowsByOrigin, LoadedNetwork, check_flows, require_proof
from qujiang.freight.road_network import RoadAssignment, assign_roads
from qujiang.freight.tntp import read_tntp

BENCH = Path(__file__).parents[3] / "shared" / "bench" / "tntp"
needs_bench = pytest.mark.skipif(
    not BENCH.is_dir(), reason="the TNTP benchmark networks may not be shipped; put them into ../shared/bench/tntp"
)


@dataclass(frozen=True)
class Published:
    """Figures of the published flow: Beckmann objective, total cost, total cost of the system optimum, v/c."""

    objective: float
    total_cost: float
    best_total_cost: float
    largest_ratio: float
    links_over: int
    factors: tuple[float, float] = (0.0, 0.0)


NETWORKS = {
    "SiouxFalls": Published(4_231_335.28710744, 7_480_225.344921, 7_194_256.0526, 2.556978, 60),
    "Anaheim": Published(1_286_032.17109603, 1_419_913.851059, 1_395_015.0867, 1.978906, 63),
    "ChicagoSketch": Published(17_313_018.73874779, 18_935_450.261583, 18_518_575.8055, 2.428534, 335, (0.02, 0.04)),
}


def files(name: str) -> tuple[Path, Path]:
    return BENCH / name / f"{name}_net.tntp", BENCH / name / f"{name}_trips.tntp"


def solve(name: str, *, gap: float, system_optimum: bool = False) -> RoadAssignment:
    toll, distance = NETWORKS[name].factors
    return assign_roads(
        *read_tntp(*files(name)), gap=gap, system_optimum=system_optimum, toll_factor=toll, distance_factor=distance
    )


@needs_bench
@pytest.mark.parametrize("name", NETWORKS)
def test_user_equilibrium_at_1e_6_is_within_1e_8_of_the_published_optimum(name: str) -> None:
    known = NETWORKS[name]
    result = solve(name, gap=1e-6)
    assert 0.0 <= result.check.relative_gap <= 1e-6
    assert -1e-9 <= result.check.objective / known.objective - 1 <= 1e-8
    assert result.answer.lower_bound <= known.objective * (1 + 1e-12)
    assert result.check.lower_bound <= result.check.objective
    assert result.check.max_conservation_error <= 1e-12 * result.demand


@needs_bench
@pytest.mark.parametrize("name", NETWORKS)
def test_user_equilibrium_at_1e_10_is_the_published_flow(name: str) -> None:
    known = NETWORKS[name]
    result = solve(name, gap=1e-10)
    assert -1e-12 <= result.check.relative_gap <= 1e-10
    assert result.check.objective == pytest.approx(known.objective, rel=1e-11)
    assert result.check.total_cost == pytest.approx(known.total_cost, rel=1e-8)
    lines = (BENCH / name / f"{name}_flow.tntp").read_text().splitlines()[1:]
    published = np.array([line.split() for line in lines if line.strip()], dtype=float)
    flow = result.answer.flow
    assert published[:, 0].astype(int).tolist() == (result.network.tail + 1).tolist()
    np.testing.assert_allclose(flow, published[:, 2], atol=1e-4 * published[:, 2].max())
    ratio = flow / result.network.capacity
    assert ratio.max() == pytest.approx(known.largest_ratio, abs=2e-6)
    assert (ratio > 1.0 + 1e-6).sum() == known.links_over


@needs_bench
@pytest.mark.parametrize("name", NETWORKS)
def test_system_optimum_has_the_known_total_cost(name: str) -> None:
    known = NETWORKS[name]
    result = solve(name, gap=1e-9, system_optimum=True)
    assert result.check.total_cost == pytest.approx(known.best_total_cost, rel=1e-10)
    assert result.check.objective == result.check.total_cost
    assert result.check.lower_bound <= known.best_total_cost * (1 + 1e-10)


@needs_bench
def test_sioux_falls_spot_values() -> None:
    result = solve("SiouxFalls", gap=1e-12)
    network, flow = result.network, result.answer.flow
    link = np.flatnonzero((network.tail == 14) & (network.head == 9))[0]
    assert flow[link] == pytest.approx(23_192.283359, abs=1e-4)
    from qujiang.methods.paths import build_graph, shortest_trees

    graph = build_graph(network.tail, network.head, 24)
    free = shortest_trees(graph, network.free_flow, np.arange(24)).distance
    assert (free[0, 19], free[0, 23], free[12, 1]) == (22.0, 15.0, 17.0)
    assert free.sum() == 6254.0
    loaded = shortest_trees(graph, result.answer.cost, np.arange(24)).distance
    assert (loaded[0, 19], loaded[0, 23], loaded[12, 1]) == pytest.approx(
        (39.088379232, 28.712674222, 17.052673050), abs=1e-7
    )


@needs_bench
def test_chicago_sketch_free_flow_distances() -> None:
    network, demand = read_tntp(*files("ChicagoSketch"))
    from qujiang.methods.paths import build_graph, shortest_trees

    cost = network.free_flow + 0.02 * network.toll + 0.04 * network.length
    near = shortest_trees(build_graph(network.tail, network.head, 933), cost, np.arange(387)).distance[:, :387]
    assert near.sum() == pytest.approx(7_978_486.649528, abs=1e-5)
    assert demand.trips @ near[demand.origin, demand.target] == pytest.approx(16_622_993.331412, abs=1e-5)
    assert demand.within == pytest.approx(123_414, abs=1e-6)


@needs_bench
def test_the_command_line_prints_the_proof(tmp_path: Path) -> None:
    net, trips = files("SiouxFalls")
    nodes = net.with_name("SiouxFalls_node.tntp")
    words = [
        "assign",
        "--tntp",
        str(net),
        str(trips),
        "--nodes",
        str(nodes),
        "--gap",
        "1e-6",
        "--out",
        str(tmp_path),
        "--json",
    ]
    ran = CliRunner().invoke(freight, words)
    assert ran.exit_code == 0, ran.output
    answer = json.loads(ran.stdout)
    assert {
        "objective",
        "relative_gap",
        "lower_bound",
        "max_conservation_error",
        "passes",
        "seconds",
        "total_cost",
        "nodes",
        "links",
        "demand",
    } <= set(answer)
    assert answer["lower_bound"] <= 4_231_335.28710744 * (1 + 1e-12) <= answer["objective"] * (1 + 1e-11)
    assert answer["relative_gap"] <= 1e-6
    assert answer["demand"] == pytest.approx(360_600)
    flows = (tmp_path / "flows.csv").read_text().splitlines()
    assert len(flows) == 77
    from qujiang.freight.gmns import read_gmns

    again = assign_roads(*read_gmns(tmp_path / "gmns"), gap=1e-10)
    assert again.check.objective == pytest.approx(4_231_335.28710744, rel=1e-11)
    assert len(json.loads((tmp_path / "links.geojson").read_text())["features"]) == 76


@needs_bench
def test_a_gap_beyond_the_passes_is_not_called_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    net, trips = files("SiouxFalls")
    words = ["freight", "assign", "--tntp", str(net), str(trips), "--gap", "1e-9", "--pass-limit", "3"]
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 1
    heard = capsys.readouterr()
    assert heard.out == ""
    assert "after 3 passes; 1e-09 was asked" in heard.err


def test_a_broken_file_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = tmp_path / "broken_net.tntp"
    net.write_text(
        "<NUMBER OF ZONES> 1\n<NUMBER OF NODES> 2\n<FIRST THRU NODE> 1\n<NUMBER OF LINKS> 1\n<END OF METADATA>\n1 2 x 1 1 0 0 0 0 1 ;\n"
    )
    trips = tmp_path / "broken_trips.tntp"
    trips.write_text("<NUMBER OF ZONES> 1\n<END OF METADATA>\nOrigin 1\n1 : 2.0;\n")
    with pytest.raises(SystemExit) as left:
        main(["freight", "assign", "--tntp", str(net), str(trips), "--json"])
    assert left.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert [(fault["line"], fault["column"], fault["value"]) for fault in told["faults"]] == [(6, "capacity", "x")]


@pytest.mark.parametrize("words", [["assign"], ["assign", "--tntp", "a", "b", "--gmns", "c"], ["assign", "--gap", "0"]])
def test_wrong_use_is_told_as_such(words: list[str]) -> None:
    assert CliRunner().invoke(freight, words).exit_code == 2


# --- what the check refuses, on the cautionary network: 1->a, a->s, b->s, b->2 of cost 1, a->b of cost 10; s has no way out


def sink() -> LoadedNetwork:
    five = np.zeros(5)
    ends = np.array([0, 2, 3, 3, 2]), np.array([2, 4, 4, 1, 3])
    cost = np.array([1.0, 1.0, 1.0, 1.0, 10.0])
    return LoadedNetwork(
        5, np.ones(5, bool), *ends, cost, five, five, five, five, np.array([0]), np.array([1]), np.array([7.0])
    )


def test_the_true_flow_past_a_sink_is_confirmed() -> None:
    check = check_flows(sink(), np.array([7.0, 0, 0, 7, 7]))
    assert (check.relative_gap, check.objective, check.max_conservation_error) == (0.0, 84.0, 0.0)
    require_proof(check, asked_gap=1e-12)


def test_flow_that_drives_through_a_sink_is_refused_though_it_looks_cheap() -> None:
    check = check_flows(sink(), np.array([7.0, 7, 7, 7, 0]))  # 7 enter the sink, 7 leave b that never came
    assert check.objective == 28.0
    assert check.relative_gap < 0.0
    assert check.max_conservation_error == 14.0
    with pytest.raises(QujiangError, match="not conserved at node 3: 14 of 7 trips"):
        require_proof(check, asked_gap=1e-6)


def test_a_negative_gap_a_low_objective_and_a_wide_gap_are_refused() -> None:
    good = check_flows(sink(), np.array([7.0, 0, 0, 7, 7]))
    with pytest.raises(QujiangError, match="negative"):
        require_proof(replace(good, relative_gap=-1e-6), asked_gap=1e-6)
    with pytest.raises(QujiangError, match="below the lower bound"):
        require_proof(good, asked_gap=1e-6, claimed_bound=85.0)
    with pytest.raises(QujiangError, match="carries"):
        require_proof(replace(good, least_flow=-1.0), asked_gap=1e-6)
    with pytest.raises(NotConvergedError) as caught:
        require_proof(replace(good, relative_gap=1e-3), asked_gap=1e-6, best="flows")
    assert caught.value.best == "flows"


def test_flows_that_balance_in_sum_but_not_by_origin_are_refused() -> None:
    """Two origins swap their targets: every node balances, no trip arrives where it should."""
    zero = np.zeros(4)
    loaded = LoadedNetwork(
        4, np.ones(4, bool), np.array([0, 0, 1, 1]), np.array([2, 3, 2, 3]), np.ones(4), zero, zero, zero, zero,
        np.array([0, 1]), np.array([2, 3]), np.array([5.0, 5.0]),
    )  # fmt: skip
    swapped = np.array([0.0, 5.0, 5.0, 0.0])
    assert check_flows(loaded, swapped).max_conservation_error == 0.0
    apart = FlowsByOrigin(np.array([0, 1]), np.array([1, 2]), np.array([5.0, 5.0]))
    with pytest.raises(QujiangError, match="not conserved"):
        require_proof(check_flows(loaded, swapped, apart), asked_gap=1.0)


def test_the_check_keeps_zero_costs_zones_and_parallel_links() -> None:
    zero = np.zeros(4)
    tail, head = np.array([0, 1, 0, 0]), np.array([1, 2, 2, 2])
    closed = LoadedNetwork(
        3, np.zeros(3, bool), tail, head, np.array([0.0, 0.0, 10.0, 6.0]), zero, zero, zero, zero,
        np.array([0]), np.array([2]), np.array([1.0]),
    )  # fmt: skip
    flow = np.array([0.0, 0.0, 0.0, 1.0])
    assert check_flows(closed, flow).shortest_cost == 6.0
    assert check_flows(replace(closed, passable=np.ones(3, bool)), flow).shortest_cost == 0.0


def test_the_check_meets_the_closed_form_of_two_bpr_roads() -> None:
    both = LoadedNetwork(
        2, np.ones(2, bool), np.array([0, 0]), np.array([1, 1]), np.array([14.0, 34.0]), np.array([0.15, 0.1]),
        np.array([1000.0, 500.0]), np.array([4.0, 2.0]), np.zeros(2), np.array([0]), np.array([1]), np.array([3000.0]),
    )  # fmt: skip
    check = check_flows(both, np.array([2200.0, 800.0]))
    assert check.relative_gap == pytest.approx(0.260278361, abs=5e-10)
    assert check.average_excess_cost == pytest.approx(15.025824, abs=5e-7)
    assert check.objective == pytest.approx(81_966.321067, abs=5e-7)
    assert check.lower_bound == pytest.approx(36_888.849067, abs=5e-7)
    assert (check.total_cost, check.shortest_cost) == pytest.approx((173_189.472, 128_112.0), abs=5e-7)
