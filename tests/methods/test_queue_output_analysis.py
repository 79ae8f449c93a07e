"""Intervals, warm-up and the sharing of replications."""

from __future__ import annotations

import numpy as np
import pytest

from qujiang.errors import ScenarioError
from qujiang.methods import output_analysis as oa


@pytest.mark.parametrize(("count", "quantile"), [(5, 2.7764), (10, 2.2622), (20, 2.0930), (30, 2.0452), (40, 2.0227)])
def test_student(count: int, quantile: float):
    assert oa.student_quantile(count - 1, 0.95) == pytest.approx(quantile, abs=5e-5)


def test_coverage():
    """2,000 intervals of 10 exponential means of 50: nominal 95 %; standard error 0.49 %, 4 sigma and the skew's 1 %."""
    rng = np.random.default_rng(7)
    data = rng.exponential(1.0, (2000, 10, 50)).mean(axis=2)
    hits = sum(abs(i.mean - 1) <= i.half_width for i in map(oa.t_interval, data))
    assert abs(hits / 2000 - 0.95) < 4 * 0.0049 + 0.01


def test_mser_finds_the_start():
    rng = np.random.default_rng(3)
    series = 5 * np.exp(-np.arange(2000) / 60) + rng.normal(0, 0.2, 2000)
    cut = oa.mser5(series)
    assert cut is not None
    assert 150 <= cut <= 500
    assert oa.mser5(np.arange(400.0)) is None
    with pytest.raises(ScenarioError, match="20 values"):
        oa.mser5([1.0, 2.0])


def test_ocba_published():
    """The SPOT vector: 32 spent, 100 to come; the real-valued further counts are 46.9, 38.2, 11.6, 2.0, 1.2."""
    spent = np.array([12, 6, 5, 5, 4])
    counts = oa.ocba_counts([1.2, 2.1, 3.4, 4.87, 6.05], [3.3, 2, 4.5, 5.3, 6.9], spent.sum() + 100)
    assert counts - spent == pytest.approx([46.9, 38.2, 11.6, 2.0, 1.2], abs=0.06)


def test_drift():
    rng = np.random.default_rng(5)
    flat = rng.exponential(1.0, (10, 400))
    assert not oa.drifts(flat)
    assert oa.drifts(flat + np.arange(400) / 100)
