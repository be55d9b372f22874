"""The search: Slack Induction by String Removals (Christiaens & Vanden Berghe, Transportation Science 54(2), 2020).

Each step takes strings of neighbouring orders out of a few routes (ruin), puts what is absent back where it is cheapest,
now and then overlooking a place (recreate with blinks), and keeps the result by simulated annealing. Per position a
route knows when and where it becomes free and until when what follows can wait, so that trying a place costs O(1).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from .arrays import NEVER, reals, row, zeros
from .arrays import plain as compiled
from .problem import Problem

EDITION = 4  # raised whenever the same seed and stored inputs come to give another plan, also by a price of `routing/days.py`
REMOVED = 10.0  # orders taken out in one ruin, on average (c̄ of the paper)
LONGEST_STRING = 10.0  # L max
SPLIT = 0.5  # how often a string is taken out in two pieces (split string)
DEEPER = 0.01  # how often the piece left between them grows by one more (β)
BLINK = 0.01  # how often a place is overlooked
WIDE = 0.01  # how often all that is absent is tried in all routes, not only in those just ruined
UNSERVED = -1
MIXED = 6364136223846793005  # Knuth's multiplier (MMIX), by which what a route holds becomes one number
LAST = (1 << 63) - 1  # … of 63 bits


class Plan(NamedTuple):
    """Routes and their times, by route and position (flat: `item[v * width + k]`); position `length[v]` is the end of the route.

    An item from `orders` on is the break of route `item - orders`.
    """

    width: int  # positions a route has room for
    item: Any  # [v, k]
    length: Any  # [v]
    free_at: Any  # [v, k] seconds: when the route is free before position k
    place_at: Any  # [v, k] where it then is
    comes_to: Any  # [v, k] the place of position k (of a break: where the route is)
    way: Any  # [v, k] seconds from where the route is before position k to the place of that position
    until: Any  # [v, k] seconds: the latest arrival at position k that keeps all that follows
    jobs: Any  # [v] orders on the route
    load: Any  # [v]
    cost: Any  # [v] price of the route
    version: Any  # [v] what the route holds, as one number: the same again when it holds the same again
    route_of: Any  # [o] the route, or UNSERVED
    before: Any  # [v, k] where the whole day is limited: the shortest time from setting out until position k
    before_to: Any  # [v, k] … and the latest setting out that keeps it so short
    rest: Any  # [v, k] the shortest time from position k to the end
    rest_from: Any  # [v, k] … and the earliest begin that keeps it so short


class Scratch(NamedTuple):
    """What one step needs: routes as they were, and the orders that are absent."""

    item: Any  # [v, k] before the step
    length: Any  # [v]
    dirty: Any  # [v] 1: changed in this step
    changed: Any  # [n] the changed routes
    ruined: Any  # [v] 1: strings were taken out of it in this step
    absent: Any  # [n] orders to be put back
    stale: Any  # [o] 1: was absent before the step, so only changed routes are tried
    key: Any  # [n] by which the absent are sorted
    worth: Any  # [n] the routes worth trying: those in use, and the first idle one of each kind
    idle_of: Any  # [kind] 1: an idle route of this kind is among them
    counts: Any  # changed routes, absent orders, routes worth trying
    place: Any  # the place found last: price, route, position
    seen: Any  # [o, v] the version of the route in which the order's cheapest place was looked up last
    seen_price: Any  # [o, v] … the price of that place, NEVER: there is none
    seen_at: Any  # [o, v] … and its position


def empty_plan(p: Problem) -> Plan:
    """Give a plan in which every order is unserved."""
    width = p.orders + 3
    if p.orders > 60 and p.routes > 1:
        width = min(width, max(60, 3 * p.orders // p.routes + 30) if p.routes > 8 else width)
    cells = p.routes * width
    plan = Plan(
        width=width, item=zeros(cells, p.fast), length=zeros(p.routes, p.fast), free_at=zeros(cells, p.fast), place_at=zeros(cells, p.fast),
        comes_to=zeros(cells, p.fast), way=zeros(cells, p.fast), until=zeros(cells, p.fast), jobs=zeros(p.routes, p.fast), load=zeros(p.routes, p.fast), cost=zeros(p.routes, p.fast),
        version=zeros(p.routes, p.fast), route_of=zeros(p.orders, p.fast, UNSERVED), before=zeros(cells, p.fast), before_to=zeros(cells, p.fast), rest=zeros(cells, p.fast), rest_from=zeros(cells, p.fast),
    )  # fmt: skip
    for v in range(p.routes):
        if p.rest_from[v] < NEVER:
            plan.item[v * width] = p.orders + v
            plan.length[v] = 1
        reschedule(p, plan, v)
    return plan


def scratch_for(p: Problem, plan: Plan) -> Scratch:
    return Scratch(
        item=zeros(p.routes * plan.width, p.fast), length=zeros(p.routes, p.fast), dirty=zeros(p.routes, p.fast), changed=zeros(p.routes, p.fast),
        ruined=zeros(p.routes, p.fast), absent=zeros(p.orders, p.fast), stale=zeros(p.orders, p.fast), key=reals(p.orders, p.fast), counts=zeros(3, p.fast),
        worth=zeros(p.routes, p.fast), idle_of=zeros(p.routes, p.fast), place=zeros(3, p.fast),
        seen=zeros(p.orders * p.routes, p.fast), seen_price=zeros(p.orders * p.routes, p.fast), seen_at=zeros(p.orders * p.routes, p.fast),
    )  # fmt: skip


def luck_from(seed: int, fast: bool) -> Any:
    """Give the state of the random numbers: the generator's, and how many places are left until the next blink."""
    return row([seed % 2147483646 + 1, 100], fast)


