"""Chance by address: the draw for (seed, replication, entity, purpose) is a hash, not a place in a sequence.

Adding a berth, a crane or a column therefore changes no vessel's draws, and two designs see the same vessels. The hash is
SplitMix64 read at a counter: with state s its i-th output is mix(s + (i + 1)·γ). One uniform per draw; every law is an
inverse, or a product of a fixed number of uniforms, so that no draw shifts another.

References
----------
Steele, Lea and Flood (2014), OOPSLA, 453-472, doi:10.1145/2660193.2660195
"""

from __future__ import annotations

import numpy as np

from qujiang.methods.compiled import kernel

GAMMA = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_REPLICATION = np.uint64(0xD1B54A32D192ED03)
ONE = np.uint64(1)


@kernel(inline="always")
def mix(state):
    """SplitMix64's finaliser: 64 bits in, 64 bits out."""
    state = (state ^ (state >> _S30)) * _M1
    state = (state ^ (state >> _S27)) * _M2
    return state ^ (state >> _S31)


@kernel
def stream(seed, replication):
    """The state from which one replication's draws are counted."""
    return mix(mix(np.uint64(seed) + GAMMA) + np.uint64(replication) * _REPLICATION)


@kernel(inline="always")
def uniform(state, index):
    """The draw at one counter: uniform on the open interval (0, 1)."""
    bits = mix(state + (np.uint64(index) + ONE) * GAMMA)
    return (np.float64(bits >> _S11) + 0.5) * 1.1102230246251565e-16


@kernel
def erlang(state, index, stages):
    """Mean 1, ``stages`` uniforms from one counter on: -log(Π u)/k. 0 stages: the constant 1."""
    if stages == 0:
        return 1.0
    product = 1.0
    for k in range(stages):
        product *= uniform(state, index + k)
    return -np.log(product) / stages
