"""Algorithm B on bushes: the compiled half of the equilibrium.

A bush is the acyclic part of the network that carries the flow of one origin (and class). It is kept in topological
order: position ``t`` of bush ``b`` holds node ``order[b, t]``, whose incoming bush links stand at ``start[b, t]`` to
``start[b, t + 1]`` of ``link[b]`` (packed link), ``before[b]`` (position of its tail) and ``flow[b]``.

A pass measures the gap at fixed costs and mends every bush (``improve``), then moves flow from the longest used to the
shortest path segment before each node where paths meet (``sweep``). Costs follow each move at once.

References
----------
Dial (2006), Transportation Research B 40, pp. 917-936 (Algorithm B);
Nie (2010), Transportation Research B 44, pp. 73-89 (order by the longest used path)
"""

from __future__ import annotations

import numpy as np

from qujiang.methods.compiled import kernel
from qujiang.methods.paths import grow_tree, settle

#: Kinds of link cost; the last two are the marginal costs of the two before them.
CONSTANT, BPR, SINGLE_SERVER, MULTI_SERVER, SINGLE_SERVER_MARGINAL, MULTI_SERVER_MARGINAL = range(6)

#: A flow below this part of its node's flow is rounding, and is given to the node's other links.
CRUMB = 1e-15


@kernel
def link_cost(kind, base, factor, capacity, power, limit, flow):
    """Cost and slope of one link. Above ``limit`` x capacity a queue's curve goes on along its tangent."""
    if kind == 0:
        return base, 0.0
    ratio = flow / capacity
    if kind == 1:
        if power == 4.0:
            cube = ratio * ratio * ratio
            return base + factor * cube * ratio, 4.0 * factor * cube / capacity
        if power == 1.0:
            return base + factor * ratio, factor / capacity
        if ratio <= 0.0:
            return base, 0.0
        lower = ratio ** (power - 1.0)
        return base + factor * lower * ratio, power * factor * lower / capacity
    over = ratio - limit
    if over > 0.0:
        ratio = limit
    value, slope, bend = _queue(kind, power, ratio)
    if kind >= 4:
        value, slope = value + ratio * slope, 2.0 * slope + ratio * bend
    if over > 0.0:
        value += over * slope
    return base + factor * value, factor * slope / capacity


@kernel
def _queue(kind, servers, ratio):
    """Mean wait in units of one server's service time, its first and second derivative by utilisation."""
    if kind == 2 or kind == 4:
        idle = 1.0 / (1.0 - ratio)
        return ratio * idle, idle * idle, 2.0 * idle * idle * idle
    load = servers * ratio
    if load < 1e-9:
        return 0.0, 0.0, 0.0
    blocked = 1.0
    for k in range(1, int(servers) + 1):
        blocked = load * blocked / (k + load * blocked)
    rise = servers / load - 1.0 + blocked
    blocked1 = rise * blocked
    blocked2 = blocked1 * rise + blocked * (blocked1 - servers / (load * load))
    below = servers - load * (1.0 - blocked)
    below1 = blocked - 1.0 + load * blocked1
    below2 = 2.0 * blocked1 + load * blocked2
    cross = blocked1 * below - blocked * below1
    waits = servers * blocked / below
    waits1 = servers * cross / (below * below)
    waits2 = servers * ((blocked2 * below - blocked * below2) - 2.0 * below1 * cross / below) / (below * below)
    idle = 1.0 / (servers - load)
    value = waits * idle
    slope = (waits1 + value) * idle
    bend = (waits2 + 2.0 * slope) * idle
    return value, slope * servers, bend * servers * servers


@kernel
def refresh_costs(kind, base, factor, capacity, power, limit, flow, cost, slope):
    """Costs and slopes of all links at their flows."""
    for e in range(flow.size):
        cost[e], slope[e] = link_cost(kind[e], base[e], factor[e], capacity[e], power[e], limit, flow[e])


