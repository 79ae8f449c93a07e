"""Money over time."""

from __future__ import annotations


def annuity(interest_share: float, years: float) -> float:
    """Yearly payment that repays one yuan over ``years`` at ``interest_share`` a year [1/year].

    >>> round(annuity(0.05, 20), 6)
    0.080243
    >>> annuity(0.0, 20)
    0.05
    """
    if interest_share == 0:
        return 1 / years
    return interest_share / (1 - (1 + interest_share) ** -years)
