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

F, I, U = NDArray[np.float64], NDArray[np.int64], NDArray[np.uint64]

# columns of the log: instants of one call [h], NaN where it did not happen
ARRIVED, LOCK_IN, LOCKED_IN, BERTHED, CRANED, WORKED, DONE, LEFT, LOCK_OUT, LOCKED_OUT, INSPECTED, RELEASED, READY, OUT = range(14)
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
    kind_zone: I  # [kind] zone of its lots, -1 none
    gang_most: I  # [kind] most cranes on one vessel
    gang_least: I  # [kind]
    ageing_h: float  # waiting that is worth one priority class; inf: none
    strict: bool  # the head of the anchorage blocks all behind it
    berth_pool: I  # [berth] its crane pool
    berth_group: I  # [berth] the calendar group that closes it
    cranes: I  # [pool]
    speed: F  # [pool, gang - 1] t/h of a gang
    crane_mode: I  # [pool]
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
    change_what: I  # [change] POOL, BERTH_GROUP, CUSTOMS or CHAMBERS
    change_which: I
    change_to: I  # capacity from then on; for berth groups 0 closed, 1 open


class Calls(NamedTuple):
    """What arrives, in order of arrival. ``side`` -1: a call; 0 or 1: passes the lock only, from that side."""

    at_h: F
    kind: I
    side: I
    size: F  # room in the lock chamber
    berthing_h: F
    work_t: F  # tonnes times the factor drawn for the handling
    lot_t: F  # yard space taken
    inspect_h: F  # 0: not inspected
    dwell_h: F
    by_rail: I


class Line(NamedTuple):
    """First-come lines in linked lists; ``after`` holds who follows."""

    head: I
    tail: I
    count: I
    after: I


@kernel(inline="always")
def _join(line, lane, who):
    line.after[who] = NOBODY
    if line.tail[lane] == NOBODY:
        line.head[lane] = who
    else:
        line.after[line.tail[lane]] = who
    line.tail[lane] = who
    line.count[lane] += 1


@kernel(inline="always")
def _leave_head(line, lane):
    who = line.head[lane]
    line.head[lane] = line.after[who]
    if line.head[lane] == NOBODY:
        line.tail[lane] = NOBODY
    line.count[lane] -= 1
    return who


@kernel
def _remove(line, lane, before, who):
    """Take out ``who``, which stands behind ``before`` (NOBODY: it is the head)."""
    if before == NOBODY:
        line.head[lane] = line.after[who]
    else:
        line.after[before] = line.after[who]
    if line.tail[lane] == who:
        line.tail[lane] = before
    line.count[lane] -= 1


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
def end_of_job(start, work, mode, is_open, port, ahead, what, which):
    """When a job of ``work`` hours that takes its server now ends; inf if it never fits between closings.

    ``finish`` and ``fit`` run through a closing, ``resume`` counts open hours only, ``restart`` begins again at each
    opening. ``ahead`` is the first change still to come. A server taken while closed starts at the opening.
    """
    if is_open and (mode == FINISH or mode == FIT):
        return start + work
    left, since = work, start
    for k in range(ahead, port.change_at.shape[0]):
        if port.change_what[k] != what or port.change_which[k] != which:
            continue
        at = port.change_at[k]
        if is_open:
            if since + left <= at:
                return since + left
            if port.change_to[k] == 0:
                is_open = False
                left = left - (at - since) if mode == RESUME else work
        elif port.change_to[k] > 0:
            is_open, since = True, at
            if mode == FINISH or mode == FIT:
                return since + left
    return since + left if is_open else NEVER


@kernel
def next_closing(port, ahead, what, which):
    """The next instant from which the capacity is 0; inf if there is none."""
    for k in range(ahead, port.change_at.shape[0]):
        if port.change_what[k] == what and port.change_which[k] == which and port.change_to[k] == 0:
            return port.change_at[k]
    return NEVER


@kernel
def _best_waiting(port, lanes, seq, joined, free, now):
    """Kind whose head is served next: lowest priority class, aged by its wait, then first come; NOBODY if none can."""
    best, best_rank, best_seq = NOBODY, NEVER, 0
    for k in range(port.fit.shape[0]):
        if lanes.count[k] == 0 or not (port.strict or port.fit[k] & free):
            continue
        head = lanes.head[k]
        rank = port.priority[k] - (now - joined[head]) / port.ageing_h
        if rank < best_rank or (rank == best_rank and seq[head] < best_seq):
            best, best_rank, best_seq = k, rank, seq[head]
    if best != NOBODY and not port.fit[best] & free:
        return NOBODY
    return best