@kernel
def plant(
    source, class_of, demand, first, to, queued, kind, base, factor, capacity, power, limit, fixed, total, cost, slope,
    order, count, start, link, before, flow,
):  # fmt: skip
    """First bushes: shortest trees, each loaded before the next is grown. Returns the bush and node of an unreachable demand."""
    n = first.size - 1
    near = np.empty(n)
    into = np.empty(n, dtype=np.int32)
    heap_key = np.empty(n)
    heap_node = np.empty(n, dtype=np.int32)
    heap_place = np.empty(n, dtype=np.int32)
    place = np.empty(n, dtype=np.int32)
    load = np.empty(n)
    tail = np.empty(to.size, dtype=np.int32)
    for u in range(n):
        for e in range(first[u], first[u + 1]):
            tail[e] = u
    for b in range(source.size):
        k = class_of[b]
        seen = cost + fixed[k]
        grow_tree(source[b], first, to, seen, queued, near, into, heap_key, heap_node, heap_place)
        _order_tree(source[b], near, into, tail, order[b], place)
        reached = 0
        for v in range(n):
            load[v] = demand[b, v]
            if near[v] < np.inf:
                reached += 1
            elif demand[b, v] > 0.0:
                return b, v
        count[b] = reached
        start[b, 0] = 0
        for t in range(reached):
            e = into[order[b, t]]
            start[b, t + 1] = t
            if e >= 0:
                link[b, t - 1] = e
                before[b, t - 1] = place[tail[e]]
        for t in range(reached - 1, 0, -1):
            v = order[b, t]
            e = into[v]
            flow[b, t - 1] = load[v]
            load[tail[e]] += load[v]
            if load[v] > 0.0:
                total[e] += load[v]
                cost[e], slope[e] = link_cost(kind[e], base[e], factor[e], capacity[e], power[e], limit, total[e])
    return -1, -1


@kernel
def _order_tree(source, near, into, tail, order, place):
    """Nodes of a tree, parents first: depth-first over chains of parents not yet placed."""
    n = near.size
    chain = np.empty(n, dtype=np.int32)
    for v in range(n):
        place[v] = -1
    place[source] = 0
    order[0] = source
    filled = 1
    for leaf in range(n):
        if near[leaf] == np.inf:
            continue
        length = 0
        v = leaf
        while place[v] < 0:
            chain[length] = v
            length += 1
            v = tail[into[v]]
        while length > 0:
            length -= 1
            order[filled] = chain[length]
            place[chain[length]] = filled
            filled += 1


@kernel
def clean_flows(order, count, start, link, before, flow, demand, load):
    """Flows of one bush from its shares, so that every node balances to rounding; crumbs go to the others."""
    for t in range(count):
        load[t] = demand[order[t]]
    for t in range(count - 1, 0, -1):
        low, high = start[t], start[t + 1]
        if high == low + 1:
            flow[low] = load[t]
            load[before[low]] += load[t]
            continue
        total = 0.0
        for i in range(low, high):
            total += flow[i]
        if load[t] <= 0.0:
            for i in range(low, high):
                flow[i] = 0.0
            continue
        largest = low
        for i in range(low, high):
            if flow[i] <= CRUMB * total:
                flow[i] = 0.0
            if flow[i] > flow[largest]:
                largest = i
        if total <= 0.0:
            largest = low  # nothing flowed here before: any link may carry it, the next sweeps move it
            flow[low] = 1.0
            total = 1.0
        rest = load[t]
        for i in range(low, high):
            if i != largest and flow[i] > 0.0:
                flow[i] *= load[t] / total
                rest -= flow[i]
                load[before[i]] += flow[i]
        flow[largest] = rest
        load[before[largest]] += rest


