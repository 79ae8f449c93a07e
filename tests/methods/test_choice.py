"""Logit, logsum and path size against their closed forms and identities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import brentq

from qujiang.methods import choice


def test_logit_of_two_routes_meets_its_closed_form() -> None:
    cost = np.array([100.0, 110.0])
    share = choice.logit_shares(cost, 0.1)
    assert share[0] == pytest.approx(0.731058579, abs=5e-10)
    assert share @ cost == pytest.approx(102.689414214, abs=5e-10)
    assert choice.entropy(share) == pytest.approx(0.582203109, abs=5e-10)
    assert choice.logsum_yuan(cost, 0.1) == pytest.approx(96.867383125, abs=5e-10)


def test_a_cheaper_second_route_takes_share_and_lowers_the_logsum() -> None:
    cost = np.array([100.0, 108.0])
    assert choice.logit_shares(cost, 0.1)[0] == pytest.approx(0.689974481, abs=5e-10)
    assert choice.logsum_yuan(cost, 0.1) == pytest.approx(96.288993341, abs=5e-10)


def test_path_size_of_two_overlapping_routes_meets_its_closed_form() -> None:
    incidence = [[1, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 1]]  # route 1 alone; routes 2 and 3 share the leg of length 8
    size = choice.path_size(incidence, [10.0, 8.0, 2.0, 2.0])
    np.testing.assert_allclose(size, [1.0, 0.6, 0.6], atol=1e-15)
    cost = [100.0, 100.0, 100.0]
    np.testing.assert_allclose(choice.path_size_logit(cost, 0.1, size), [5 / 11, 3 / 11, 3 / 11], atol=1e-15)
    assert choice.path_size_logsum_yuan(cost, 0.1, size) == pytest.approx(92.115426396, abs=5e-10)


def test_full_overlap_halves_the_share_of_each_twin() -> None:
    size = choice.path_size([[1, 0], [0, 1], [0, 1]], [10.0, 10.0])
    np.testing.assert_allclose(choice.path_size_logit([100.0] * 3, 0.1, size), [0.5, 0.25, 0.25], atol=1e-15)


def test_stochastic_equilibrium_on_two_bpr_routes_meets_its_closed_form() -> None:
    def times(flow: float) -> np.ndarray:
        return np.array([14 * (1 + 0.15 * (flow / 1000) ** 4), 34 * (1 + 0.1 * ((3000 - flow) / 500) ** 2)])

    flow = brentq(lambda v: v - 3000 * choice.logit_shares(times(v), 0.05)[0], 0.0, 3000.0, xtol=1e-11)
    assert flow == pytest.approx(1884.070704736, abs=5e-9)
    np.testing.assert_allclose(times(flow), [40.461111451, 50.936055412], atol=5e-9)
    assert choice.logsum_yuan(times(flow), 0.05) == pytest.approx(31.157559768, abs=5e-9)


@pytest.mark.parametrize("missing", [np.nan, np.inf])
def test_an_alternative_that_is_not_available_has_no_share(missing: float) -> None:
    share = choice.logit_shares([[100.0, missing, 110.0], [missing] * 3], 0.1)
    np.testing.assert_allclose(share[0], [0.731058579, 0.0, 0.268941421], atol=5e-10)
    assert (share[1] == 0.0).all()
    logsum = choice.logsum_yuan([[100.0, missing, 110.0], [missing] * 3], 0.1)
    assert logsum[0] == pytest.approx(96.867383125, abs=5e-10)
    assert logsum[1] == np.inf


def test_mask_and_missing_cost_say_the_same() -> None:
    masked = choice.logit_shares([100.0, 5.0, 110.0], 0.1, mask=[True, False, True])
    np.testing.assert_array_equal(masked, choice.logit_shares([100.0, np.nan, 110.0], 0.1))
    size = choice.path_size([[1, 0], [0, 1], [0, 1]], [1.0, 1.0], mask=[True, True, False])
    np.testing.assert_array_equal(size, [1.0, 1.0, 0.0])
    np.testing.assert_array_equal(choice.path_size_logit([9.0] * 3, 0.1, size), [0.5, 0.5, 0.0])


def test_a_scale_for_each_row() -> None:
    cost = np.array([[100.0, 110.0], [100.0, 110.0]])
    share = choice.logit_shares(cost, [0.1, 0.2])
    np.testing.assert_array_equal(share[0], choice.logit_shares(cost[0], 0.1))
    np.testing.assert_array_equal(share[1], choice.logit_shares(cost[1], 0.2))


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan])
def test_a_scale_that_is_not_positive_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="scale_per_yuan"):
        choice.logit_shares([1.0, 2.0], scale)


costs = arrays(np.float64, (3, 4), elements=st.floats(0.0, 1e4))
scales = st.floats(1e-4, 10.0)


@settings(deadline=None)
@given(costs, scales)
def test_identities_of_the_logit(cost: np.ndarray, scale: float) -> None:
    share = choice.logit_shares(cost, scale)
    logsum = choice.logsum_yuan(cost, scale)
    np.testing.assert_allclose(share.sum(axis=-1), 1.0, atol=1e-14)
    assert (logsum <= cost.min(axis=-1)).all()
    np.testing.assert_allclose(logsum, (share * cost).sum(-1) - choice.entropy(share) / scale, atol=1e-9, rtol=1e-12)


@settings(deadline=None)
@given(costs, scales, st.floats(-1e3, 1e3))
def test_a_cost_added_to_all_moves_only_the_logsum(cost: np.ndarray, scale: float, more: float) -> None:
    np.testing.assert_allclose(
        choice.logit_shares(cost + more, scale), choice.logit_shares(cost, scale), atol=1e-10, rtol=1e-9
    )
    np.testing.assert_allclose(
        choice.logsum_yuan(cost + more, scale), choice.logsum_yuan(cost, scale) + more, atol=1e-9
    )


@settings(deadline=None)
@given(arrays(np.bool_, (4, 6)), arrays(np.float64, 6, elements=st.floats(0.1, 100.0)))
def test_path_sizes_lie_between_one_over_n_and_one(incidence: np.ndarray, weight: np.ndarray) -> None:
    size = choice.path_size(incidence, weight)
    assert (size <= 1.0 + 1e-15).all()
    assert (size >= 0.25 - 1e-15).all()
    np.testing.assert_allclose((size * (incidence @ weight)).sum(), weight[incidence.any(axis=0)].sum())
