"""Waiting lines, exact: mean wait over mean service for n equal servers, first come first served.

Letters name the gaps between arrivals and the service times: ``M`` exponential, ``D`` constant, ``E2`` Erlang with two
stages. ``u`` is utilisation, the offered load divided by the servers. Nothing is tabulated and nothing is clamped: at
u >= 1 there is no steady wait, and a ``ScenarioError`` says how fast the queue grows.

============  =====================================================================================
pair          method
============  =====================================================================================
M/M           Erlang C by the Erlang B recursion
M/D, E2/D     roots of z^n = exp(nu(z-1)), below u = 0.5 the Crommelin series; E2/D/n waits as M/D/2n
M/E2, E2/M,   quasi-birth-death process: logarithmic reduction above n, blocks solved downwards below
E2/E2
D/M, D/E2     chain at the arrivals: exact spectrum above n, the death process between arrivals below
D/D           0
============  =====================================================================================

References
----------
Erlang (1917); Crommelin (1932), Post Office Electrical Engineers' Journal 25, 41-50; Latouche and Ramaswami (1993),
Journal of Applied Probability 30, 650-674, doi:10.2307/3214773; Neuts (1981), Matrix-Geometric Solutions.
"""

from __future__ import annotations

import math
from functools import lru_cache

from qujiang.errors import ScenarioError

#: letter -> number of exponential stages; 0 stands for a constant.
STAGES: dict[str, int] = {"M": 1, "D": 0, "E2": 2}
MOST_SERVERS = 400


def erlang_b(servers: int, load: float) -> float:
    """Share of arrivals lost when ``servers`` have no queue before them [1]; ``load`` in erlang.

    >>> round(erlang_b(3, 2.1), 9)
    0.22537782
    """
    lost = 1.0
    for k in range(1, servers + 1):
        lost = load * lost / (k + load * lost)
    return lost


def erlang_c(servers: int, load: float) -> float:
    """Share of arrivals that wait in M/M/n [1]; ``load`` in erlang, below ``servers``.

    >>> round(erlang_c(3, 2.1), 9)
    0.492344498
    """
    utilisation = load / servers
    require_steady(servers, utilisation)
    lost = erlang_b(servers, load)
    return lost / (1 - utilisation * (1 - lost))


def wait_over_service(arrival: str, service: str, servers: int, utilisation: float) -> float:
    """Mean wait in the queue divided by the mean service time [1].

    Parameters
    ----------
    arrival, service
        ``M``, ``D`` or ``E2``.
    servers
        Equal servers before one queue, 1 to 400.
    utilisation
        Arrivals per service time and server, 0 < u < 1.

    Raises
    ------
    ScenarioError
        A letter is unknown, a number is out of range, or u >= 1: then the queue grows without end.

    Examples
    --------
    >>> round(wait_over_service("E2", "E2", 5, 0.8), 6)
    0.241838
    """
    gaps, stages = _stages(arrival, "arrival"), _stages(service, "service")
    _require_servers(servers)
    require_steady(servers, utilisation)
    return _wait(gaps, stages, int(servers), float(utilisation))


def require_steady(servers: int, utilisation: float) -> None:
    """Refuse a load that no steady state carries; the growth of the queue is told, a wait is not."""
    if not math.isfinite(utilisation) or utilisation < 0:
        raise ScenarioError(f"utilisation = {utilisation}: must be a number from 0 up to, not including, 1")
    if utilisation >= 1:
        growth = servers * (utilisation - 1)
        how = f"by {growth:g} per mean service time" if growth else "without end, if ever more slowly"
        raise ScenarioError(
            f"utilisation = {utilisation:g}: {servers} server{'s' if servers > 1 else ''} cannot keep up, so no steady wait "
            f"exists; the queue grows {how} (use more servers or less load)"
        )


def queue_growth_per_h(arrivals_per_h: float, servers: int, service_h: float) -> float:
    """How fast an overloaded queue grows [1/h]; 0 where the servers keep up.

    >>> round(queue_growth_per_h(2.5, 4, 2.0), 6)
    0.5
    """
    return max(0.0, arrivals_per_h - servers / service_h)


def utilisation_allowed(arrival: str, service: str, servers: int, wait_ratio: float) -> float:
    """The largest utilisation at which the mean wait is at most ``wait_ratio`` services [1].

    D/D never waits below 1, so 1 (not itself allowed) is returned for it.

    >>> round(utilisation_allowed("M", "M", 1, 0.1), 6)
    0.090909
    """
    from scipy.optimize import root_scalar

    gaps, stages = _stages(arrival, "arrival"), _stages(service, "service")
    _require_servers(servers)
    _require_ratio(wait_ratio)
    if gaps == stages == 0:
        return 1.0
    target = math.log(wait_ratio)

    def surplus(utilisation: float) -> float:
        return math.log(max(_wait(gaps, stages, servers, utilisation), 1e-300)) - target

    high = 1 - min(0.5, 0.25 / (servers * (wait_ratio + 1)))
    while surplus(high) < 0:
        high = 1 - (1 - high) / 4
    low = min(0.5, high / 2)
    while surplus(low) > 0:
        low /= 2
    return float(root_scalar(surplus, bracket=(low, high), method="brentq", xtol=1e-13, rtol=1e-13).root)


