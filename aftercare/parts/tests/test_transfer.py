"""A part that is not in stock is asked for, sent from where it is, and in stock when it arrives (M54)."""

from __future__ import annotations

import pytest

from aftercare.ledger.models import Fact
from aftercare.parts.models import Part, Stock, Transfer
from aftercare.parts.selectors import price_list, sources_of, transfers_for, van_of
from aftercare.parts.services import (
    ask_transfer,
    load_van,
    receive_transfer,
    refuse_transfer,
    send_transfer,
    stock_part,
    take_part,
    unload_van,
)
from aftercare.people.rules import MACHINE
from aftercare.refusals import Conflict, Forbidden, Invalid, NotFound
from tests.cast import MORNING


def asked(cast, quantity: int = 2) -> Transfer:
    order = cast.order()
    return ask_transfer(
        "cap35", quantity, unit_id=cast.store.pk, case_id=order.request_id, order_id=order.pk,
        order_number=order.number, by=cast.actor("zhou"), at=MORNING,
    )  # fmt: skip


def in_stock(unit) -> int:
    return sum(Stock.objects.filter(unit=unit).values_list("quantity", flat=True))


def test_pieces_travel_from_the_unit_that_has_them(cast):
    stock_part(Part.objects.get(), unit_id=cast.other_store.pk, quantity=3, by=MACHINE)
    transfer = asked(cast)
    desk = cast.actor("li")
    assert list(transfers_for(desk)) == [transfer]
    assert [stock.unit for stock in sources_of(transfer)] == [cast.other_store]
    before = in_stock(cast.store)
    send_transfer(transfer, cast.other_store.pk, by=desk, at=MORNING)
    assert (in_stock(cast.other_store), in_stock(cast.store)) == (1, before)
    receive_transfer(transfer, by=desk, at=MORNING)
    assert in_stock(cast.store) == before + 2
    assert not transfers_for(desk).exists()
    told = Fact.objects.filter(case_id=transfer.case_id, name__startswith="transfer.").order_by("id")
    assert [fact.name for fact in told] == ["transfer.asked", "transfer.sent", "transfer.arrived"]
    with pytest.raises(Conflict):
        receive_transfer(transfer, by=desk, at=MORNING)


def test_nothing_is_sent_that_is_not_there(cast):
    transfer = asked(cast)
    with pytest.raises(Conflict) as refusal:
        send_transfer(transfer, cast.other_store.pk, by=cast.actor("li"), at=MORNING)
    assert refusal.value.code == "out_of_stock"
    transfer.refresh_from_db()
    assert transfer.state == "asked"
    refuse_transfer(transfer, by=cast.actor("li"), at=MORNING, because="已停产")
    assert not transfers_for(cast.actor("li")).exists()


def test_what_is_asked_for_is_checked(cast):
    transfer = asked(cast)
    again = {"unit_id": cast.store.pk, "case_id": transfer.case_id, "order_id": transfer.order_id,
             "order_number": "", "at": MORNING}  # fmt: skip
    with pytest.raises(Conflict) as refusal:
        ask_transfer("cap35", 1, by=cast.actor("zhou"), **again)
    assert refusal.value.code == "asked_already"
    with pytest.raises(Invalid):
        ask_transfer("cap35", 0, by=cast.actor("zhou"), **again)
    with pytest.raises(Forbidden):
        send_transfer(transfer, cast.other_store.pk, by=cast.actor("zhou"), at=MORNING)
    with pytest.raises(Invalid):
        refuse_transfer(transfer, by=cast.actor("li"), at=MORNING, because=" ")
    with pytest.raises(Conflict):
        take_part(transfer.part, unit_id=cast.store.pk, quantity=99, by=cast.actor("zhou"), at=MORNING)


def test_the_van_is_loaded_from_the_store_used_first_and_never_below_zero(cast):
    zhou, part = cast.actor("zhou"), Part.objects.get(code="cap35")
    load_van("cap35", 2, by=zhou, at=MORNING)
    assert [(v.part.code, v.quantity) for v in van_of(zhou.id)] == [("cap35", 2)]
    found = price_list("aircon", cast.store.pk, zhou.id).get()
    assert (found.in_van, found.in_stock) == (2, 3)
    take_part(part, unit_id=cast.store.pk, quantity=3, by=zhou, at=MORNING, staff_id=zhou.id)
    found = price_list("aircon", cast.store.pk, zhou.id).get()
    assert (found.in_van, found.in_stock) == (0, 2), "the van first, the rest from the store"
    with pytest.raises(Conflict):
        take_part(part, unit_id=cast.store.pk, quantity=3, by=zhou, at=MORNING, staff_id=zhou.id)
    load_van("cap35", 1, by=zhou, at=MORNING)
    with pytest.raises(Conflict) as refused:
        take_part(part, unit_id=cast.store.pk, quantity=3, by=zhou, at=MORNING, staff_id=zhou.id)
    assert refused.value.code == "out_of_stock" and van_of(zhou.id)[0].quantity == 1, "all or nothing"
    unload_van("cap35", 1, by=zhou, at=MORNING)
    for verb, quantity, kind in ((unload_van, 1, Conflict), (load_van, 9, Conflict), (load_van, 0, Invalid)):
        with pytest.raises(kind):
            verb("cap35", quantity, by=zhou, at=MORNING)
    with pytest.raises(NotFound):
        load_van("nothing", 1, by=zhou, at=MORNING)
    with pytest.raises(Forbidden):
        load_van("cap35", 1, by=cast.actor("li"), at=MORNING)
