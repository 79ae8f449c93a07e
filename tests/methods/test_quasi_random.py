"""Points and inverse laws against their closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from qujiang.methods.quasi_random import BLOCK, normal, normalised, points, triangular, uniform, with_common_factor


def test_each_slice_of_the_range_holds_one_point():
    for block in range(3):
        found = points(7, 0, block, ["a", "b", "c"])
        assert found.shape == (BLOCK, 3)
        assert (np.sort((found * BLOCK).astype(int), axis=0) == np.arange(BLOCK)[:, None]).all()


def test_a_point_depends_on_its_address_only():
    wide = points(1, 0, 5, ["x", "y", "z"])
    assert (points(1, 0, 5, ["z"])[:, 0] == wide[:, 2]).all()
    for seed, stream, block in ((2, 0, 5), (1, 1, 5), (1, 0, 6)):
        assert not np.array_equal(points(seed, stream, block, ["x"])[:, 0], wide[:, 0])


def test_dimensions_and_streams_are_not_related():
    names = [f"n{k}" for k in range(60)]
    cube = np.concatenate([np.hstack([points(3, s, b, names) for s in (0, 1)]) for b in range(16)])
    correlation = np.corrcoef(cube, rowvar=False)
    # 7140 pairs of standard error 1/sqrt(2048): the largest of so many normal scores lies below 5.5
    assert np.abs(correlation - np.eye(120)).max() < 5.5 / np.sqrt(len(cube))


@pytest.mark.parametrize(("low", "mode", "high"), [(0.0, 0.3, 1.0), (-2.0, -2.0, 5.0), (1.0, 4.0, 4.0)])
def test_triangular_is_the_inverse_of_scipys(low, mode, high):
    u = np.linspace(0.001, 0.999, 50)
    want = stats.triang.ppf(u, (mode - low) / (high - low), low, high - low)
    assert triangular(u, low, mode, high) == pytest.approx(want, rel=1e-9, abs=1e-12)


def test_a_shrunk_range_is_its_middle():
    assert triangular([0.1, 0.9], 3.0, 3.0, 3.0).tolist() == [3.0, 3.0]
    assert normal([0.1, 0.9], 3.0, 0.0).tolist() == [3.0, 3.0]
    assert uniform([0.25], 2.0, 6.0).tolist() == [3.0]


def test_a_common_factor_gives_the_stated_correlation_and_keeps_the_margins():
    count = 64
    cube = np.concatenate([points(5, 0, b, ["f", "a", "b"]) for b in range(count)])
    a, b = (with_common_factor(cube[:, k], cube[:, 0], 0.6) for k in (1, 2))
    scores = stats.norm.ppf(np.column_stack([a, b]))
    found = np.corrcoef(scores, rowvar=False)[0, 1]
    error = (1 - 0.6**2) / np.sqrt(count * BLOCK)
    assert abs(found - 0.6) < 4 * error
    assert stats.kstest(a, "uniform").pvalue > 1e-4


def test_normalised_parts_sum_to_the_total():
    parts = np.random.default_rng(1).random((5, 7))
    assert normalised(parts, axis=0).sum(axis=0) == pytest.approx(np.full(7, 100.0))