def servers_needed(arrival: str, service: str, load: float, wait_ratio: float) -> int:
    """The fewest servers that carry ``load`` [erlang] at a mean wait of at most ``wait_ratio`` services.

    >>> servers_needed("M", "E2", 20_100 / (350 * 24) * 3.5, 0.10)
    11
    """
    _require_ratio(wait_ratio)
    if not (math.isfinite(load) and load > 0):
        raise ScenarioError(f"load = {load}: must be a number above 0 (arrivals per hour times mean service hours)")
    for servers in range(math.floor(load) + 1, MOST_SERVERS + 1):
        if wait_over_service(arrival, service, servers, load / servers) <= wait_ratio:
            return servers
    raise ScenarioError(f"load = {load:g}: would need more than {MOST_SERVERS} servers; split it over several queues")


def servers_at_utilisation(arrival: str, service: str, utilisation: float, wait_ratio: float) -> int:
    """The fewest servers at which a queue kept at ``utilisation`` waits at most ``wait_ratio`` services.

    >>> servers_at_utilisation("M", "M", 0.8, 0.6)
    5
    """
    _require_ratio(wait_ratio)
    require_steady(1, utilisation)
    for servers in range(1, MOST_SERVERS + 1):
        if wait_over_service(arrival, service, servers, utilisation) <= wait_ratio:
            return servers
    raise ScenarioError(
        f"utilisation = {utilisation:g}: no {MOST_SERVERS} servers wait as little as {wait_ratio:g}; lower it"
    )


def wait_quantile(servers: int, utilisation: float, share: float) -> float:
    """M/M/n: the wait that ``share`` of the arrivals do not exceed, in mean services [1].

    >>> round(wait_quantile(3, 0.7, 0.9), 9)
    1.771120538
    """
    waits = erlang_c(servers, servers * utilisation)
    if waits <= 1 - share:
        return 0.0
    return math.log(waits / (1 - share)) / (servers * (1 - utilisation))


def share_waiting_longer(servers: int, utilisation: float, wait_ratio: float) -> float:
    """M/M/n: share of arrivals that wait longer than ``wait_ratio`` mean services [1].

    >>> round(share_waiting_longer(5, 0.8, 1.0), 9)
    0.203846617
    """
    return erlang_c(servers, servers * utilisation) * math.exp(-servers * (1 - utilisation) * wait_ratio)


def wait_of_one_server(utilisation: float, service_cv2: float) -> float:
    """M/G/1 (Pollaczek-Khinchine): mean wait over mean service [1]; ``service_cv2`` is variance over mean squared.

    >>> round(wait_of_one_server(0.8, 0.5), 12)
    3.0
    """
    require_steady(1, utilisation)
    return (1 + service_cv2) / 2 * utilisation / (1 - utilisation)


def wait_between(arrival: str, servers: int, utilisation: float, service_cv2: float) -> float:
    """Mean wait over mean service for any service of variance ratio 0 to 1 or more [1]: a linear mix, not exact.

    Between exact neighbours: constant (0), Erlang-2 (0.5) and exponential (1); above 1 the Allen-Cunneen factor on M.
    For Poisson arrivals the mix of M and D alone errs by -0.6 to +0.4 % at 0.5 (1 to 10 servers, u 0.5 to 0.9).
    """
    known = {name: wait_over_service(arrival, name, servers, utilisation) for name in ("D", "E2", "M")}
    if service_cv2 <= 0.5:
        return known["D"] + service_cv2 / 0.5 * (known["E2"] - known["D"])
    if service_cv2 <= 1:
        return known["E2"] + (service_cv2 - 0.5) / 0.5 * (known["M"] - known["E2"])
    return known["M"] * (1 + service_cv2) / 2


def departs_from_exact(arrival: str, service: str, servers: int, utilisation: float, printed: str) -> float | None:
    """The exact ratio where a printed table's cell misses it by more than 0.55 of its last digit, else None.

    >>> departs_from_exact("M", "E2", 1, 0.85, "4.50")
    4.25
    """
    exact = wait_over_service(arrival, service, servers, utilisation)
    decimals = len(printed.partition(".")[2])
    return round(exact, 12) if abs(exact - float(printed)) > 0.55 * 10.0**-decimals else None