@kernel
def _board(port, queue, size, side):
    """Room taken, vessels boarding and whether no more can: first come, the first that does not fit blocks."""
    room, boarding, who = 0.0, 0, queue.head[side]
    while who != NOBODY:
        if room + size[who] > port.chamber_size:
            return room, boarding, True
        room += size[who]
        boarding += 1
        who = queue.after[who]
    return room, boarding, room >= port.chamber_size


@kernel
def run(port, calls, log, berth_of, gang_of, area, start_h):
    """Let every call pass; fills ``log`` [call, column], ``berth_of``, ``gang_of`` and ``area`` (∫ queue dt by station)."""
    calls_n, kinds_n, pools_n = calls.at_h.shape[0], port.fit.shape[0], port.cranes.shape[0]
    berths_n, zones_n = port.berth_pool.shape[0], port.zone_t.shape[0]
    after_vessel, after_lot = np.empty(calls_n, np.int64), np.empty(calls_n, np.int64)
    anchorage = Line(np.full(kinds_n, NOBODY), np.full(kinds_n, NOBODY), np.zeros(kinds_n, np.int64), after_vessel)
    crane_line = Line(np.full(pools_n, NOBODY), np.full(pools_n, NOBODY), np.zeros(pools_n, np.int64), after_vessel)
    yard_line = Line(np.full(zones_n, NOBODY), np.full(zones_n, NOBODY), np.zeros(zones_n, np.int64), after_vessel)
    lock_line = Line(np.full(2, NOBODY), np.full(2, NOBODY), np.zeros(2, np.int64), after_vessel)
    customs_line = Line(np.full(1, NOBODY), np.full(1, NOBODY), np.zeros(1, np.int64), after_lot)
    seq, joined = np.empty(calls_n, np.int64), np.empty(calls_n)
    open_cranes, free_cranes = port.cranes.copy(), port.cranes.copy()
    stock, group_open = np.zeros(zones_n), np.ones(berths_n + 1, np.bool_)
    free, shut = np.uint64(0), np.uint64(0)
    for b in range(berths_n):
        free |= np.uint64(1) << np.uint64(b)
    inspectors, free_inspectors = port.inspectors, port.inspectors
    chambers_open = port.chambers
    chamber_side, chamber_busy = np.zeros(max(1, port.chambers), np.int64), np.zeros(max(1, port.chambers), np.bool_)
    chamber_hold, aboard = np.full(max(1, port.chambers), NEVER), np.full(max(1, port.chambers), NOBODY)
    lock_wanted = np.zeros(2)
    heap_n = 1024
    heap_t, heap_k, heap_w = np.empty(heap_n), np.empty(heap_n, np.int64), np.empty(heap_n, np.int64)
    waiting = np.zeros(STATIONS, np.int64)
    held, created, joins, next_call, ahead = 0, 0, 0, 0, 0
    train, train_room = 0.0, port.train_t
    last = start_h
    while True:
        now = heap_t[0] if held else NEVER
        if ahead < port.change_at.shape[0] and (held or next_call < calls_n or waiting.sum() > 0):
            now = min(now, port.change_at[ahead])
        if next_call < calls_n:
            now = min(now, calls.at_h[next_call])
        if now == NEVER:
            break
        if now > last:
            for s in range(STATIONS):
                area[s] += waiting[s] * (now - last)
            last = now
        if heap_n - held < 16 + berths_n:
            heap_n *= 2
            heap_t = np.concatenate((heap_t, np.empty(heap_n - heap_t.shape[0])))
            heap_k = np.concatenate((heap_k, np.empty(heap_n - heap_k.shape[0], np.int64)))
            heap_w = np.concatenate((heap_w, np.empty(heap_n - heap_w.shape[0], np.int64)))
        to_berth, to_crane, to_yard, to_customs, to_lock = False, False, False, False, False
        # 1 ends and releases
        while held and heap_t[0] == now:
            event = _pop(heap_t, heap_k, heap_w, held)
            held -= 1
            what, who = event & 15, event >> 4
            if what == _HANDLED:
                pool = port.berth_pool[berth_of[who]]
                free_cranes[pool] += gang_of[who]
                free |= np.uint64(1) << np.uint64(berth_of[who])
                log[who, DONE] = now
                log[who, LEFT] = now
                to_berth, to_crane = True, True
                if port.chambers > 0:
                    _join(lock_line, 1, who)
                    waiting[LOCK_QUEUE] += 1
                    lock_wanted[1] += calls.size[who]
                    to_lock = True
                if calls.inspect_h[who] > 0.0:
                    _join(customs_line, 0, who)
                    waiting[CUSTOMS_QUEUE] += 1
                    to_customs = True
                elif calls.lot_t[who] > 0.0:
                    _push(heap_t, heap_k, heap_w, held, now + calls.dwell_h[who], created, (who << 4) | _READY)
                    held += 1
                    created += 1
            elif what == _BERTHED:
                _join(crane_line, port.berth_pool[berth_of[who]], who)
                waiting[CRANE_QUEUE] += 1
                to_crane = True
            elif what == _READY:
                log[who, READY] = now
                leaves = now
                if calls.by_rail[who]:
                    train = max(train, np.ceil(now / port.train_gap_h))
                    rest = calls.lot_t[who]
                    while rest > train_room:
                        rest -= train_room
                        train_room = port.train_t
                        train += 1.0
                    train_room -= rest
                    leaves = max(now, train * port.train_gap_h)
                _push(heap_t, heap_k, heap_w, held, leaves, created, (who << 4) | _OUT)
                held += 1
                created += 1
            elif what == _OUT:
                log[who, OUT] = now
                if port.kind_zone[calls.kind[who]] != NOBODY:
                    stock[port.kind_zone[calls.kind[who]]] -= calls.lot_t[who]
                    to_yard = True
            elif what == _INSPECTED:
                free_inspectors += 1
                log[who, RELEASED] = now
                to_customs = True
                _push(heap_t, heap_k, heap_w, held, now + calls.dwell_h[who], created, (who << 4) | _READY)
                held += 1
                created += 1
            elif what == _LOCKED:
                vessel = aboard[who]
                chamber_busy[who] = False
                chamber_side[who] = 1 - chamber_side[who]
                aboard[who] = NOBODY
                to_lock = True
                while vessel != NOBODY:
                    follower = after_vessel[vessel]
                    if calls.side[vessel] >= 0 or not np.isnan(log[vessel, LEFT]):
                        log[vessel, LOCKED_OUT] = now
                    else:
                        log[vessel, LOCKED_IN] = now
                        joined[vessel], seq[vessel] = now, joins
                        joins += 1
                        _join(anchorage, calls.kind[vessel], vessel)
                        waiting[ANCHORAGE] += 1
                        to_berth = True
                    vessel = follower
            else:
                to_lock = True
        # 2 openings, 3 closings (sorted so)
        while ahead < port.change_at.shape[0] and port.change_at[ahead] == now:
            which, to = port.change_which[ahead], port.change_to[ahead]
            if port.change_what[ahead] == POOL:
                free_cranes[which] += to - open_cranes[which]
                open_cranes[which] = to
                to_crane = True
            elif port.change_what[ahead] == BERTH_GROUP:
                group_open[which] = to > 0
                for b in range(berths_n):
                    if port.berth_group[b] == which:
                        bit = np.uint64(1) << np.uint64(b)
                        shut = shut & ~bit if to > 0 else shut | bit
                to_berth = True
            elif port.change_what[ahead] == CUSTOMS:
                free_inspectors += to - inspectors
                inspectors = to
                to_customs = True
            else:
                chambers_open = to
                to_lock = True
            ahead += 1
        # 4 arrivals
        while next_call < calls_n and calls.at_h[next_call] == now:
            who = next_call
            next_call += 1
            for c in range(COLUMNS):
                log[who, c] = np.nan
            log[who, ARRIVED] = now
            if port.chambers > 0:
                side = max(0, calls.side[who])
                _join(lock_line, side, who)
                waiting[LOCK_QUEUE] += 1
                lock_wanted[side] += calls.size[who]
                to_lock = True
            else:
                joined[who], seq[who] = now, joins
                joins += 1
                _join(anchorage, calls.kind[who], who)
                waiting[ANCHORAGE] += 1
                to_berth = True
        # 5 dispatch, downstream first, until nothing moves
        moved = True
        while moved:
            moved = False
            if to_customs:
                to_customs = False
                while free_inspectors > 0 and customs_line.count[0] > 0:
                    who = _leave_head(customs_line, 0)
                    waiting[CUSTOMS_QUEUE] -= 1
                    free_inspectors -= 1
                    log[who, INSPECTED] = now
                    _push(heap_t, heap_k, heap_w, held, now + calls.inspect_h[who], created, (who << 4) | _INSPECTED)
                    held += 1
                    created += 1
            if to_yard:
                to_yard = False
                for z in range(zones_n):
                    while yard_line.count[z] > 0 and stock[z] + calls.lot_t[yard_line.head[z]] <= port.zone_t[z]:
                        who = _leave_head(yard_line, z)
                        waiting[YARD_QUEUE] -= 1
                        stock[z] += calls.lot_t[who]
                        pool = port.berth_pool[berth_of[who]]
                        work = calls.work_t[who] / port.speed[pool, gang_of[who] - 1]
                        end = end_of_job(now, work, port.crane_mode[pool], open_cranes[pool] > 0, port, ahead, POOL, pool)
                        if end == NEVER:
                            return 1
                        log[who, WORKED] = now
                        _push(heap_t, heap_k, heap_w, held, end, created, (who << 4) | _HANDLED)
                        held += 1
                        created += 1
            if to_crane:
                to_crane = False
                for pool in range(pools_n):
                    before, who = NOBODY, crane_line.head[pool]
                    while who != NOBODY:
                        kind, follower = calls.kind[who], after_vessel[who]
                        gang = port.gang_least[kind]
                        if free_cranes[pool] < gang:
                            break
                        if crane_line.count[pool] == 1:
                            gang = min(port.gang_most[kind], free_cranes[pool])
                        work = calls.work_t[who] / port.speed[pool, gang - 1]
                        mode = port.crane_mode[pool]
                        if mode == FIT and now + work > next_closing(port, ahead, POOL, pool):
                            if not port.overtake:
                                break
                            before, who = who, follower
                            continue
                        _remove(crane_line, pool, before, who)
                        waiting[CRANE_QUEUE] -= 1
                        free_cranes[pool] -= gang
                        gang_of[who] = gang
                        log[who, CRANED] = now
                        zone = port.kind_zone[kind] if calls.lot_t[who] > 0.0 else NOBODY
                        if zone == NOBODY or (yard_line.count[zone] == 0 and stock[zone] + calls.lot_t[who] <= port.zone_t[zone]):
                            if zone != NOBODY:
                                stock[zone] += calls.lot_t[who]
                            end = end_of_job(now, work, mode, True, port, ahead, POOL, pool)
                            if end == NEVER:
                                return 1
                            log[who, WORKED] = now
                            _push(heap_t, heap_k, heap_w, held, end, created, (who << 4) | _HANDLED)
                            held += 1
                            created += 1
                        else:
                            _join(yard_line, zone, who)
                            waiting[YARD_QUEUE] += 1
                        who = follower
            if to_berth:
                to_berth = False
                while waiting[ANCHORAGE] > 0 and free & ~shut:
                    kind = _best_waiting(port, anchorage, seq, joined, free & ~shut, now)
                    if kind == NOBODY:
                        break
                    who = _leave_head(anchorage, kind)
                    waiting[ANCHORAGE] -= 1
                    berth = _lowest_bit(port.fit[kind] & free & ~shut)
                    free &= ~(np.uint64(1) << np.uint64(berth))
                    berth_of[who] = berth
                    log[who, BERTHED] = now
                    if calls.berthing_h[who] > 0.0:
                        _push(heap_t, heap_k, heap_w, held, now + calls.berthing_h[who], created, (who << 4) | _BERTHED)
                        held += 1
                        created += 1
                    else:
                        _join(crane_line, port.berth_pool[berth], who)
                        waiting[CRANE_QUEUE] += 1
                        to_crane, moved = True, True
            if to_lock:
                to_lock = False
                for c in range(chambers_open):
                    if chamber_busy[c]:
                        continue
                    side = chamber_side[c]
                    room, boarding, full = _board(port, lock_line, calls.size, side)
                    if boarding == 0:
                        coming = 0
                        for other in range(chambers_open):
                            here = chamber_side[other] if not chamber_busy[other] else 1 - chamber_side[other]
                            coming += here == 1 - side
                        if lock_wanted[1 - side] <= coming * port.chamber_size:
                            continue
                    elif not full and port.hold_h > 0.0:
                        if chamber_hold[c] == NEVER:
                            chamber_hold[c] = now + port.hold_h
                            _push(heap_t, heap_k, heap_w, held, now + port.hold_h, created, _WAKE)
                            held += 1
                            created += 1
                        if now < chamber_hold[c]:
                            continue
                    chamber_hold[c] = NEVER
                    chamber_busy[c] = True
                    lock_wanted[side] -= room
                    waiting[LOCK_QUEUE] -= boarding
                    aboard[c] = lock_line.head[side] if boarding else NOBODY
                    final = NOBODY
                    for _ in range(boarding):
                        final = _leave_head(lock_line, side)
                        log[final, LOCK_IN if calls.side[final] < 0 and np.isnan(log[final, LEFT]) else LOCK_OUT] = now
                    if final != NOBODY:
                        after_vessel[final] = NOBODY
                    _push(heap_t, heap_k, heap_w, held, now + port.lockage_h, created, (c << 4) | _LOCKED)
                    held += 1
                    created += 1
    return 0