@compiled
def draw(luck: Any) -> float:
    """Give the next random number, 0 < x < 1 (Park & Miller's minimal standard generator, multiplier 48271)."""
    luck[0] = luck[0] * 48271 % 2147483647
    return luck[0] / 2147483647.0


@compiled
def blinks(luck: Any) -> bool:
    """Say whether this place is overlooked; the gaps between blinks are geometric, so most calls only count down."""
    luck[1] -= 1
    if luck[1] > 0:
        return False
    luck[1] = 1 + int(math.log(draw(luck)) / math.log(1.0 - BLINK))
    return True


@compiled
def earliest(p: Any, o: int, arrival: int) -> int:
    """Give the first instant from `arrival` on at which work on an order may begin; NEVER when all windows are over."""
    first = o * p.wide
    for w in range(first, first + p.windows[o]):
        if arrival <= p.closes[w]:
            return max(arrival, p.opens[w])
    return NEVER


@compiled
def latest(p: Any, o: int, limit: int) -> int:
    """Give the last instant up to `limit` at which work on an order may begin; -1 when no window has opened by then."""
    first = o * p.wide
    for w in range(first + p.windows[o] - 1, first - 1, -1):
        if p.opens[w] <= limit:
            return min(limit, p.closes[w])
    return -1


@compiled
def reschedule(p: Any, plan: Any, v: int) -> int:
    """Set the times of a route and give how its price changes; it is taken as it is, feasible or not."""
    orders, places = len(p.drop), p.places
    item, free_at, place_at, comes_to, until = (
        plan.item,
        plan.free_at,
        plan.place_at,
        plan.comes_to,
        plan.until,
    )
    begin = v * plan.width
    end = begin + plan.length[v]
    now, place = p.start_at[v], p.start[v]
    price, worked, jobs, load, version = 0, 0, 0, 0, 1
    for k in range(begin, end):
        o = item[k]
        version = (version * MIXED + o) & LAST
        free_at[k], place_at[k] = now, place
        if o >= orders:
            comes_to[k] = place
            plan.way[k] = 0
            now = max(now, p.rest_from[v]) + p.rest_for[v]
            continue
        jobs += 1
        load += p.demand[o]
        price += p.charge[o * p.routes + v]
        if p.outside[v]:
            continue
        comes_to[k] = p.enter[o]
        way = p.travel[place * places + p.enter[o]]
        plan.way[k] = way
        price += way + p.inner[o]
        worked += way + p.service[o]
        now = earliest(p, o, now + way)
        if now > p.late_after[o]:
            price += (now - p.late_after[o]) * p.late_price[o] // 60
        now += p.service[o]
        place = p.leave[o]
    back = p.travel[place * places + p.end[v]]
    free_at[end], place_at[end], comes_to[end], plan.way[end] = now, place, p.end[v], back
    if jobs > 0 and p.outside[v] == 0:
        price += back
        worked += back
        if worked > p.fair_from[v]:
            over = worked - p.fair_from[v]
            price += over * over // p.fair_soft[v]
    limit = p.end_by[v]
    until[end] = limit
    for k in range(end - 1, begin - 1, -1):
        o = item[k]
        if o >= orders:
            limit = min(p.rest_to[v], limit - plan.way[k + 1] - p.rest_for[v])
            if limit < p.rest_from[v]:
                limit = -1  # it would have to begin before it may
        else:
            limit = latest(p, o, limit - plan.way[k + 1] - p.service[o])
        until[k] = limit
    plan.jobs[v], plan.load[v], plan.version[v] = jobs, load, version
    if p.longest[v] < NEVER:
        set_durations(p, plan, v)
    change = price - plan.cost[v]
    plan.cost[v] = price
    return change


