"""The named people of every test: a small company, its agent Li, its engineers Zhou and Chen, its customer Wang."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aftercare.customers.models import Customer
from aftercare.customers.services import register_customer
from aftercare.intake.models import Request
from aftercare.intake.rules import RequestForm
from aftercare.intake.services import receive_request
from aftercare.ledger.services import deliver_until_idle
from aftercare.parts.services import add_part, stock_part
from aftercare.people.models import Staff, Unit
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.selectors import actor_for
from aftercare.people.services import add_certificate, add_shift, add_staff, add_unit
from aftercare.policies.services import activate_pack
from aftercare.products.models import Item, Product
from aftercare.products.services import add_product, register_item
from aftercare.workorders.models import WorkOrder

MORNING = datetime(2024, 5, 20, 1, 14, tzinfo=UTC)  # 09:14 in Shanghai, a Monday
PASSWORD = "a-long-test-password"
WANG = ("王小禾", "13812345678", "南屿市澄湖区槐荫街18号302室")
NOISE = "空调开了半天不出冷风，外机一直嗡嗡响，每次开机都这样，重启过"
HERE = (30.240, 120.150)


@dataclass
class Cast:
    """Everybody, and the things they own."""

    at: datetime
    root: Unit
    store: Unit
    other_store: Unit
    staff: dict[str, Staff] = field(default_factory=dict)
    wang: Customer | None = None
    aircon: Product | None = None
    item: Item | None = None

    def actor(self, name: str) -> Actor:
        return actor_for(self.staff[name])

    def request(self, **changes: Any) -> Request:
        """Let agent Li receive Wang's request."""
        values: dict[str, Any] = {
            "kind": "repair", "description": NOISE, "channels": ("phone",), "name": WANG[0], "phone": WANG[1],
            "address": WANG[2], "lat": HERE[0], "lon": HERE[1], "product_model": "KFR-35GW", "category": "aircon",
            "unit_id": self.store.pk,
        } | changes  # fmt: skip
        at = values.pop("at", self.at)
        return receive_request(RequestForm(**values), by=self.actor("li"), at=at)

    def order(self, **changes: Any) -> WorkOrder:
        """Receive a request and let its facts be delivered: the work order is opened and offered."""
        at = changes.get("at", self.at)
        request = self.request(**changes)
        deliver_until_idle(at=at)
        return WorkOrder.objects.get(request=request)


def found(at: datetime = MORNING, pack: str = "appliance", password: str = "", shift_hours: int = 13) -> Cast:
    """Found the company as of `at`, so that everybody is on shift then."""
    root = add_unit(kind="headquarters", name="澄和电器连锁", parent=None, by=MACHINE, at=at)
    activate_pack(pack, by=MACHINE, at=at)
    region = add_unit(kind="region", name="南屿大区", parent=root, by=MACHINE, at=at)
    store = add_unit(kind="store", name="云溪店", parent=region, by=MACHINE, at=at, lat=HERE[0], lon=HERE[1])
    other = add_unit(kind="store", name="北屿店", parent=region, by=MACHINE, at=at, lat=30.298, lon=120.182)
    cast = Cast(at, root, store, other)
    for name, number, full, unit, roles in (
        ("li", "KF2024001", "李晚晴", region, ["agent"]),
        ("tang", "KF2024002", "唐听澜", other, ["agent"]),
        ("pan", "PD2024001", "潘远山", region, ["dispatcher"]),
        ("zheng", "ZG2024001", "郑清和", region, ["supervisor"]),
        ("shen", "FX2024001", "沈念慈", root, ["analyst"]),
        ("boss", "GL2024001", "顾怀瑾", root, ["administrator"]),
        ("dian", "DZ2024001", "丁北辰", store, ["store_manager"]),
        ("zhou", "GY2024001", "周景行", store, ["engineer"]),
        ("chen", "GY2024002", "陈若谷", store, ["engineer"]),
        ("huang", "GY2024003", "黄临风", other, ["engineer"]),
    ):
        home = {"zhou": (30.243, 120.152), "chen": (30.262, 120.160), "huang": (30.298, 120.182)}.get(name)
        cast.staff[name] = add_staff(
            number=number, name=full, unit=unit, roles=roles, by=MACHINE, at=at, home=home, password=password,
            phone="19900001234",
        )  # fmt: skip
    today = at.date()
    for name in ("zhou", "chen"):
        add_certificate(
            cast.staff[name], code="refrigeration", valid_on=today - timedelta(days=400),
            expires_on=today + timedelta(days=300), by=MACHINE, at=at,
        )  # fmt: skip
    add_certificate(
        cast.staff["huang"], code="refrigeration", valid_on=today - timedelta(days=400),
        expires_on=today - timedelta(days=9), by=MACHINE, at=at,
    )  # fmt: skip
    for name in ("zhou", "chen", "huang"):
        for day in range(-1, 5):
            start = at - timedelta(hours=2) + timedelta(days=day)
            add_shift(
                cast.staff[name], starts_at=start, ends_at=start + timedelta(hours=shift_hours), by=MACHINE
            )
    cast.aircon = add_product(model="KFR-35GW", name="挂式空调", brand="禾风", category="aircon", by=MACHINE)
    part = add_part(
        code="cap35",
        name="启动电容",
        model="CBB65 35 µF",
        category="aircon",
        price_fen=20000,
        cost_fen=2100,
        by=MACHINE,
    )
    stock_part(part, unit_id=store.pk, quantity=5, by=MACHINE)
    cast.wang = register_customer(
        name=WANG[0],
        phone=WANG[1],
        unit_id=store.pk,
        by=MACHINE,
        at=at,
        address=WANG[2],
        lat=HERE[0],
        lon=HERE[1],
    )
    cast.item = register_item(
        customer_id=cast.wang.pk, product=cast.aircon, serial="HF35230815001", sold_by_id=store.pk, by=MACHINE, at=at,
        purchased_on=today - timedelta(days=280), voucher="FP202308-001",
    )  # fmt: skip
    return cast
