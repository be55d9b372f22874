"""What can be done about who goes when."""

from .giving import give_orders, take_orders_back
from .matching import dispatch_order, dispatch_orders, retry_queue, wake_queue
from .offering import (
    accept_offer,
    assign_by_hand,
    expire_offers,
    offer_as_planned,
    refuse_offer,
    reoffer_orders,
    take_back_order,
    take_offer_back,
    withdraw_offers,
)
from .planning import (
    accept_plan,
    dismiss_plan,
    give_order,
    make_day_plan,
    pin_visit,
    plan_wished_days,
    try_move,
    wish_plan,
)
from .replaying import Replay, replay_plan

__all__ = [
    "Replay", "accept_offer", "accept_plan", "assign_by_hand", "dismiss_plan", "dispatch_order", "dispatch_orders", "expire_offers", "give_order",
    "give_orders", "make_day_plan", "offer_as_planned", "pin_visit", "plan_wished_days", "refuse_offer", "reoffer_orders", "replay_plan",
    "retry_queue", "take_back_order", "take_offer_back", "take_orders_back", "try_move", "wake_queue", "wish_plan", "withdraw_offers",
]  # fmt: skip