@kernel
def improve(
    source, class_of, demand, first, to, queued, cost, fixed, change, class_total,
    order, count, start, link, before, flow, spent,
):  # fmt: skip
    """Measure every bush at fixed costs and, if asked, mend it.

    Unused links are dropped and links that shorten a path are added, in an order in which the longest used path grows,
    so that no cycle can close. Writes the cleaned flows into ``flow`` and their sums into ``class_total`` [classes, links];
    writes each bush's cost of its flows and of its demand on shortest paths into ``spent`` [bushes, 2].
    Returns the number of links added and the width that a bush would need (0: all fit).
    """
    n = first.size - 1
    width = link.shape[1]
    near = np.empty(n)
    into = np.empty(n, dtype=np.int32)
    heap_key = np.empty(n)
    heap_node = np.empty(n, dtype=np.int32)
    heap_place = np.full(n, -1, dtype=np.int32)
    place = np.empty(n, dtype=np.int32)
    load = np.empty(n)
    short = np.empty(n)
    long = np.empty(n)
    parent = np.empty(n, dtype=np.int32)
    chosen = np.empty(to.size, dtype=np.int32)
    chain = np.empty(to.size, dtype=np.int32)
    chain_head = np.full(n, -1, dtype=np.int32)
    new_order = np.empty(n, dtype=np.int32)
    new_start = np.empty(n + 1, dtype=np.int32)
    new_link = np.empty(to.size, dtype=np.int32)
    new_flow = np.empty(to.size)
    scratch = np.empty(n, dtype=np.int32)
    tail = np.empty(to.size, dtype=np.int32)
    for u in range(n):
        for e in range(first[u], first[u + 1]):
            tail[e] = u
    seen = np.empty(cost.size)
    of_class = -1
    added = 0
    needed = 0
    class_total[:, :] = 0.0
    for b in range(source.size):
        if class_of[b] != of_class:
            of_class = class_of[b]
            seen[:] = cost + fixed[of_class]
        nodes = count[b]
        clean_flows(order[b], nodes, start[b], link[b], before[b], flow[b], demand[b], load)
        for v in range(n):
            place[v] = -1
            near[v] = np.inf
        place[order[b, 0]] = 0
        near[order[b, 0]] = 0.0
        short[0] = 0.0
        long[0] = 0.0
        used = 0.0
        for t in range(1, nodes):
            least = np.inf
            best = -1
            most = -1.0
            for i in range(start[b, t], start[b, t + 1]):
                e = link[b, i]
                p = before[b, i]
                c = seen[e]
                if short[p] + c < least:
                    least = short[p] + c
                    best = i
                if flow[b, i] > 0.0:
                    used += flow[b, i] * c
                    class_total[of_class, e] += flow[b, i]
                    if long[p] + c > most:
                        most = long[p] + c
            short[t] = least
            parent[t] = best
            most = max(most, long[before[b, best]] + seen[link[b, best]])
            long[t] = most
            v = order[b, t]
            place[v] = t
            near[v] = least
        size = 0
        picked = 0
        backwards = False
        for t in range(nodes):
            u = order[b, t]
            if u >= queued and t > 0:
                continue
            for e in range(first[u], first[u + 1]):
                v = to[e]
                through = near[u] + seen[e]
                p = place[v]
                if through < near[v]:
                    near[v] = through
                    if p < t and v < queued:
                        i = heap_place[v]
                        if i < 0:
                            i = size
                            size += 1
                        while i > 0:
                            above = (i - 1) >> 2
                            if heap_key[above] <= through:
                                break
                            heap_key[i] = heap_key[above]
                            heap_node[i] = heap_node[above]
                            heap_place[heap_node[i]] = i
                            i = above
                        heap_key[i] = through
                        heap_node[i] = v
                        heap_place[v] = i
                later = long[t] < long[p] or (long[t] == long[p] and t < p)
                if change and p > 0 and later and short[t] + seen[e] < short[p] * (1.0 - 1e-14):
                    chosen[picked] = e
                    picked += 1
                    if p < t:
                        backwards = True
        if size > 0:
            settle(size, first, to, seen, queued, near, into, heap_key, heap_node, heap_place)
        shortest = 0.0
        for v in range(n):
            if demand[b, v] > 0.0:
                shortest += demand[b, v] * near[v]
        spent[b, 0] = used
        spent[b, 1] = shortest
        if picked == 0:
            continue
        if backwards:
            _sort_by_label(long, nodes, new_order, scratch)
        else:
            for t in range(nodes):
                new_order[t] = t
        for i in range(picked):
            v = to[chosen[i]]
            chain[i] = chain_head[v]
            chain_head[v] = i
        filled = 0
        new_start[0] = 0
        for t in range(nodes):
            p = new_order[t]
            v = order[b, p]
            for i in range(start[b, p], start[b, p + 1]):
                if flow[b, i] > 0.0 or i == parent[p]:
                    new_link[filled] = link[b, i]
                    new_flow[filled] = flow[b, i]
                    filled += 1
            i = chain_head[v]
            while i >= 0:
                new_link[filled] = chosen[i]
                new_flow[filled] = 0.0
                filled += 1
                i = chain[i]
            chain_head[v] = -1
            new_start[t + 1] = filled
        if filled > width:
            needed = max(needed, filled)
            continue
        added += picked
        for t in range(nodes):
            scratch[t] = order[b, new_order[t]]
        for t in range(nodes):
            order[b, t] = scratch[t]
            place[scratch[t]] = t
            start[b, t + 1] = new_start[t + 1]
        for i in range(filled):
            link[b, i] = new_link[i]
            flow[b, i] = new_flow[i]
            before[b, i] = place[tail[new_link[i]]]
    return added, needed


