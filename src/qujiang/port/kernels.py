"""The compiled engine: one port, one path of events.

A call passes lock, anchorage, berth, cranes, yard space, handling; its lot then passes customs, dwell and rail. Ties at
one instant: ends and releases, openings, closings, arrivals, then dispatch from downstream to upstream until nothing
moves. Within a rank the order of creation decides. The plain twin in the tests says the same in SimPy.

Codes: 0 done, 1 a job is longer than every shift, 2 the event list stopped while vessels were still inside.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qujiang.methods.compiled import kernel

F, N, U = NDArray[np.float64], NDArray[np.int64], NDArray[np.uint64]

# columns of the log: instants of one call [h], NaN where it did not happen
(
    ARRIVED,
    LOCK_IN,
    LOCKED_IN,
    BERTHED,
    CRANED,
    WORKED,
    DONE,
    LEFT,
    LOCK_OUT,
    LOCKED_OUT,
    INSPECTED,
    RELEASED,
    READY,
    OUT,
) = range(14)
COLUMNS = 14
# modes at a closing
FINISH, RESUME, RESTART, FIT = range(4)
# what an event ends
_BERTHED, _HANDLED, _READY, _OUT, _INSPECTED, _LOCKED, _WAKE = range(7)
# stations whose queues are integrated
LOCK_QUEUE, ANCHORAGE, CRANE_QUEUE, YARD_QUEUE, CUSTOMS_QUEUE = range(5)
STATIONS = 5
NEVER = np.inf
NOBODY = -1
# where a calendar acts
POOL, BERTH_GROUP, CUSTOMS, CHAMBERS = range(4)


class Port(NamedTuple):
    """A design: what the engine reads and never writes. Berths are numbered from the smallest up."""

    fit: U  # [kind] bit b: the kind may use berth b
    priority: F  # [kind] lower first
    kind_zone: N  # [kind] zone of its lots, -1 none
    gang_most: N  # [kind] most cranes on one vessel
    gang_least: N  # [kind]
    ageing_h: float  # waiting that is worth one priority class; inf: none
    strict: bool  # the head of the anchorage blocks all behind it
    berth_pool: N  # [berth] its crane pool
    berth_group: N  # [berth] the calendar group that closes it
    cranes: N  # [pool]
    speed: F  # [pool, gang - 1] t/h of a gang
    crane_mode: N  # [pool]
    overtake: bool  # mode fit: a shorter job behind may start
    zone_t: F  # [zone]
    inspectors: int
    train_gap_h: float  # inf: no rail
    train_t: float
    chambers: int  # 0: no lock
    chamber_size: float
    lockage_h: float
    hold_h: float  # a chamber waits so long for more vessels; inf: until full
    change_at: F  # [change] instants of capacity changes, rising
    change_what: N  # [change] POOL, BERTH_GROUP, CUSTOMS or CHAMBERS
    change_which: N
    change_to: N  # capacity from then on; for berth groups 0 closed, 1 open


class Calls(NamedTuple):
    """What arrives, in order of arrival. ``side`` -1: a call; 0 or 1: passes the lock only, from that side."""

    at_h: F
    kind: N
    side: N
    size: F  # room in the lock chamber
    berthing_h: F
    work_t: F  # tonnes times the factor drawn for the handling
    lot_t: F  # yard space taken
    inspect_h: F  # 0: not inspected
    dwell_h: F
    by_rail: N


@kernel
def _join(head, tail, count, after, lane, who):
    """Stand at the end of a first-come lane; lanes are linked lists, ``after`` holds who follows."""
    after[who] = NOBODY
    if tail[lane] == NOBODY:
        head[lane] = who
    else:
        after[tail[lane]] = who
    tail[lane] = who
    count[lane] += 1


@kernel
def _remove(head, tail, count, after, lane, before, who):
    """Take out ``who``, which stands behind ``before`` (NOBODY: it is the head)."""
    if before == NOBODY:
        head[lane] = after[who]
    else:
        after[before] = after[who]
    if tail[lane] == who:
        tail[lane] = before
    count[lane] -= 1


@kernel(inline="always")
def _sooner(t1, k1, t2, k2):
    return t1 < t2 or (t1 == t2 and k1 < k2)


@kernel
def _push(times, keys, what, count, time, key, event):
    """Put one event on the heap; the key breaks ties (rank, then creation)."""
    at = count
    while at > 0:
        above = (at - 1) >> 1
        if not _sooner(time, key, times[above], keys[above]):
            break
        times[at], keys[at], what[at] = times[above], keys[above], what[above]
        at = above
    times[at], keys[at], what[at] = time, key, event


@kernel
def _pop(times, keys, what, count):
    """Take the first event off the heap; ``count`` is its size before."""
    event, last = what[0], count - 1
    time, key, moved = times[last], keys[last], what[last]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= last:
            break
        if below + 1 < last and _sooner(times[below + 1], keys[below + 1], times[below], keys[below]):
            below += 1
        if not _sooner(times[below], keys[below], time, key):
            break
        times[at], keys[at], what[at] = times[below], keys[below], what[below]
        at = below
    times[at], keys[at], what[at] = time, key, moved
    return event


@kernel(inline="always")
def _lowest_bit(word):
    """Index of the lowest set bit of a word that is not 0."""
    bit, low = 0, word & (~word + np.uint64(1))
    if low & np.uint64(0xFFFFFFFF00000000):
        bit += 32
    if low & np.uint64(0xFFFF0000FFFF0000):
        bit += 16
    if low & np.uint64(0xFF00FF00FF00FF00):
        bit += 8
    if low & np.uint64(0xF0F0F0F0F0F0F0F0):
        bit += 4
    if low & np.uint64(0xCCCCCCCCCCCCCCCC):
        bit += 2
    if low & np.uint64(0xAAAAAAAAAAAAAAAA):
        bit += 1
    return bit


@kernel
def end_of_job(start, work, mode, is_open, change_at, change_what, change_which, change_to, ahead, what, which):
    """When a job of ``work`` hours that takes its server now ends; inf if it never fits between closings.

    ``finish`` and ``fit`` run through a closing, ``resume`` counts open hours only, ``restart`` begins again at each
    opening. ``ahead`` is the first change still to come. A server taken while closed starts at the opening.
    """
    if is_open and mode in (FINISH, FIT):
        return start + work
    left, since = work, start
    for k in range(ahead, change_at.shape[0]):
        if change_what[k] != what or change_which[k] != which:
            continue
        at = change_at[k]
        if is_open:
            if since + left <= at:
                return since + left
            if change_to[k] == 0:
                is_open = False
                left = left - (at - since) if mode == RESUME else work
        elif change_to[k] > 0:
            is_open, since = True, at
            if mode in (FINISH, FIT):
                return since + left
    return since + left if is_open else NEVER


@kernel
def next_closing(change_at, change_what, change_which, change_to, ahead, what, which):
    """The next instant from which the capacity is 0; inf if there is none."""
    for k in range(ahead, change_at.shape[0]):
        if change_what[k] == what and change_which[k] == which and change_to[k] == 0:
            return change_at[k]
    return NEVER


@kernel
def _best_waiting(fit, priority, ageing_h, strict, head, count, seq, joined, free, now):
    """Kind whose head is served next: lowest priority class, aged by its wait, then first come; NOBODY if none can."""
    best, best_rank, best_seq = NOBODY, NEVER, 0
    for k in range(fit.shape[0]):
        if count[k] == 0 or not (strict or fit[k] & free):
            continue
        first = head[k]
        rank = priority[k] - (now - joined[first]) / ageing_h
        if rank < best_rank or (rank == best_rank and seq[first] < best_seq):
            best, best_rank, best_seq = k, rank, seq[first]
    if best != NOBODY and not fit[best] & free:
        return NOBODY
    return best


@kernel
def _board(head, after, size, chamber_size, lane):
    """Room taken, vessels boarding and whether no more can: first come, the first that does not fit blocks."""
    room, boarding, who = 0.0, 0, head[lane]
    while who != NOBODY:
        if room + size[who] > chamber_size:
            return room, boarding, True
        room += size[who]
        boarding += 1
        who = after[who]
    return room, boarding, room >= chamber_size


@kernel
def run(port, calls, log, berth_of, gang_of, area, start_h):
    """Let every call pass; fills ``log`` [call, column], ``berth_of``, ``gang_of`` and ``area`` (∫ queue dt by station)."""
    calls_n, kinds_n, pools_n = calls.at_h.shape[0], port.fit.shape[0], port.cranes.shape[0]
    berths_n, zones_n = port.berth_pool.shape[0], port.zone_t.shape[0]
    # arrays are named once: a name looked up in a record inside the loop costs a reference count each time
    fit, priority, kind_zone, gang_most, gang_least = (
        port.fit,
        port.priority,
        port.kind_zone,
        port.gang_most,
        port.gang_least,
    )
    berth_pool, berth_group, speed, crane_mode, zone_t = (
        port.berth_pool,
        port.berth_group,
        port.speed,
        port.crane_mode,
        port.zone_t,
    )
    ageing_h, strict, overtake, train_gap_h, train_t = (
        port.ageing_h,
        port.strict,
        port.overtake,
        port.train_gap_h,
        port.train_t,
    )
    chamber_size, lockage_h, hold_h, chambers = port.chamber_size, port.lockage_h, port.hold_h, port.chambers
    change_at, change_what, change_which, change_to = (
        port.change_at,
        port.change_what,
        port.change_which,
        port.change_to,
    )
    at_h, kind_of, side_of, size, berthing_h = calls.at_h, calls.kind, calls.side, calls.size, calls.berthing_h
    work_t, lot_t, inspect_h, dwell_h, by_rail = (
        calls.work_t,
        calls.lot_t,
        calls.inspect_h,
        calls.dwell_h,
        calls.by_rail,
    )
    cranes_at, yard_at, lock_at = kinds_n, kinds_n + pools_n, kinds_n + pools_n + zones_n
    customs_at = lock_at + 2
    head, tail = np.full(customs_at + 1, NOBODY), np.full(customs_at + 1, NOBODY)
    count, after = np.zeros(customs_at + 1, np.int64), np.empty(2 * calls_n, np.int64)
    seq, joined = np.empty(calls_n, np.int64), np.empty(calls_n)
    open_cranes, free_cranes = port.cranes.copy(), port.cranes.copy()
    stock, group_open = np.zeros(zones_n), np.ones(berths_n + 1, np.bool_)
    free, shut = np.uint64(0), np.uint64(0)
    for b in range(berths_n):
        free |= np.uint64(1) << np.uint64(b)
    inspectors, free_inspectors = port.inspectors, port.inspectors
    chambers_open = chambers
    chamber_side, chamber_busy = np.zeros(max(1, chambers), np.int64), np.zeros(max(1, chambers), np.bool_)
    chamber_hold, aboard = np.full(max(1, chambers), NEVER), np.full(max(1, chambers), NOBODY)
    lock_wanted = np.zeros(2)
    heap_n = (
        calls_n + berths_n + port.inspectors + 4 * chambers + 8
    )  # one event a call, server, movement and hold at most
    heap_t, heap_k, heap_w = np.empty(heap_n), np.empty(heap_n, np.int64), np.empty(heap_n, np.int64)
    waiting = np.zeros(STATIONS, np.int64)
    held, created, joins, next_call, ahead = 0, 0, 0, 0, 0
    train, train_room = 0.0, train_t
    last = start_h
    while True:
        now = heap_t[0] if held else NEVER
        if ahead < change_at.shape[0] and (held or next_call < calls_n or waiting.sum() > 0):
            now = min(now, change_at[ahead])
        if next_call < calls_n:
            now = min(now, at_h[next_call])
        if now == NEVER:
            break
        if now > last:
            for s in range(STATIONS):
                area[s] += waiting[s] * (now - last)
            last = now
        to_berth, to_crane, to_yard, to_customs, to_lock = False, False, False, False, False
        # 1 ends and releases
        while held and heap_t[0] == now:
            event = _pop(heap_t, heap_k, heap_w, held)
            held -= 1
            what, who = event & 15, event >> 4
            if what == _HANDLED:
                pool = berth_pool[berth_of[who]]
                free_cranes[pool] += gang_of[who]
                free |= np.uint64(1) << np.uint64(berth_of[who])
                log[who, DONE] = now
                log[who, LEFT] = now
                to_berth, to_crane = True, True
                if chambers > 0:
                    _join(head, tail, count, after, lock_at + 1, who)
                    waiting[LOCK_QUEUE] += 1
                    lock_wanted[1] += size[who]
                    to_lock = True
                if inspect_h[who] > 0.0:
                    _join(head, tail, count, after, customs_at, who + calls_n)
                    waiting[CUSTOMS_QUEUE] += 1
                    to_customs = True
                elif lot_t[who] > 0.0:
                    _push(heap_t, heap_k, heap_w, held, now + dwell_h[who], created, (who << 4) | _READY)
                    held += 1
                    created += 1
            elif what == _BERTHED:
                _join(head, tail, count, after, cranes_at + berth_pool[berth_of[who]], who)
                waiting[CRANE_QUEUE] += 1
                to_crane = True
            elif what == _READY:
                log[who, READY] = now
                leaves = now
                if by_rail[who]:
                    train = max(train, np.ceil(now / train_gap_h))
                    rest = lot_t[who]
                    while rest > train_room:
                        rest -= train_room
                        train_room = train_t
                        train += 1.0
                    train_room -= rest
                    leaves = max(now, train * train_gap_h)
                _push(heap_t, heap_k, heap_w, held, leaves, created, (who << 4) | _OUT)
                held += 1
                created += 1
            elif what == _OUT:
                log[who, OUT] = now
                if kind_zone[kind_of[who]] != NOBODY:
                    stock[kind_zone[kind_of[who]]] -= lot_t[who]
                    to_yard = True
            elif what == _INSPECTED:
                free_inspectors += 1
                log[who, RELEASED] = now
                to_customs = True
                _push(heap_t, heap_k, heap_w, held, now + dwell_h[who], created, (who << 4) | _READY)
                held += 1
                created += 1
            elif what == _LOCKED:
                vessel = aboard[who]
                chamber_busy[who] = False
                chamber_side[who] = 1 - chamber_side[who]
                aboard[who] = NOBODY
                to_lock = True
                while vessel != NOBODY:
                    follower = after[vessel]
                    if side_of[vessel] >= 0 or not np.isnan(log[vessel, LEFT]):
                        log[vessel, LOCKED_OUT] = now
                    else:
                        log[vessel, LOCKED_IN] = now
                        joined[vessel], seq[vessel] = now, joins
                        joins += 1
                        _join(head, tail, count, after, kind_of[vessel], vessel)
                        waiting[ANCHORAGE] += 1
                        to_berth = True
                    vessel = follower
            else:
                to_lock = True
        # 2 openings, 3 closings (sorted so)
        while ahead < change_at.shape[0] and change_at[ahead] == now:
            which, to = change_which[ahead], change_to[ahead]
            if change_what[ahead] == POOL:
                free_cranes[which] += to - open_cranes[which]
                open_cranes[which] = to
                to_crane = True
            elif change_what[ahead] == BERTH_GROUP:
                group_open[which] = to > 0
                for b in range(berths_n):
                    if berth_group[b] == which:
                        bit = np.uint64(1) << np.uint64(b)
                        shut = shut & ~bit if to > 0 else shut | bit
                to_berth = True
            elif change_what[ahead] == CUSTOMS:
                free_inspectors += to - inspectors
                inspectors = to
                to_customs = True
            else:
                chambers_open = to
                to_lock = True
            ahead += 1
        # 4 arrivals
        while next_call < calls_n and at_h[next_call] == now:
            who = next_call
            next_call += 1
            for c in range(COLUMNS):
                log[who, c] = np.nan
            log[who, ARRIVED] = now
            if chambers > 0:
                side = max(0, side_of[who])
                _join(head, tail, count, after, lock_at + side, who)
                waiting[LOCK_QUEUE] += 1
                lock_wanted[side] += size[who]
                to_lock = True
            else:
                joined[who], seq[who] = now, joins
                joins += 1
                _join(head, tail, count, after, kind_of[who], who)
                waiting[ANCHORAGE] += 1
                to_berth = True
        # 5 dispatch, downstream first, until nothing moves
        moved = True
        while moved:
            moved = False
            if to_customs:
                to_customs = False
                while free_inspectors > 0 and count[customs_at] > 0:
                    who = head[customs_at]
                    _remove(head, tail, count, after, customs_at, NOBODY, who)
                    who -= calls_n  # lots stand behind the vessels in the same list of followers
                    waiting[CUSTOMS_QUEUE] -= 1
                    free_inspectors -= 1
                    log[who, INSPECTED] = now
                    _push(heap_t, heap_k, heap_w, held, now + inspect_h[who], created, (who << 4) | _INSPECTED)
                    held += 1
                    created += 1
            if to_yard:
                to_yard = False
                for z in range(zones_n):
                    while count[yard_at + z] > 0 and stock[z] + lot_t[head[yard_at + z]] <= zone_t[z]:
                        who = head[yard_at + z]
                        _remove(head, tail, count, after, yard_at + z, NOBODY, who)
                        waiting[YARD_QUEUE] -= 1
                        stock[z] += lot_t[who]
                        pool = berth_pool[berth_of[who]]
                        work = work_t[who] / speed[pool, gang_of[who] - 1]
                        end = end_of_job(
                            now,
                            work,
                            crane_mode[pool],
                            open_cranes[pool] > 0,
                            change_at,
                            change_what,
                            change_which,
                            change_to,
                            ahead,
                            POOL,
                            pool,
                        )
                        if end == NEVER:
                            return 1
                        log[who, WORKED] = now
                        _push(heap_t, heap_k, heap_w, held, end, created, (who << 4) | _HANDLED)
                        held += 1
                        created += 1
            if to_crane:
                to_crane = False
                for pool in range(pools_n):
                    before, who, skipped = NOBODY, head[cranes_at + pool], False
                    while who != NOBODY:
                        kind, follower = kind_of[who], after[who]
                        gang = gang_least[kind]
                        if free_cranes[pool] < gang:
                            break
                        if count[cranes_at + pool] == 1:
                            gang = min(gang_most[kind], free_cranes[pool])
                        work = work_t[who] / speed[pool, gang - 1]
                        mode = crane_mode[pool]
                        if mode == FIT and now + work > next_closing(
                            change_at, change_what, change_which, change_to, ahead, POOL, pool
                        ):
                            if not overtake:
                                break
                            before, who, skipped = who, follower, True
                            continue
                        _remove(head, tail, count, after, cranes_at + pool, before, who)
                        waiting[CRANE_QUEUE] -= 1
                        free_cranes[pool] -= gang
                        gang_of[who] = gang
                        if skipped:  # with fewer waiting a larger gang may now fit those passed over
                            to_crane, moved = True, True
                        log[who, CRANED] = now
                        zone = kind_zone[kind] if lot_t[who] > 0.0 else NOBODY
                        if zone == NOBODY or (count[yard_at + zone] == 0 and stock[zone] + lot_t[who] <= zone_t[zone]):
                            if zone != NOBODY:
                                stock[zone] += lot_t[who]
                            end = end_of_job(
                                now,
                                work,
                                mode,
                                True,
                                change_at,
                                change_what,
                                change_which,
                                change_to,
                                ahead,
                                POOL,
                                pool,
                            )
                            if end == NEVER:
                                return 1
                            log[who, WORKED] = now
                            _push(heap_t, heap_k, heap_w, held, end, created, (who << 4) | _HANDLED)
                            held += 1
                            created += 1
                        else:
                            _join(head, tail, count, after, yard_at + zone, who)
                            waiting[YARD_QUEUE] += 1
                        who = follower
            if to_berth:
                to_berth = False
                while waiting[ANCHORAGE] > 0 and free & ~shut:
                    kind = _best_waiting(fit, priority, ageing_h, strict, head, count, seq, joined, free & ~shut, now)
                    if kind == NOBODY:
                        break
                    who = head[kind]
                    _remove(head, tail, count, after, kind, NOBODY, who)
                    waiting[ANCHORAGE] -= 1
                    berth = _lowest_bit(fit[kind] & free & ~shut)
                    free &= ~(np.uint64(1) << np.uint64(berth))
                    berth_of[who] = berth
                    log[who, BERTHED] = now
                    if berthing_h[who] > 0.0:
                        _push(heap_t, heap_k, heap_w, held, now + berthing_h[who], created, (who << 4) | _BERTHED)
                        held += 1
                        created += 1
                    else:
                        _join(head, tail, count, after, cranes_at + berth_pool[berth], who)
                        waiting[CRANE_QUEUE] += 1
                        to_crane, moved = True, True
            if to_lock:
                to_lock = False
                for c in range(chambers_open):
                    if chamber_busy[c]:
                        continue
                    side = chamber_side[c]
                    room, boarding, full = _board(head, after, size, chamber_size, lock_at + side)
                    if boarding == 0:
                        coming = 0
                        for other in range(chambers_open):
                            here = chamber_side[other] if not chamber_busy[other] else 1 - chamber_side[other]
                            coming += here == 1 - side
                        if lock_wanted[1 - side] <= coming * chamber_size:
                            continue
                    elif not full and hold_h > 0.0:
                        if chamber_hold[c] == NEVER:
                            chamber_hold[c] = now + hold_h
                            _push(heap_t, heap_k, heap_w, held, now + hold_h, created, _WAKE)
                            held += 1
                            created += 1
                        if now < chamber_hold[c]:
                            continue
                    chamber_hold[c] = NEVER
                    chamber_busy[c] = True
                    lock_wanted[side] -= room
                    waiting[LOCK_QUEUE] -= boarding
                    aboard[c] = head[lock_at + side] if boarding else NOBODY
                    final = NOBODY
                    for _ in range(boarding):
                        final = head[lock_at + side]
                        _remove(head, tail, count, after, lock_at + side, NOBODY, final)
                        log[final, LOCK_IN if side_of[final] < 0 and np.isnan(log[final, LEFT]) else LOCK_OUT] = now
                    if final != NOBODY:
                        after[final] = NOBODY
                    _push(heap_t, heap_k, heap_w, held, now + lockage_h, created, (c << 4) | _LOCKED)
                    held += 1
                    created += 1
    return 0
