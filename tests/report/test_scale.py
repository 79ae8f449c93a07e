"""Scales of charts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qujiang.report.scale import scale_for

values = st.lists(
    st.floats(-1e12, 1e12, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-6), min_size=1, max_size=5
)


@given(values)
def test_every_value_lies_on_the_line_and_order_is_kept(found):
    scale = scale_for(found)
    assert scale.low <= min(found) and max(found) <= scale.high
    places = [scale.at(value) for value in sorted(found)]
    assert places == sorted(places)
    assert all(0 <= place <= 100 for place in places)


@given(values)
def test_few_ticks_that_lie_on_the_line(found):
    scale = scale_for(found)
    ticks = scale.ticks()
    assert 2 <= len(ticks) <= 6
    assert all(scale.low <= tick <= scale.high * (1 + 1e-9) + 1e-9 for tick in ticks)


def test_a_linear_scale_starts_at_zero_and_a_wide_span_is_logarithmic():
    assert scale_for([4.2e6, 1e7]).low == 0
    assert not scale_for([4.2e6, 1e7]).log
    assert scale_for([500.0, 1e7]).log
    assert scale_for([500.0, 1e7]).at(500.0) > 0


def test_percent_ends_at_a_hundred():
    assert scale_for([95.0], full=100.0).high == 100
    assert scale_for([12.0, 13.0], full=100.0).high == 15


def test_unknown_values_are_passed_over():
    assert scale_for([None, 3.0, float("nan")]).at(3.0) == pytest.approx(75, abs=15)
    assert scale_for([None]).high > 0
    assert scale_for([0.0]).high > 0