@compiled
def set_durations(p: Any, plan: Any, v: int) -> None:
    """Set how short the parts of a route can be when setting out is put off: one window an order, breaks at any time.

    Duration, latest and earliest begin are carried from part to part (Vidal, Crainic, Gendreau & Prins, Computers &
    Operations Research 40(1), 2013), so that a whole route around a new order is known in O(1).
    """
    orders, begin = len(p.drop), v * plan.width
    end = begin + plan.length[v]
    lasts, out_by = 0, p.end_by[v]
    for k in range(begin, end):
        plan.before[k], plan.before_to[k] = lasts, out_by
        o = plan.item[k]
        if o >= orders:
            lasts += p.rest_for[v]
            continue
        lasts += plan.way[k]
        wait = max(p.opens[o * p.wide] - lasts - out_by, 0)
        out_by = min(p.closes[o * p.wide] - lasts, out_by)
        lasts += wait + p.service[o]
    plan.before[end], plan.before_to[end] = lasts, out_by
    lasts, first, following = 0, p.start_at[v], p.end[v]
    plan.rest[end], plan.rest_from[end] = lasts, first
    for k in range(end - 1, begin - 1, -1):
        o = plan.item[k]
        if o >= orders:
            lasts += p.rest_for[v]
            first -= p.rest_for[v]
        else:
            way = p.service[o] + p.travel[p.leave[o] * p.places + following]
            wait = max(first - way - p.closes[o * p.wide], 0)
            lasts += way + wait
            first = max(first - way, p.opens[o * p.wide]) - wait
            following = p.enter[o]
        plan.rest[k], plan.rest_from[k] = lasts, first


@compiled
def duration(p: Any, plan: Any, v: int) -> int:
    """Give the shortest time from setting out to coming back on a route, the start being free."""
    begin, end = v * plan.width, v * plan.width + plan.length[v]
    return plan.before[end] + plan.way[end] if end > begin else 0


@compiled
def remember(plan: Any, s: Any, v: int) -> None:
    """Keep a route as it is before its first change in this step."""
    if s.dirty[v]:
        return
    s.dirty[v] = 1
    s.changed[s.counts[0]] = v
    s.counts[0] += 1
    s.length[v] = plan.length[v]
    for k in range(v * plan.width, v * plan.width + plan.length[v]):
        s.item[k] = plan.item[k]


@compiled
def ruin(p: Any, plan: Any, s: Any, luck: Any) -> None:
    """Take strings out of the routes around a random order; what was taken out is absent."""
    served, used = 0, 0
    for v in range(len(p.start)):
        if plan.jobs[v] > 0:
            served += plan.jobs[v]
            used += 1
    longest = min(LONGEST_STRING, max(1.0, served / max(1, used)))
    strings = int(draw(luck) * max(4.0 * REMOVED / (1.0 + longest) - 1.0, 1.0) + 1.0)
    seed = int(draw(luck) * len(p.drop))
    for n in range(seed * p.reach, (seed + 1) * p.reach):
        if strings == 0:
            break
        o = p.near[n]
        v = plan.route_of[o]
        if v < 0 or s.ruined[v]:
            continue
        s.ruined[v] = 1
        strings -= 1
        take_string(p, plan, s, luck, v, o, longest)


