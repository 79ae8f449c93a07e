"""One first-come queue, event by event: the small engine beside the exact formulas."""

from __future__ import annotations

import numpy as np

from qujiang.methods.compiled import kernel

NEVER = np.inf
NOBODY = -1


@kernel
def one_queue(at_h, service_h, servers, start_h, server_of):
    """One first-come queue before equal servers.

    Fills ``start_h`` and ``server_of``. Ends come before arrivals at one instant.
    """
    calls_n = at_h.shape[0]
    ends, who_at = np.full(servers, NEVER), np.full(servers, NOBODY)
    busy, next_call, first_waiting = 0, 0, 0
    soonest, end = 0, NEVER
    while True:
        arrival = at_h[next_call] if next_call < calls_n else NEVER
        if arrival < end:
            if busy < servers:
                server = 0
                while who_at[server] != NOBODY:
                    server += 1
                who_at[server], ends[server] = next_call, arrival + service_h[next_call]
                start_h[next_call], server_of[next_call] = arrival, server
                busy += 1
                first_waiting = next_call + 1
                if ends[server] < end:
                    soonest, end = server, ends[server]
            next_call += 1
            continue
        if end == NEVER:
            return
        if first_waiting < next_call:
            start_h[first_waiting], server_of[first_waiting] = end, soonest
            who_at[soonest], ends[soonest] = first_waiting, end + service_h[first_waiting]
            first_waiting += 1
        else:
            who_at[soonest], ends[soonest] = NOBODY, NEVER
            busy -= 1
        soonest = 0
        for server in range(1, servers):
            if ends[server] < ends[soonest]:
                soonest = server
        end = ends[soonest]
