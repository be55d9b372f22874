"""The pricing of bench/bound: routes of one engineer by labels in order of time, exact but for orders come back to from afar."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True)
def best_routes(
    home: int, begins: int, end_by: int, able: Any, place: Any, service: Any, opens: Any, closes: Any, worth: Any,
    travel: Any, near: Any, bit: Any, span: int, room: int, paths: Any, lengths: Any,
) -> tuple[float, int]:  # fmt: skip
    """Give the lowest reduced cost (0: no route pays) and how many routes were written to `paths`, best first; −1: no room left.

    A label is a part of a route: when it is free, at which order, its way less the worth of its orders, and which of the
    orders near the last one it has been to (as bits). One that is later, dearer and has been to more is dropped.
    """
    count = len(able)
    at, cost = np.empty(room, np.int32), np.empty(room, np.float64)
    last, before = np.empty(room, np.int32), np.empty(room, np.int32)
    been, dropped = np.empty(room, np.int64), np.zeros(room, np.uint8)
    in_span, in_cell = np.empty(room, np.int32), np.empty(room, np.int32)
    spans = np.full((end_by - begins) // span + 2, -1, np.int32)
    cells = np.full(count, -1, np.int32)
    lowest, lowest_label = np.full(count, np.inf), np.full(count, -1, np.int32)
    at[0], cost[0], last[0], before[0], been[0], in_span[0] = begins, 0.0, -1, -1, 0, -1
    spans[0] = 0
    labels = 1
    for b in range(len(spans)):
        label = spans[b]
        while label >= 0:
            if dropped[label]:
                label = in_span[label]
                continue
            here = home if last[label] < 0 else place[able[last[label]]]
            for n in range(count):
                o = able[n]
                way = travel[here, place[o]]
                starts = max(at[label] + way, opens[o])
                if starts > closes[o]:
                    continue
                done = starts + service[o]
                back = travel[place[o], home]
                if done + back > end_by:
                    continue
                know = 0
                if last[label] >= 0:
                    previous = able[last[label]]
                    where = bit[previous, o]
                    if where >= 0 and (been[label] >> where) & 1:
                        continue
                    rest, k = been[label], 0
                    while rest:
                        if rest & 1 and bit[o, near[previous, k]] >= 0:
                            know |= 1 << bit[o, near[previous, k]]
                        rest >>= 1
                        k += 1
                know |= 1 << bit[o, o]
                price = cost[label] + way - worth[o]
                other, previous_one, is_worse = cells[n], -1, False
                while other >= 0:
                    following = in_cell[other]
                    if at[other] <= done and cost[other] <= price and been[other] & ~know == 0:
                        is_worse = True
                        break
                    if at[other] >= done and cost[other] >= price and know & ~been[other] == 0:
                        dropped[other] = 1
                        if previous_one < 0:
                            cells[n] = following
                        else:
                            in_cell[previous_one] = following
                    else:
                        previous_one = other
                    other = following
                if is_worse:
                    continue
                if labels == room:
                    return 0.0, -1
                at[labels], cost[labels], last[labels], before[labels], been[labels] = (
                    done,
                    price,
                    n,
                    label,
                    know,
                )
                in_cell[labels] = cells[n]
                cells[n] = labels
                later = (done - begins) // span
                in_span[labels] = spans[later]
                spans[later] = labels
                if price + back < lowest[n]:
                    lowest[n], lowest_label[n] = price + back, labels
                labels += 1
            label = in_span[label]
    found = 0
    for n in np.argsort(lowest):
        if lowest[n] >= -0.001 or found == len(lengths):
            break
        label, stops = lowest_label[n], 0
        while label > 0:
            stops += 1
            label = before[label]
        lengths[found] = stops
        label = lowest_label[n]
        while label > 0:
            stops -= 1
            paths[found, stops] = able[last[label]]
            label = before[label]
        found += 1
    return min(0.0, lowest.min()) if count else 0.0, found