@compiled
def take_string(p: Any, plan: Any, s: Any, luck: Any, v: int, o: int, longest: float) -> None:
    """Take a string of orders that holds `o` out of a route, in one piece or around a piece that stays; breaks stay."""
    remember(plan, s, v)
    item, jobs = plan.item, plan.jobs[v]
    first, end = v * plan.width, v * plan.width + plan.length[v]
    size = min(int(draw(luck) * min(jobs * 1.0, longest) + 1.0), jobs)
    keeps = 0
    if 1 < size < jobs and draw(luck) < SPLIT:
        keeps = 1
        while size + keeps < jobs and draw(luck) < DEEPER:
            keeps += 1
    at, position = 0, 0
    for k in range(first, end):
        if item[k] == o:
            at = position
        if item[k] < len(p.drop):
            position += 1
    whole = size + keeps
    low, high = max(0, at - whole + 1), min(at, jobs - whole)
    begin = low + int(draw(luck) * (high - low + 1))
    kept_from = begin + 1 + int(draw(luck) * (whole - keeps - 1)) if keeps > 0 else -1
    left, position = first, 0
    for k in range(first, end):
        other = item[k]
        stays = True
        if other < len(p.drop):
            if begin <= position < begin + whole:
                stays = keeps > 0 and kept_from <= position < kept_from + keeps and other != o
            position += 1
        if stays:
            item[left] = other
            left += 1
        else:
            plan.route_of[other] = UNSERVED
            s.absent[s.counts[1]] = other
            s.stale[other] = 0
            s.counts[1] += 1
    plan.length[v] = left - first


@compiled
def sort_absent(p: Any, s: Any, luck: Any) -> None:
    """Sort what is absent: at random, dearest first, farthest, nearest, by the width, the begin or the end of the window."""
    way = draw(luck) * 17.0
    for n in range(s.counts[1]):
        o = s.absent[n]
        if way < 4.0:
            s.key[n] = draw(luck)
        elif way < 8.0:
            s.key[n] = -p.drop[o] - p.demand[o] + draw(luck)
        elif way < 10.0:
            s.key[n] = -p.travel[p.start[0] * p.places + p.enter[o]]
        elif way < 11.0:
            s.key[n] = p.travel[p.start[0] * p.places + p.enter[o]]
        elif way < 13.0:
            s.key[n] = p.closes[o * p.wide + p.windows[o] - 1] - p.opens[o * p.wide]
        elif way < 15.0:
            s.key[n] = p.opens[o * p.wide]
        else:
            s.key[n] = -p.closes[o * p.wide + p.windows[o] - 1]
    for n in range(1, s.counts[1]):
        key, o, at = s.key[n], s.absent[n], n - 1
        while at >= 0 and s.key[at] > key:
            s.key[at + 1], s.absent[at + 1] = s.key[at], s.absent[at]
            at -= 1
        s.key[at + 1], s.absent[at + 1] = key, o


@compiled
def list_worth(p: Any, plan: Any, s: Any) -> None:
    """List the routes worth trying: those in use, and the first idle one of each kind, for such are alike."""
    kind, jobs = p.kind, plan.jobs
    for v in range(p.routes):
        if kind[v] < p.routes:
            s.idle_of[kind[v]] = 0
    count = 0
    for v in range(p.routes):
        if jobs[v] == 0 and kind[v] < p.routes:
            if s.idle_of[kind[v]]:
                continue
            s.idle_of[kind[v]] = 1
        s.worth[count] = v
        count += 1
    s.counts[2] = count


@compiled
def list_next_idle(p: Any, plan: Any, s: Any, used: int) -> None:
    """List another idle route of the kind of one that has just come into use, if there is any."""
    for v in range(used + 1, p.routes):
        if p.kind[v] == p.kind[used] and plan.jobs[v] == 0:
            s.worth[s.counts[2]] = v
            s.counts[2] += 1
            break


@compiled
def find_place(p: Any, plan: Any, s: Any, luck: Any, o: int, among: Any, count: int) -> bool:
    """Find the cheapest place for an order that is dearer to leave out: `s.place` holds price, route and position.

    Looked at are the first so many routes of `among`. The cheapest place on a route is kept with what the route holds: most
    routes are not touched by a step, and many that are come to hold the same again.
    """
    routes = p.routes
    charge, seen, version = p.charge, s.seen, plan.version
    best, best_v, best_at = p.drop[o], -1, -1
    for n in range(count):
        v = among[n]
        pair = o * routes + v
        if charge[pair] >= best:
            continue
        if seen[pair] != version[v]:
            s.seen_price[pair] = cheapest_on(p, plan, s, o, v, -1)
            s.seen_at[pair] = s.place[2]
            seen[pair] = version[v]
        price = s.seen_price[pair]
        if price >= best:
            continue
        at = s.seen_at[pair]
        if blinks(luck):
            price = cheapest_on(p, plan, s, o, v, at)
            at = s.place[2]
            if price >= best:
                continue
        best, best_v, best_at = price, v, at
    s.place[0], s.place[1], s.place[2] = best, best_v, best_at
    return best_v >= 0


