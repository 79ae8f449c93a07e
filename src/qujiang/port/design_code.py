"""Figures of the harbour design codes, for comparison: containers, mixed berths, yards.

Quoted from design texts and student works, not from the codes themselves: unverified. The general and bulk berth is
``capacity.design_code_capacity_t_per_year``.
"""

from __future__ import annotations

from collections.abc import Sequence


def container_rate_teu_per_h(
    cranes: int,
    boxes_per_h: float,
    teu_per_box: float,
    *,
    work_factor: float,
    rehandled_share: float,
    twin_factor: float = 1.0,
) -> float:
    """p = n·p1·K1·K2·(1 - K3)·K4 [TEU/h], harbour code table 7.10.7 as quoted.

    >>> round(container_rate_teu_per_h(2, 25, 1.6, work_factor=0.85, rehandled_share=0.05, twin_factor=1.05), 2)
    67.83
    """
    return cranes * boxes_per_h * teu_per_box * work_factor * (1 - rehandled_share) * twin_factor


def container_berth_teu_per_year(
    rate_teu_per_h: float,
    call_teu: float,
    *,
    working_days: float,
    utilisation_share: float,
    hours_h_per_day: float = 24.0,
    berthing_h: float = 3.0,
) -> float:
    """P = T·A·Q/(Q/(p·t_g) + t_f/24) [TEU/year].

    >>> rate = container_rate_teu_per_h(2, 25, 1.6, work_factor=0.85, rehandled_share=0.05, twin_factor=1.05)
    >>> round(container_berth_teu_per_year(rate, 1050, working_days=333, utilisation_share=0.5))
    227047
    """
    return (
        working_days * utilisation_share * call_teu / (call_teu / (rate_teu_per_h * hours_h_per_day) + berthing_h / 24)
    )


def mixed_berth_t_per_year(shares: Sequence[float], capacities_t_per_year: Sequence[float]) -> float:
    """P = 1/Σ(α_i/P_i) [t/year].

    >>> round(mixed_berth_t_per_year([0.6, 0.4], [400_000, 250_000]))
    322581
    """
    return 1 / sum(share / capacity for share, capacity in zip(shares, capacities_t_per_year, strict=True))


def container_yard_m2(
    teu_per_year: float,
    dwell_days: float,
    *,
    imbalance_factor: float,
    working_days: float,
    stack_high: float,
    use_share: float,
    slot_m2: float,
) -> float:
    """Slots E = Q·t·K/T, ground slots E/(N·A), area by the slot [m²]; JTJ 211-99, 5.8.9, as quoted.

    >>> round(container_yard_m2(200_000, 7, imbalance_factor=1.3, working_days=355, stack_high=5, use_share=0.6, slot_m2=28), -1)
    47850.0
    """
    slots = teu_per_year * dwell_days * imbalance_factor / working_days
    return slots / (stack_high * use_share) * slot_m2


def bulk_yard_t(
    t_per_year: float,
    dwell_days: float,
    *,
    imbalance_factor: float,
    working_days: float,
    use_share: float,
    yard_share: float = 1.0,
) -> float:
    """E = Q·K·K_r·t/(T·α) [t]; JTJ 211-99, 5.8.9, as quoted.

    >>> round(bulk_yard_t(1_000_000, 10, imbalance_factor=1.5, working_days=360, use_share=0.8))
    52083
    """
    return t_per_year * imbalance_factor * yard_share * dwell_days / (working_days * use_share)


def berths_by_code(t_per_year: float, berth_t_per_year: float, imbalance_factor: float = 1.3) -> int:
    """N = ⌈Q·K/P⌉.

    >>> berths_by_code(10e6, 350_000)
    38
    """
    return -int(-t_per_year * imbalance_factor // berth_t_per_year)
