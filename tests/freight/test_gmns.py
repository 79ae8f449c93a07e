"""GMNS in and out: units honoured or refused, lanes, directions, and read-back equal to written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from qujiang.errors import DataError, ScenarioError
from qujiang.freight.gmns import gmns_tables, link_geojson, read_gmns, write_tables
from qujiang.freight.road_network import assign_roads

NODES = "node_id,x_coord,y_coord,zone_id\nA,118.8,28.9,1\nB,118.9,28.95,\nC,119.0,29.0,3\n"
LINKS = """link_id,from_node_id,to_node_id,directed,length,capacity,lanes,free_speed,toll,geometry
ab,A,B,true,6,900,2,60,0,"LINESTRING (118.8 28.9,
 118.9 28.95)"
bc,B,C,false,3,1000,1,30,2.5,
"""
DEMAND = "o_zone_id,d_zone_id,volume\n1,3,500\n1,1,7\n"
CONFIG = "dataset_name,long_length,speed,crs\nthree,km,kph,EPSG:4326\n"


def folder(path: Path, **changed: str | None) -> Path:
    texts: dict[str, str | None] = {"node": NODES, "link": LINKS, "demand": DEMAND, "config": CONFIG, **changed}
    for name, text in texts.items():
        if text is not None:
            (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


def faults(path: Path, **changed: str | None) -> list[str]:
    with pytest.raises(DataError) as caught:
        read_gmns(folder(path, **changed))
    return [str(fault) for fault in caught.value.faults]


def test_lanes_speeds_and_both_directions_are_read(tmp_path: Path) -> None:
    network, demand = read_gmns(folder(tmp_path))
    assert network.link_ids == ("ab", "bc", "bc back")
    assert network.tail.tolist() == [0, 1, 2]
    assert network.head.tolist() == [1, 2, 1]
    assert network.capacity.tolist() == [1800.0, 1000.0, 1000.0]
    np.testing.assert_allclose(network.free_flow, [6.0, 6.0, 6.0])
    assert network.b.tolist() == [0.15] * 3
    assert network.power.tolist() == [4.0] * 3
    assert network.passable.all()
    assert (demand.trips.tolist(), demand.within) == ([500.0], 7.0)
    assert "toll factor" in network.notes[0]


@pytest.mark.parametrize(
    ("long_length", "speed", "minutes"),
    [("mile", "mph", 6.0), ("m", "km/h", 0.006), ("km", "mph", 6 / 1.609344), ("feet", "kph", 0.0018288)],
)
def test_units_are_honoured(tmp_path: Path, long_length: str, speed: str, minutes: float) -> None:
    config = CONFIG.replace("km,kph", f"{long_length},{speed}")
    assert read_gmns(folder(tmp_path, config=config))[0].free_flow[0] == pytest.approx(minutes)


def test_units_that_are_not_said_are_asked_for(tmp_path: Path) -> None:
    told = faults(tmp_path, config=None)
    assert told == [
        "config.csv  long_length  is not said, and free-flow times depend on it (say it in config.csv or as an option)",
        "config.csv  speed  is not said, and free-flow times depend on it (say it in config.csv or as an option)",
    ]
    network, _ = read_gmns(tmp_path, length_unit="km", speed_unit="kph")
    assert network.free_flow[0] == pytest.approx(6.0)


def test_a_unit_that_contradicts_or_is_unknown_is_refused(tmp_path: Path) -> None:
    assert faults(tmp_path, config=CONFIG.replace("kph", "knots"))[0].startswith(
        "config.csv:2  speed = knots  is not a known unit"
    )
    with pytest.raises(DataError, match="contradicts the unit asked for, mile"):
        read_gmns(folder(tmp_path, config=CONFIG), length_unit="mile")


def test_free_flow_time_in_the_file_needs_no_units(tmp_path: Path) -> None:
    links = "link_id,from_node_id,to_node_id,directed,capacity,lanes,vdf_fftt,vdf_alpha,vdf_beta\n1,A,B,1,500,1,3.5,0.2,2\n2,B,C,1,,,4,0,4\n"
    network, _ = read_gmns(folder(tmp_path, link=links, config=None))
    assert network.free_flow.tolist() == [3.5, 4.0]
    assert network.b.tolist() == [0.2, 0.0]


def test_closed_zones_are_not_passed_by_choice_only(tmp_path: Path) -> None:
    folder(tmp_path)
    assert read_gmns(tmp_path, closed_zones=True)[0].passable.tolist() == [False, True, False]


def test_all_faults_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    told = faults(
        tmp_path,
        node=NODES + "C,x,29,\n",
        link=LINKS.replace("true,6,900,2,60", "yes,6,-900,2,0").replace("1000,1,30", "1000,,30"),
        demand=DEMAND + "1,3,5\n9,1,5\n1,2,\n",
    )
    assert told == [
        "node.csv:5  node_id = C  must be given and not twice",
        "node.csv:5  x_coord = x  must be a number",
        "link.csv:2  directed = yes  must be true or false",
        "link.csv:2  free_speed = 0  must be above 0 (leave the link out to close it)",
        "link.csv:2  capacity = -900  must be finite and not negative",
        "link.csv:4  lanes =   must be above 0 where vdf_alpha is (give it, or set vdf_alpha to 0)",
        "demand.csv:4  d_zone_id = 3  is given twice for o_zone_id 1",
        "demand.csv:5  o_zone_id = 9  is no node's zone_id (check node.csv)",
        "demand.csv:6  d_zone_id = 2  is no node's zone_id (check node.csv)",
        "demand.csv:6  volume  is missing",
    ]


def test_missing_files_and_columns_are_told(tmp_path: Path) -> None:
    folder(tmp_path, demand=None, link=LINKS.replace("directed", "oneway"))
    (tmp_path / "demand.csv").unlink(missing_ok=True)
    with pytest.raises(DataError) as caught:
        read_gmns(tmp_path)
    told = [str(fault) for fault in caught.value.faults]
    assert told == [
        "link.csv:1  directed  the column is missing",
        f"demand.csv  there is no such file (put it into {tmp_path.name}/)",
    ]


def test_a_link_to_an_unknown_node_is_told(tmp_path: Path) -> None:
    assert faults(tmp_path, link=LINKS.replace("bc,B,C", "bc,B,D")) == [
        "link.csv:4  to_node_id = D  is not a node of node.csv"
    ]


def test_a_zone_with_two_nodes_is_refused_if_it_has_trips(tmp_path: Path) -> None:
    told = faults(tmp_path, node=NODES.replace("28.95,", "28.95,3"))
    assert told == ["demand.csv:2  d_zone_id = 3  has 2 nodes: one must stand for the zone"]


def test_what_is_written_reads_back_equal(tmp_path: Path) -> None:
    network, demand = read_gmns(folder(tmp_path))
    write_tables(tmp_path / "again", gmns_tables(network, demand))
    assert not list((tmp_path / "again").glob(".*"))
    read, wanted = read_gmns(tmp_path / "again")
    for name in ("tail", "head", "capacity", "length", "free_flow", "b", "power", "toll", "x", "y", "passable"):
        np.testing.assert_array_equal(getattr(read, name), getattr(network, name))
    assert (read.node_ids, read.link_ids, read.crs, read.length_unit) == (
        network.node_ids,
        network.link_ids,
        "EPSG:4326",
        "km",
    )
    assert wanted.trips.tolist() == demand.trips.tolist()
    before, after = assign_roads(network, demand, gap=1e-10), assign_roads(read, wanted, gap=1e-10)
    assert after.check.objective == pytest.approx(before.check.objective, rel=1e-12)


def test_geojson_is_written_in_degrees_only(tmp_path: Path) -> None:
    network, _ = read_gmns(folder(tmp_path))
    shown = json.loads(link_geojson(network, {"flow": np.array([1.0, 2.0, 3.0])}))
    assert shown["type"] == "FeatureCollection"
    first = shown["features"][0]
    assert first["geometry"] == {"type": "LineString", "coordinates": [[118.8, 28.9], [118.9, 28.95]]}
    assert first["properties"] == {"from": "A", "to": "B", "flow": 1.0}
    feet, _ = read_gmns(folder(tmp_path, config=CONFIG.replace("EPSG:4326", "EPSG:26971")))
    with pytest.raises(ScenarioError, match="EPSG:26971"):
        link_geojson(feet, {})