@compiled
def cheapest_on(p: Any, plan: Any, s: Any, o: int, v: int, but: int) -> int:
    """Give the price of the cheapest place for an order on a route, position `but` left out, NEVER if there is none.

    `s.place[2]` is its position. Trying one is a handful of additions.
    """
    width, length, jobs = plan.width, plan.length[v], plan.jobs[v]
    own = p.charge[o * p.routes + v] + p.inner[o]
    s.place[2] = length
    if own >= NEVER or jobs >= p.most[v] or plan.load[v] + p.demand[o] > p.capacity[v] or length + 2 > width:
        return NEVER
    if p.outside[v]:
        return own if but < 0 else NEVER
    orders, places, service = len(p.drop), p.places, p.service[o]
    item, free_at, place_at, comes_to = plan.item, plan.free_at, plan.place_at, plan.comes_to
    ways, until, trips, travel = plan.way, plan.until, p.trips, p.travel
    several = p.windows[o] > 1
    opens, closes = p.opens[o * p.wide], p.closes[o * p.wide + p.windows[o] - 1]
    trip, late_after = 2 * o * places, p.late_after[o]
    begin = v * width
    end = begin + length
    limited = p.longest[v] < NEVER
    best = NEVER
    for k in range(begin, end + 1):
        now = free_at[k]
        if now > closes:
            break
        if max(now, opens) + service > until[k] and item[k] < orders:
            continue
        here = place_at[k]
        way = trips[trip + 2 * here]
        starts = now + way
        if starts > closes:
            break
        if several:
            starts = earliest(p, o, starts)
        elif starts < opens:
            starts = opens
        done = starts + service
        following, skipped, limit = comes_to[k], ways[k], until[k]
        if k < end and item[k] >= orders:  # a break follows: it is taken where this order ends
            done = max(done, p.rest_from[v])
            if done > p.rest_to[v]:
                continue
            done += p.rest_for[v]
            following, limit = comes_to[k + 1], until[k + 1]
            skipped = travel[here * places + following]
        back = trips[trip + 2 * following + 1]
        if done + back > limit:
            continue
        if limited:
            out = plan.before[k] + way
            lasts = out + max(opens - out - plan.before_to[k], 0) + service + back
            lasts += max(plan.rest_from[k] - lasts - min(closes - out, plan.before_to[k]), 0) + plan.rest[k]
            if lasts > p.longest[v]:
                continue
        price = own + way + back
        if jobs > 0:
            price -= skipped
        if starts > late_after:
            price += (starts - late_after) * p.late_price[o] // 60
        if price < best and k - begin != but:
            best = price
            s.place[2] = k - begin
    return best


@compiled
def put_in(p: Any, plan: Any, o: int, v: int, at: int) -> int:
    """Put an order into a route before position `at`; gives how the price of the route changes."""
    item, begin = plan.item, v * plan.width
    for k in range(begin + plan.length[v], begin + at, -1):
        item[k] = item[k - 1]
    item[begin + at] = o
    plan.length[v] += 1
    plan.route_of[o] = v
    return reschedule(p, plan, v)


@compiled
def put_back(p: Any, plan: Any, s: Any, luck: Any, wide: bool) -> int:
    """Put each absent order, in their order, where it is cheapest, or leave it undone where that is cheaper.

    What was absent before the step is tried only in the routes that have changed since, unless `wide`.
    """
    delta = 0
    for n in range(s.counts[1]):
        o = s.absent[n]
        if s.stale[o] == 1 and not wide:
            found = find_place(p, plan, s, luck, o, s.changed, s.counts[0])
        else:
            found = find_place(p, plan, s, luck, o, s.worth, s.counts[2])
        if found:
            v = s.place[1]
            remember(plan, s, v)
            delta += put_in(p, plan, o, v, s.place[2]) - p.drop[o]
            if plan.jobs[v] == 1 and p.kind[v] < p.routes:
                list_next_idle(p, plan, s, v)
    return delta


