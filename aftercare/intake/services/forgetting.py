"""Forget who a customer was when they ask for it (Personal Information Protection Law, article 47); what was done stays."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.customers.models import Customer
from aftercare.customers.services import erase_customer, revoke_links
from aftercare.knowledge.rules import without_people
from aftercare.ledger.services import record
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.services import require
from aftercare.refusals import Conflict, Invalid

from ..models import Call, Note, RawInput, Request


def forget_customer(customer: Customer, *, by: Actor, at: datetime, because: str) -> int:
    """Erase name, contact and address of a customer, and clean what was written about them; give how many requests it touched.

    Cases, clocks and statistics stay, of nobody. Refuses while a request is in progress: somebody still has to reach them.
    The fact `customer.erased` lets the domains above clean what they keep. It can't be undone.
    """
    require(by, "erase_customer", unit_id=customer.unit_id, reach=True)
    if len(because.strip()) < 4:
        raise Invalid(_("say why"), where="because", expected=_("who asked for it and when, 4 characters"))
    with transaction.atomic():
        requests = list(Request.objects.select_for_update().filter(customer=customer).order_by("id"))
        still = [request.number for request in requests if request.state == "open"]
        if still:
            raise Conflict(
                _("still in progress: %(numbers)s") % {"numbers": "、".join(still[:5])}, where="customer", code="open_requests",
                expected=_("end these requests first"),
            )  # fmt: skip
        ids, names = [request.pk for request in requests], [customer.full_name]
        for request in requests:
            request.description, request.remark = (
                without_people(text, names=names) for text in (request.description, request.remark)
            )
            request.address, request.address_masked, request.lat, request.lon = "", "", None, None
            revoke_links(request.pk, by=MACHINE, at=at)
        Request.objects.bulk_update(
            requests, ["description", "remark", "address", "address_masked", "lat", "lon"]
        )
        notes = list(Note.objects.filter(request_id__in=ids))
        for note in notes:
            note.text = without_people(note.text, names=names)
        Note.objects.bulk_update(notes, ["text"], batch_size=200)
        RawInput.objects.filter(request_id__in=ids).update(body="")
        Call.objects.filter(request_id__in=ids).update(caller="", caller_masked="")
        erase_customer(customer)
        record(
            "customer.erased", customer, by=by, at=at, because=without_people(because.strip()[:300], names=names),
            values={"customer": customer.pk, "requests": ids[:500]},
        )  # fmt: skip
    return len(requests)
