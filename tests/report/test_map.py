"""The map: flows, frames, labels."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qujiang.report.flowmap import flow_map
from qujiang.report.flows import read_flows
from qujiang.report.geography import Frame, frame_around
from qujiang.report.labels import Wish, place_labels

FRAME = Frame(118.0, 28.0, 122.0, 32.0, 760.0, 760.0)
points = st.lists(st.tuples(st.floats(0, 760), st.floats(0, 760)), min_size=1, max_size=30)


def test_both_directions_of_a_link_are_one_flow_and_tonnes_are_kept():
    rows = [("water", "a", "b", 3.0), ("water", "b", "a", 1.0), ("rail", "b", "a", 2.0), ("water", "a", "b", 0.5)]
    links = pl.DataFrame(rows, schema=["mode", "from_place", "to_place", "flow_t_per_year"], orient="row")
    flows = read_flows(links)
    assert [(f.mode, f.a, f.b, f.there_t, f.back_t) for f in flows] == [
        ("water", "a", "b", 3.5, 1.0),
        ("rail", "b", "a", 2.0, 0.0),
    ]
    assert sum(flow.total_t for flow in flows) == links["flow_t_per_year"].sum()
    assert read_flows(None) == []


def test_equal_flows_both_ways_are_counted_once():
    rows = [("road", "a", "b", 2.0), ("road", "b", "a", 2.0)]
    links = pl.DataFrame(rows, schema=["mode", "from_place", "to_place", "flow_t_per_year"], orient="row")
    assert [flow.total_t for flow in read_flows(links)] == [4.0]


@given(st.lists(st.tuples(st.floats(100, 130), st.floats(10, 50)), min_size=1, max_size=20))
def test_a_frame_holds_its_points_and_keeps_lengths_equal(found):
    frame = frame_around(found, 760.0)
    assert all(frame.holds(*frame.xy(*point)) for point in found)
    middle = (frame.south + frame.north) / 2
    east = frame.width / (frame.east - frame.west)
    north = frame.height / (frame.north - frame.south)
    assert east / north == pytest.approx(math.cos(math.radians(middle)), rel=0.01)
    assert 0.6 * frame.width <= frame.height <= frame.width * 1.001


@given(points)
def test_labels_hide_neither_each_other_nor_a_point(found):
    wishes = [Wish(x, y, f"place {i}") for i, (x, y) in enumerate(found)]
    labels = place_labels(wishes, FRAME, 13.0, 34)
    boxes = []
    for label in labels:
        wide = len(label.text) * 0.53 * 13.0
        left = {"start": label.x, "end": label.x - wide, "middle": label.x - wide / 2}[label.anchor]
        boxes.append((left, label.y - 9, left + wide, label.y + 1))
    for i, a in enumerate(boxes):
        assert a[0] >= 0 and a[2] <= 760
        for b in boxes[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_the_label_of_the_port_is_never_left_out():
    crowd = [(380.0 + dx, 380.0 + dy) for dx in range(-60, 61, 6) for dy in range(-60, 61, 6)]
    labels = place_labels([Wish(380, 380, "port", 8, True), Wish(381, 381, "other")], FRAME, 13.0, 9, crowd)
    assert [label.text for label in labels] == ["port"]


def test_widths_follow_tonnes_and_parallel_modes_lie_side_by_side(result, district):
    drawn = flow_map(result, district)
    assert drawn is not None
    widths = [flow.width for flow in drawn.pictures[0].flows]
    assert widths == sorted(widths) and widths[-1] == pytest.approx(13.0)
    assert drawn.pictures[0].port is not None
    assert [lock.load for lock in drawn.pictures[0].locks] == [None, 3]


def test_every_size_and_language_has_its_labels(result, district):
    drawn = flow_map(result, district)
    assert drawn is not None
    labels = {
        (size, language): {label.text for label in found} for size, language, _, found in drawn.pictures[0].labels
    }
    assert "Shanghai" in labels["wide", "en"] and "上海市" in labels["wide", "zh"]
    assert "Qujiang port area" in labels["narrow", "en"] and "衢江港区" in labels["narrow", "zh"]
    assert not any("Meicheng" in found for found in labels.values())