def wait_by_class(servers: int, class_loads: list[float]) -> list[float]:
    """M/M/n with classes served in order, never interrupted: each class's mean wait in mean services [1].

    ``class_loads`` are offered loads [erlang], first class first.

    >>> [round(w, 6) for w in wait_by_class(3, [0.9, 1.2])]
    [0.23445, 0.781499]
    """
    waits = erlang_c(servers, sum(class_loads))
    answer, before = [], 0.0
    for load in class_loads:
        upto = before + load / servers
        answer.append(waits / servers / ((1 - before) * (1 - upto)))
        before = upto
    return answer


def blocking_line_throughput(rate: float, spaces: int) -> float:
    """Two exponential stations of one rate, the first never starved, ``spaces`` between, blocked after service.

    >>> blocking_line_throughput(1.0, 1)
    0.75
    """
    return rate * (spaces + 2) / (spaces + 3)


def mean_present_under_sine(time: float, base: float, swing: float, turn: float, rate: float) -> float:
    """Infinite servers, arrivals base + swing·sin(turn·t), exponential service of ``rate``: mean number present [1].

    The peak of the load follows the peak of the arrivals late; size to this, not to the steady formula at the peak.
    """
    wave = rate * math.sin(turn * time) - turn * math.cos(turn * time)
    return base / rate + swing * wave / (rate * rate + turn * turn)


# -- the pairs ---------------------------------------------------------------------------------------------------------


def _stages(letter: str, role: str) -> int:
    if letter not in STAGES:
        raise ScenarioError(f"{role} = {letter}: must be one of {', '.join(STAGES)}")
    return STAGES[letter]


def _require_servers(servers: int) -> None:
    if servers != int(servers) or not 1 <= servers <= MOST_SERVERS:
        raise ScenarioError(f"servers = {servers}: must be a whole number from 1 to {MOST_SERVERS}")


def _require_ratio(wait_ratio: float) -> None:
    if not (math.isfinite(wait_ratio) and wait_ratio > 0):
        raise ScenarioError(f"wait ratio = {wait_ratio}: must be a number above 0 (mean wait over mean service)")


@lru_cache(maxsize=8192)
def _wait(gaps: int, stages: int, servers: int, utilisation: float) -> float:
    if utilisation == 0 or gaps == stages == 0:
        return 0.0
    if gaps == stages == 1:
        return erlang_c(servers, servers * utilisation) / (servers * (1 - utilisation))
    if stages == 0:
        return wait_constant_service(gaps * servers, utilisation)
    from qujiang.methods import queue_chains

    if gaps == 0:
        return queue_chains.wait_constant_gaps(stages, servers, utilisation)
    return queue_chains.wait_erlang(gaps, stages, servers, utilisation)


def wait_constant_service(servers: int, utilisation: float) -> float:
    """M/D/n: mean wait over mean service [1]. E_k/D/n waits as M/D/(k·n) at the same utilisation.

    (Number the customers of M/D/kn in turn; every k-th arrival to one of n lines is an E_k stream, and constant service
    keeps the order.)

    >>> round(wait_constant_service(3, 0.8), 6)
    0.5539
    """
    if servers == 1:
        return 0.5 * utilisation / (1 - utilisation)
    return _crommelin(servers, utilisation) if utilisation < 0.5 else _roots(servers, utilisation)


def _crommelin(servers: int, utilisation: float) -> float:
    """Σ_i P(X_i >= in) - P(X_i >= in+1)/u with X_i ~ Poisson(iun): keeps relative precision where waits are tiny."""
    import numpy as np
    from scipy.special import gammaln

    total, i = 0.0, 0
    while True:
        i += 1
        first, mean = i * servers, i * utilisation * servers
        # P(X>=m) - P(X>=m+1)/u summed from its positive parts: Σ_{k>=1} (k/in)·... = E[(X-m)^+]/(u·m) for m = in
        k = np.arange(1, 60 + int(12 * math.sqrt(first)))
        terms = np.exp((first + k) * math.log(mean) - mean - gammaln(first + k + 1.0))
        step = float(np.sum(k * terms)) / (servers * utilisation * i)
        total += step
        if step <= 1e-17 * total or total == 0.0:
            return total


def _roots(servers: int, utilisation: float) -> float:
    """L_q = Σ 1/(1-z_j) - (n(n-1) - a²)/(2(n-a)) over the roots z_j != 1 of z^n = exp(a(z-1)) in the unit disc."""
    import numpy as np

    turn = np.exp(2j * np.pi * np.arange(1, servers) / servers)
    roots = 0.9 * turn
    for _ in range(30):
        roots = turn * np.exp(utilisation * (roots - 1))
    for _ in range(60):
        image = turn * np.exp(utilisation * (roots - 1))
        step = (roots - image) / (1 - utilisation * image)
        roots = roots - step
        if np.max(np.abs(step)) < 1e-16:
            break
    load = servers * utilisation
    waiting = np.sum(1 / (1 - roots)).real - (servers * (servers - 1) - load * load) / (2 * (servers - load))
    return float(waiting / load)