@kernel
def _sort_by_label(label, count, order, scratch):
    """Positions sorted by label, equal labels kept in place (merge sort from below)."""
    for t in range(count):
        order[t] = t
    for low in range(0, count, 16):
        for t in range(low + 1, min(low + 16, count)):
            p = order[t]
            i = t
            while i > low and label[order[i - 1]] > label[p]:
                order[i] = order[i - 1]
                i -= 1
            order[i] = p
    run = 16
    while run < count:
        for low in range(0, count - run, 2 * run):
            middle, high = low + run, min(low + 2 * run, count)
            if label[order[middle - 1]] <= label[order[middle]]:
                continue
            for t in range(low, middle):
                scratch[t] = order[t]
            i, j, t = low, middle, low
            while i < middle:
                if j < high and label[order[j]] < label[scratch[i]]:
                    order[t] = order[j]
                    j += 1
                else:
                    order[t] = scratch[i]
                    i += 1
                t += 1
        run *= 2


@kernel
def sweep(
    class_of, kind, base, factor, capacity, power, limit, fixed, total, cost, slope,
    order, count, start, link, before, flow,
):  # fmt: skip
    """Move flow towards equal costs inside every bush once; returns the cost saved (first order)."""
    n = order.shape[1]
    short = np.empty(n)
    long = np.empty(n)
    short_link = np.empty(n, dtype=np.int32)
    long_link = np.empty(n, dtype=np.int32)
    meeting = np.empty(n, dtype=np.int32)
    seen = np.empty(cost.size)
    of_class = -1
    saved = 0.0
    for b in range(class_of.size):
        if class_of[b] != of_class:
            of_class = class_of[b]
            seen[:] = cost + fixed[of_class]
        own = fixed[of_class]
        links, tails, flows, starts = link[b], before[b], flow[b], start[b]
        short[0] = 0.0
        long[0] = 0.0
        meetings = 0
        low = starts[1]
        for t in range(1, count[b]):
            high = starts[t + 1]
            if high == low + 1:
                p = tails[low]
                c = seen[links[low]]
                short[t] = short[p] + c
                long[t] = long[p] + c
                short_link[t] = low
                long_link[t] = low
            else:
                least = np.inf
                best = low
                most = -np.inf
                worst = -1
                for i in range(low, high):
                    c = seen[links[i]]
                    p = tails[i]
                    if short[p] + c < least:
                        least = short[p] + c
                        best = i
                    if flows[i] > 0.0 and long[p] + c > most:
                        most = long[p] + c
                        worst = i
                short[t] = least
                short_link[t] = best
                long_link[t] = worst
                if worst < 0:
                    long[t] = long[tails[best]] + seen[links[best]]
                    long_link[t] = best
                else:
                    long[t] = most
                    if worst != best and most - least > 1e-15 * most:
                        meeting[meetings] = t
                        meetings += 1
            low = high
        for m in range(meetings - 1, -1, -1):
            t = meeting[m]
            i = long_link[t]
            j = short_link[t]
            p = tails[i]
            q = tails[j]
            e = links[i]
            f = links[j]
            movable = flows[i]
            gain = seen[e] - seen[f]
            steep = slope[e] + slope[f]
            while p != q:
                if p > q:
                    i = long_link[p]
                    e = links[i]
                    gain += seen[e]
                    steep += slope[e]
                    movable = min(movable, flows[i])
                    p = tails[i]
                else:
                    j = short_link[q]
                    f = links[j]
                    gain -= seen[f]
                    steep += slope[f]
                    q = tails[j]
            if gain <= 0.0 or movable <= 0.0:
                continue
            moved = movable
            if gain < steep * movable:
                moved = gain / steep
            saved += moved * gain
            p = t
            q = t
            i = long_link[t]
            j = short_link[t]
            first_step = True
            while first_step or p != q:
                if first_step or p > q:
                    i = long_link[p]
                    e = links[i]
                    flows[i] -= moved
                    p = tails[i]
                    total[e] = max(total[e] - moved, 0.0)
                    value, rise = link_cost(kind[e], base[e], factor[e], capacity[e], power[e], limit, total[e])
                    cost[e] = value
                    slope[e] = rise
                    seen[e] = value + own[e]
                if first_step or q > p:
                    j = short_link[q]
                    f = links[j]
                    flows[j] += moved
                    q = tails[j]
                    total[f] += moved
                    value, rise = link_cost(kind[f], base[f], factor[f], capacity[f], power[f], limit, total[f])
                    cost[f] = value
                    slope[f] = rise
                    seen[f] = value + own[f]
                first_step = False
    return saved


