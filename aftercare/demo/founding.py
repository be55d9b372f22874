"""Found the made-up company: units, staff, shifts, models, parts, customers and what they own."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import transaction

from aftercare.customers.models import Customer
from aftercare.customers.services import register_customer
from aftercare.intake.services import add_report_point
from aftercare.parts.services import add_part, stock_part
from aftercare.people.models import Staff, Unit
from aftercare.people.rules import MACHINE
from aftercare.people.services import (
    add_certificate,
    add_leave,
    add_shift,
    add_staff,
    add_unit,
    set_provider_terms,
    set_senior,
)
from aftercare.policies.services import activate_pack
from aftercare.products.models import Item, Product
from aftercare.products.services import add_product, register_item

from .articles import write_articles
from .people import CITY, DISTRICTS, GIVEN, ROLE_ACCOUNTS, STREETS, SURNAMES
from .stories import COMPANIES, Company

PASSWORD = "demo-aftercare-2026"
OF_HEADQUARTERS = {"headquarters", "legal", "purchasing", "quality"}
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class Founded:
    """The company as the day needs it."""

    company: Company
    root: Unit
    stores: list[Unit]
    agents: list[Staff] = field(default_factory=list)
    supervisor: Staff | None = None
    dispatcher: Staff | None = None
    managers: list[Staff] = field(default_factory=list)
    engineers: dict[int, Staff] = field(default_factory=dict)
    owners: list[tuple[Customer, list[Item]]] = field(default_factory=list)
    products: dict[str, list[Product]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)


def found_company(pack: str, *, at: datetime, luck: random.Random, customers: int = 260) -> Founded:
    """Make the company of a pack on an empty database; everything through the services."""
    company = COMPANIES[pack]
    with transaction.atomic():
        root = add_unit(
            kind="headquarters", name=company.name, parent=None, by=MACHINE, at=at, phone="4000000000"
        )
        activate_pack(pack, overlays=["emergency"], by=MACHINE, at=at)
        region = add_unit(kind="region", name="南屿大区", parent=root, by=MACHINE, at=at)
        stores = [
            add_unit(kind="store", name=name, parent=region, by=MACHINE, at=at, lat=DISTRICTS[where][0],
                     lon=DISTRICTS[where][1])
            for name, where in company.stores
        ]  # fmt: skip
        provider = add_unit(
            kind="provider", name="顺合安装服务", parent=region, by=MACHINE, at=at, lat=30.260, lon=120.140
        )
        set_provider_terms(provider, areas=[region.pk], visit_fen=8000, daily_quota=6, by=MACHINE, at=at)
        founded = Founded(company, root, stores)
        _hire(founded, region, provider, at=at, luck=luck)
        _stock(founded)
        _know_customers(founded, customers, at=at, luck=luck)
        for number, store in enumerate(stores, start=1):
            add_report_point(unit_id=store.pk, by=MACHINE, code=f"demo{number}-{luck.getrandbits(40):x}")
        write_articles(pack, at=at)
    return founded


def person_name(luck: random.Random, founded: Founded) -> str:
    name = luck.choice(SURNAMES) + luck.choice(GIVEN)
    founded.names.append(name)
    return name


def _hire(founded: Founded, region: Unit, provider: Unit, *, at: datetime, luck: random.Random) -> None:
    hashed = make_password(PASSWORD)
    for number, roles, _title in ROLE_ACCOUNTS:
        staff = _add(
            founded, number, founded.root if set(roles) & OF_HEADQUARTERS else region, roles, hashed, at, luck
        )
        if roles == ["agent"]:
            founded.agents.append(staff)
        elif roles == ["supervisor"]:
            founded.supervisor = staff
        elif roles == ["dispatcher"]:
            founded.dispatcher = staff
    _add(founded, "QY2024001", region, ["regional"], hashed, at, luck)
    for n, store in enumerate(founded.stores, start=1):
        founded.managers.append(_add(founded, f"DZ{2024000 + n}", store, ["store_manager"], hashed, at, luck))
    for n in range(1, founded.company.engineers + 1):
        store = founded.stores[n % len(founded.stores)]
        engineer = _add(founded, f"GY{2024000 + n}", store, ["engineer"], hashed, at, luck, at_home=True)
        founded.engineers[engineer.pk] = engineer
        if n % 5 == 1:
            set_senior(engineer, True, by=MACHINE, at=at)
        _qualify(engineer, founded.company.certificates, n, at=at, luck=luck)
    for n in range(1, 4):
        technician = _add(founded, f"WB{2024000 + n}", provider, ["provider"], hashed, at, luck, at_home=True)
        _qualify(technician, founded.company.certificates, 0, at=at, luck=luck)


def _add(
    founded: Founded, number: str, unit: Unit, roles: list[str], hashed: str, at: datetime, luck: random.Random,
    *, at_home: bool = False,
) -> Staff:  # fmt: skip
    phone = f"1990000{luck.randrange(10000):04d}"
    founded.phones.append(phone)
    home = None
    if at_home and unit.lat is not None and unit.lon is not None:
        home = (unit.lat + luck.uniform(-0.03, 0.03), unit.lon + luck.uniform(-0.03, 0.03))
    return add_staff(
        number=number, name=person_name(luck, founded), unit=unit, roles=roles, by=MACHINE, at=at,
        hashed_password=hashed, phone=phone, home=home,
    )  # fmt: skip


def _qualify(
    staff: Staff, certificates: tuple[str, ...], n: int, *, at: datetime, luck: random.Random
) -> None:
    today = at.astimezone(ZONE).date()
    for index, code in enumerate(certificates):
        if n and luck.random() < 0.12:
            continue
        expired = n % 16 == 7 and index == 0
        expires = today - timedelta(days=9) if expired else today + timedelta(days=luck.randrange(40, 700))
        add_certificate(
            staff, code=code, valid_on=today - timedelta(days=800), expires_on=expires, by=MACHINE, at=at
        )
    for day in range(-2, 4):
        start = datetime.combine(today + timedelta(days=day), datetime.min.time(), ZONE)
        early = n % 3 != 2
        opens, closes = (7, 19) if early else (10, 22)
        add_shift(
            staff,
            starts_at=start + timedelta(hours=opens),
            ends_at=start + timedelta(hours=closes),
            by=MACHINE,
        )
    if n % 21 == 5:
        start = datetime.combine(today, datetime.min.time(), ZONE)
        add_leave(
            staff, starts_at=start, ends_at=start + timedelta(hours=16), by=MACHINE, at=at, reason="调休"
        )


def _stock(founded: Founded) -> None:
    for model, name, brand, category in founded.company.models:
        product = add_product(model=model, name=name, brand=brand, category=category, by=MACHINE)
        founded.products.setdefault(category, []).append(product)
    for code, name, model, category, cover, price, cost in founded.company.parts:
        part = add_part(
            code=code,
            name=name,
            model=model,
            category=category,
            price_fen=price,
            cost_fen=cost,
            cover=cover,
            by=MACHINE,
        )
        for store in founded.stores:
            stock_part(part, unit_id=store.pk, quantity=50, by=MACHINE)


def _know_customers(founded: Founded, count: int, *, at: datetime, luck: random.Random) -> None:
    every = [product for products in founded.products.values() for product in products]
    today = at.astimezone(ZONE).date()
    for n in range(count):
        store = luck.choice(founded.stores)
        where = next(place for name, place in founded.company.stores if name == store.name)
        lat, lon = DISTRICTS[where]
        phone = f"199{luck.randrange(1, 10000):04d}{n:04d}"
        founded.phones.append(phone)
        customer = register_customer(
            name=person_name(luck, founded), phone=phone, unit_id=store.pk, by=MACHINE, at=at,
            address=f"{CITY}{where}{luck.choice(STREETS[where])}{luck.randrange(1, 180)}号{luck.randrange(101, 1802)}室",
            lat=lat + luck.uniform(-0.025, 0.025), lon=lon + luck.uniform(-0.025, 0.025),
        )  # fmt: skip
        pieces = [
            _piece(customer, luck.choice(every), store, today, n, luck, at)
            for _ in range(luck.choice((1, 1, 2)))
        ]
        founded.owners.append((customer, pieces))


def _piece(
    customer: Customer, product: Product, store: Unit, today: date, n: int, luck: random.Random, at: datetime
) -> Item:
    bought = today - timedelta(days=luck.choice((40, 120, 200, 300, 420, 600, 900, 1300)))
    return register_item(
        customer_id=customer.pk, product=product, serial=f"HF{bought:%y%m%d}{n:04d}{luck.randrange(100):02d}",
        purchased_on=bought, sold_by_id=store.pk, voucher=f"FP{bought:%Y%m}{n:05d}", by=MACHINE, at=at,
    )  # fmt: skip