@compiled
def restore(p: Any, plan: Any, s: Any) -> None:
    """Take a step back."""
    orders, width = len(p.drop), plan.width
    for x in range(s.counts[0]):
        v = s.changed[x]
        for k in range(v * width, v * width + plan.length[v]):
            if plan.item[k] < orders:
                plan.route_of[plan.item[k]] = UNSERVED
    for x in range(s.counts[0]):
        v = s.changed[x]
        plan.length[v] = s.length[v]
        for k in range(v * width, v * width + s.length[v]):
            plan.item[k] = s.item[k]
            if s.item[k] < orders:
                plan.route_of[s.item[k]] = v
        reschedule(p, plan, v)


@compiled
def copy_routes(plan: Any, best: Any) -> None:
    """Keep the routes of a plan in another one, without its times."""
    for v in range(len(plan.length)):
        best.length[v] = plan.length[v]
        for k in range(v * plan.width, v * plan.width + plan.length[v]):
            best.item[k] = plan.item[k]


@compiled
def step(p: Any, plan: Any, s: Any, luck: Any, heat: float) -> int:
    """Ruin and recreate once; gives how the price of the plan changes, 0 where the step was taken back."""
    s.counts[0], s.counts[1] = 0, 0
    ruin(p, plan, s, luck)
    delta, broken = 0, False
    for x in range(s.counts[0]):
        v = s.changed[x]
        s.ruined[v] = 0
        delta += reschedule(p, plan, v)
        # with an order before a break gone, all of the way comes after the break: the rest may not be kept
        first = v * plan.width
        broken = broken or (
            p.rest_from[v] < NEVER
            and plan.jobs[v] > 0
            and plan.free_at[first] + plan.way[first] > plan.until[first]
        )
    if broken:
        restore(p, plan, s)
        for x in range(s.counts[0]):
            s.dirty[s.changed[x]] = 0
        return 0
    for n in range(s.counts[1]):
        delta += p.drop[s.absent[n]]
    fresh = s.counts[1]
    for n in range(fresh):
        s.stale[s.absent[n]] = 2  # taken out just now
    for o in range(len(p.drop)):
        if plan.route_of[o] == UNSERVED and s.stale[o] != 2:
            s.absent[s.counts[1]] = o
            s.counts[1] += 1
            s.stale[o] = 1
    for n in range(fresh):
        s.stale[s.absent[n]] = 0
    sort_absent(p, s, luck)
    list_worth(p, plan, s)
    delta += put_back(p, plan, s, luck, s.counts[0] == 0 or draw(luck) < WIDE)
    kept = delta < -heat * math.log(draw(luck))
    if not kept:
        restore(p, plan, s)
    for x in range(s.counts[0]):
        s.dirty[s.changed[x]] = 0
    return delta if kept else 0


@compiled
def steps(p: Any, plan: Any, best: Any, s: Any, luck: Any, prices: Any, count: int, heat: float) -> None:
    """Do so many steps at one temperature; `prices` holds the price of the plan and of the best one so far."""
    for _n in range(count):
        prices[0] += step(p, plan, s, luck, heat)
        if prices[0] < prices[1]:
            prices[1] = prices[0]
            copy_routes(plan, best)


@compiled
def insert_absent(p: Any, plan: Any, s: Any, luck: Any) -> int:
    """Cheapest insertion: put every unserved order in, dearest and soonest first, without a blink; gives the change of price."""
    s.counts[0], s.counts[1] = 0, 0
    for o in range(len(p.drop)):
        if plan.route_of[o] == UNSERVED:
            s.absent[s.counts[1]] = o
            s.key[s.counts[1]] = -p.drop[o] * 1000000.0 + p.closes[o * p.wide + p.windows[o] - 1] % 1000000
            s.counts[1] += 1
            s.stale[o] = 0
    for n in range(1, s.counts[1]):
        key, o, at = s.key[n], s.absent[n], n - 1
        while at >= 0 and s.key[at] > key:
            s.key[at + 1], s.absent[at + 1] = s.key[at], s.absent[at]
            at -= 1
        s.key[at + 1], s.absent[at + 1] = key, o
    list_worth(p, plan, s)
    gap, luck[1] = luck[1], NEVER
    delta = put_back(p, plan, s, luck, True)
    luck[1] = gap
    for x in range(s.counts[0]):
        s.dirty[s.changed[x]] = 0
    return delta