@kernel
def stretch(
    class_of, kind, base, factor, capacity, power, limit, fixed, total, cost, slope, count, start, link, earlier, flow
):  # fmt: skip
    """Go on along the last sweep's move, as far as it lowers the cost and no flow turns negative; returns how far.

    Where bushes push against each other over a steep link, sweeps move by equal small steps; this takes them at once.
    """
    change = np.zeros(total.size)
    own = 0.0
    furthest = 1e9
    for b in range(class_of.size):
        for i in range(start[b, count[b]]):
            step = flow[b, i] - earlier[b, i]
            if step != 0.0:
                e = link[b, i]
                change[e] += step
                own += step * fixed[class_of[b], e]
                if step < 0.0 and flow[b, i] + furthest * step < 0.0:
                    furthest = flow[b, i] / -step
    if furthest < 1e-3:
        return 0.0
    low = 0.0
    high = furthest
    length = furthest
    for _ in range(50):
        fall = own
        for e in range(total.size):
            if change[e] != 0.0:
                at = max(total[e] + length * change[e], 0.0)
                fall += change[e] * link_cost(kind[e], base[e], factor[e], capacity[e], power[e], limit, at)[0]
        if fall <= 0.0:
            low = length
            if length == furthest:
                break
        else:
            high = length
        if high - low <= 1e-3 * high:
            break
        length = 0.5 * (low + high) if low > 0.0 or high < 1e-3 else high * 0.1
    if low == 0.0:
        return 0.0
    for b in range(class_of.size):
        for i in range(start[b, count[b]]):
            step = flow[b, i] - earlier[b, i]
            if step != 0.0:
                flow[b, i] = max(flow[b, i] + low * step, 0.0)
    for e in range(total.size):
        if change[e] != 0.0:
            total[e] = max(total[e] + low * change[e], 0.0)
            cost[e], slope[e] = link_cost(kind[e], base[e], factor[e], capacity[e], power[e], limit, total[e])
    return low


@kernel
def link_shares(chosen, order, count, start, link, before, flow, share):
    """Part of the flow into each node that has used a link, by bush; ``share`` [bushes, nodes]."""
    place = np.empty(order.shape[1])
    for b in range(count.size):
        place[0] = 0.0
        for t in range(1, count[b]):
            total = 0.0
            used = 0.0
            for i in range(start[b, t], start[b, t + 1]):
                part = 1.0 if link[b, i] == chosen else place[before[b, i]]
                total += flow[b, i]
                used += flow[b, i] * part
            place[t] = used / total if total > 0.0 else 0.0
            share[b, order[b, t]] = place[t]
