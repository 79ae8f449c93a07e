"""Every pitfall of the TNTP form: what is read, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qujiang.errors import DataError, InfeasibleError
from qujiang.freight.road_network import assign_roads
from qujiang.freight.tntp import read_tntp

NET = """<NUMBER OF LINKS> 3 ~ order of keys is free
<FIRST THRU NODE>\t4
<NUMBER OF NODES> 3
<NUMBER OF ZONES> 3
<ORIGINAL HEADER>~ Init node Term node ;
<END OF METADATA>


~ init term capacity length fft b power speed toll type ;
\t1\t2\t100\t2\t1\t0\t0\t0\t0\t1\t;
  2 3   100 2 1 0.15 4 0 0 1
~ a comment between rows
1 3 100 5 10 0.15 4 0 7 1;
"""
TRIPS = """<TOTAL OD FLOW> 17.5
<NUMBER OF ZONES> 3
<END OF METADATA>
~ a comment after the header
Origin 1
 3 :
   10.0 ; 2 : 2.5; 1 :
 1.0 ;
Origin  2
    3 :    4.0;
"""


def write(folder: Path, net: str = NET, trips: str = TRIPS) -> tuple[Path, Path]:
    (folder / "Tri_net.tntp").write_text(net, encoding="utf-8")
    (folder / "Tri_trips.tntp").write_text(trips, encoding="utf-8")
    return folder / "Tri_net.tntp", folder / "Tri_trips.tntp"


def faults(folder: Path, net: str = NET, trips: str = TRIPS) -> list[str]:
    with pytest.raises(DataError) as caught:
        read_tntp(*write(folder, net, trips))
    return [str(fault) for fault in caught.value.faults]


def test_free_order_comments_and_entries_over_lines_are_read(tmp_path: Path) -> None:
    network, demand = read_tntp(*write(tmp_path))
    assert network.name == "Tri"
    assert network.tail.tolist() == [0, 1, 0]
    assert network.head.tolist() == [1, 2, 2]
    assert network.free_flow.tolist() == [1.0, 1.0, 10.0]
    assert network.passable.tolist() == [False, False, False]
    assert network.toll.tolist() == [0.0, 0.0, 7.0]
    assert dict(zip(zip(demand.origin, demand.target, strict=True), demand.trips, strict=True)) == {
        (0, 2): 10.0,
        (0, 1): 2.5,
        (1, 2): 4.0,
    }
    assert demand.within == 1.0
    assert "toll factor" in network.notes[0]


def test_zones_are_not_passed_unless_the_first_thru_node_allows_it(tmp_path: Path) -> None:
    closed = assign_roads(*read_tntp(*write(tmp_path)))
    assert closed.answer.flow.round(9).tolist() == [2.5, 4.0, 10.0]
    opened = assign_roads(*read_tntp(*write(tmp_path, NET.replace("NODE>\t4", "NODE>\t1"))))
    assert opened.answer.flow.round(9).tolist() == [12.5, 14.0, 0.0]


def test_toll_and_length_count_with_their_factors(tmp_path: Path) -> None:
    read = read_tntp(*write(tmp_path))
    plain, dear = assign_roads(*read), assign_roads(*read, toll_factor=0.5, distance_factor=0.1)
    added = 0.1 * (2.5 * 2 + 4 * 2 + 10 * 5) + 0.5 * 10 * 7
    assert dear.check.objective == pytest.approx(plain.check.objective + added)
    assert dear.check.total_cost == pytest.approx(plain.check.total_cost + added)


def test_the_braess_file_keeps_its_very_small_free_flow_times(tmp_path: Path) -> None:
    net = """<NUMBER OF ZONES> 2
