"""What measurements stand on: many requests at once, which fit the tables as they are now."""

from __future__ import annotations

from aftercare.demo.bulk import add_bulk
from aftercare.intake.models import Request
from aftercare.sla.models import Clock
from aftercare.workorders.models import WorkOrder


def test_bulk_fits_the_tables_and_the_pages(cast_now, signed_in):
    add_bulk(300, at=cast_now.at, progress=lambda n: None)
    assert Request.objects.count() == WorkOrder.objects.count() == 300
    assert Clock.objects.count() == Request.objects.filter(state="open").count()
    client = signed_in("boss")
    for address in (
        "/requests?state=all",
        "/requests?sort=due",
        "/work-orders",
        f"/requests/{Request.objects.first().number}",
    ):
        assert client.get(address).status_code == 200