<NUMBER OF NODES> 4
<FIRST THRU NODE> 1
<NUMBER OF LINKS> 5
<END OF METADATA>
1 3 1 100 0.00000001 1000000000 1 0 0 1 ;
1 4 1 100 50 0.02 1 0 0 1 ;
3 2 1 100 50 0.02 1 0 0 1 ;
3 4 1 100 10 0.1 1 0 0 1 ;
4 2 1 100 0.00000001 1000000000 1 0 0 1 ;
"""
    trips = "<NUMBER OF ZONES> 2\n<TOTAL OD FLOW> 6.0\n<END OF METADATA>\nOrigin 1\n2 : 6.0;\n"
    result = assign_roads(*read_tntp(*write(tmp_path, net, trips)), gap=1e-12)
    np.testing.assert_allclose(result.answer.flow, [4, 2, 2, 2, 4], atol=1e-7)
    assert result.check.objective == pytest.approx(386.0, abs=1e-6)
    assert result.check.total_cost == pytest.approx(552.0, abs=1e-6)


def test_all_faults_of_both_files_are_told_at_once(tmp_path: Path) -> None:
    net = (
        NET.replace("<NUMBER OF LINKS> 3", "<NUMBER OF LINKS> 4")
        .replace("2 3   100", "2 9   1oo")
        .replace(" 10 0.15", " -1 0.15")
    )
    trips = TRIPS.replace("2 : 2.5", "7 : 2.5").replace("    4.0", "    four")
    told = faults(tmp_path, net, trips)
    assert [line.split("  ")[0] for line in told] == [
        "Tri_net.tntp:11",
        "Tri_net.tntp:11",
        "Tri_net.tntp:13",
        "Tri_net.tntp:1",
        "Tri_trips.tntp:7",
        "Tri_trips.tntp:10",
    ]
    assert "capacity = 1oo  must be a number" in told[0]
    assert "term_node = 9  must be a node from 1 to 3" in told[1]
    assert "free_flow_time = -1" in told[2]
    assert "the file holds 3 rows" in told[3]
    assert "destination = 7" in told[4]
    assert "trips = four" in told[5]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("<END OF METADATA>\n\n\n", "", "Tri_net.tntp:7  a row before <END OF METADATA>"),
        ("<NUMBER OF NODES> 3\n", "", "Tri_net.tntp  <NUMBER OF NODES>  is missing"),
        (
            "<NUMBER OF ZONES> 3",
            "<NUMBER OF ZONES> three",
            "Tri_net.tntp:4  <NUMBER OF ZONES> = three  must be a whole number",
        ),
        (
            "<NUMBER OF ZONES> 3",
            "<NUMBER OF ZONES> 4",
            "Tri_net.tntp:4  <NUMBER OF ZONES> = 4  must not be above the number of nodes",
        ),
        ("\t0\t0\t1\t;", ";", "Tri_net.tntp:10  a link has 10 values, not 7"),
        ("100 5 10", "0 5 10", "Tri_net.tntp:13  capacity = 0  must be above 0 where b and power are"),
        ("100 5 10", "100 5 nan", "Tri_net.tntp:13  free_flow_time = nan  must be finite"),
        ("1 3 100", "1.5 3 100", "Tri_net.tntp:13  init_node = 1.5  must be a node"),
    ],
)
def test_a_broken_network_is_told_with_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    lines = faults(tmp_path, net=NET.replace(old, new))
    assert any(line.startswith(told) for line in lines), lines


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "<TOTAL OD FLOW> 17.5",
            "<TOTAL OD FLOW> 99",
            "Tri_trips.tntp:1  <TOTAL OD FLOW> = 99  the trips of the file sum to 17.5",
        ),
        ("<NUMBER OF ZONES> 3", "<NUMBER OF ZONES> 4", "Tri_trips.tntp:2  <NUMBER OF ZONES> = 4  the network has 3"),
        ("Origin  2", "Origin  0", "Tri_trips.tntp:9  origin = 0  must be a zone from 1 to 3"),
        ("    3 :    4.0;", "    3 :    -4.0;", "Tri_trips.tntp:10  trips = -4.0  must be finite and not negative"),
        ("    3 :    4.0;", "    3     4.0;", "Tri_trips.tntp:10  3  must be part of: destination : trips"),
        (
            "    3 :    4.0;",
            "    3 :    4.0; 3 : 1;",
            "Tri_trips.tntp:10  destination = 3  is given twice for origin 2",
        ),
        ("    3 :    4.0;", "    3 : ", "Tri_trips.tntp:10  3  an entry without its trips"),
        ("Origin 1\n", "", "Tri_trips.tntp:5  3 :  trips before the first Origin"),
    ],
)
def test_broken_trips_are_told_with_their_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    lines = [line.replace("None = ", "") for line in faults(tmp_path, trips=TRIPS.replace(old, new))]
    assert any(line.startswith(told.split("  ")[0]) and told.split("  ")[-1] in line for line in lines), lines


def test_a_file_that_is_not_there_is_one_fault(tmp_path: Path) -> None:
    _, trips = write(tmp_path)
    with pytest.raises(DataError) as caught:
        read_tntp(tmp_path / "no_net.tntp", trips)
    assert [str(fault) for fault in caught.value.faults] == ["no_net.tntp  there is no such file (check the path)"]


def test_a_pair_without_a_path_is_named_if_it_has_trips(tmp_path: Path) -> None:
    net = NET.replace("2 3   100", "3 2   100").replace("1 3 100", "3 1 100")
    with pytest.raises(InfeasibleError, match=r"no path for 14 trips: 1 to 3, 2 to 3"):
        assign_roads(*read_tntp(*write(tmp_path, net)))
    empty = TRIPS.replace("10.0", "0.0").replace("4.0", "0.0").replace("17.5", "3.5")
    assert assign_roads(*read_tntp(*write(tmp_path, net, empty))).answer.flow.tolist() == [2.5, 0.0, 0.0]
