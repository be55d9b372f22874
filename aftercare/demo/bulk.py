"""Stored requests in bulk, by COPY, for measurements: closed and open ones in realistic shares."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection

from aftercare.people.models import Unit
from aftercare.policies.selectors import policy_for
from aftercare.privacy.services import blind_index, encrypt

CHUNK = 20_000
OPEN_SHARE = 0.02


def add_bulk(count: int, *, at: datetime, progress: Callable[[int], None], seed: int = 7) -> None:
    """Add `count` requests with customers, work orders, facts and clocks; 2 % of them open."""
    luck = random.Random(seed)
    stores = list(Unit.objects.filter(kind="store").values_list("id", flat=True))
    policy = policy_for()
    done = 0
    while done < count:
        size = min(CHUNK, count - done)
        _chunk(size, at, luck, stores, policy.id)
        done += size
        progress(done)
    with connection.cursor() as cursor:
        for table in (
            "intake_request",
            "workorders_workorder",
            "customers_customer",
            "ledger_fact",
            "sla_clock",
        ):
            cursor.execute(f"VACUUM ANALYZE {table}")  # as autovacuum would, a little later
        # only the tables whose ids were given: others may be written by workers meanwhile
        for table in ("intake_request", "workorders_workorder", "customers_customer"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"  # noqa: S608
            )
        # the bulk is history: nobody reacts to it
        cursor.execute(
            "UPDATE ledger_position SET transaction = pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1, fact_id = 4611686018427387904"
        )


def _chunk(size: int, at: datetime, luck: random.Random, stores: list[int], policy_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM intake_request")
        first = cursor.fetchone()[0] + 1
        cursor.execute("SELECT coalesce(max(id), 0) FROM customers_customer")
        first_customer = cursor.fetchone()[0] + 1
        cursor.execute("SELECT coalesce(max(id), 0) FROM workorders_workorder")
        first_order = cursor.fetchone()[0] + 1
    offset = first - 1
    customers = max(1, size // 4)
    name, address = encrypt("王测试"), encrypt("南屿市澄湖区槐荫街18号302室")
    masked = ("王*", blind_index("王测试", purpose="name"))
    rows = [(first + i, offset + i, luck.choice(stores), luck.random()) for i in range(size)]
    started = at - timedelta(days=400)
    with connection.cursor() as cursor:
        raw = cursor.connection.cursor()
        with raw.copy(
            "COPY customers_customer (id, full_name, name_masked, name_index, phone, phone_masked, phone_index, phone_tail_index, "
            "email, address, address_masked, preference, language, unit_id) FROM STDIN"
        ) as copy:
            for i in range(customers):
                phone = f"198{(offset // 4 + i) % 10**8:08d}"
                copy.write_row((
                    first_customer + i, name, masked[0], masked[1], encrypt(phone), f"{phone[:3]}****{phone[-4:]}",
                    blind_index(phone, purpose="phone"), blind_index(phone[-4:], purpose="tail"), b"", address,
                    "南屿市澄湖区槐荫街***", "", "zh-hans", rows[i][2],
                ))  # fmt: skip
        with raw.copy(
            "COPY intake_request (id, state_since, revision, number, received_at, channels, customer_id, product_model, serial, category, "
            "purchased_on, kind, description, urgency, urgency_reason, emotion, emotion_reason, reading, address, address_masked, remark, unit_id, "
            '"group", state, planned_at, closed_at, external_ref, policy_id, is_history, apart_from) FROM STDIN'
        ) as copy:
            for pk, n, unit, chance in rows:
                received = started + timedelta(seconds=n * 30)
                closed = None if chance < OPEN_SHARE else received + timedelta(hours=20)
                copy.write_row((
                    pk, received, 1, f"B{received:%Y%m%d}-{n:07d}", received, ["phone"], first_customer + (pk - first) % customers,
                    "KFR-35GW", f"BK{n:010d}", "aircon", received.date() - timedelta(days=300), "repair",
                    "空调开了半天不出冷风，外机一直嗡嗡响", "urgent", "{}", "calm", "{}", "{}", b"", "", "", unit, "cooling",
                    "closed" if closed else "open", received + timedelta(minutes=9), closed, "", policy_id, False, [],
                ))  # fmt: skip
        with raw.copy(
            "COPY workorders_workorder (id, state_since, revision, number, request_id, unit_id, service_type, kind, category, urgency, state, "
            "opened_at, completed_at, waiting_for, people, is_repeat, visits, parts_fen, parts_cost_fen, fee_fen, outcome, policy_id) FROM STDIN"
        ) as copy:
            before: set[int] = set()  # customers with an order done: the next one is a repeat
            for pk, n, unit, chance in rows:
                customer = (pk - first) % customers
                received = started + timedelta(seconds=n * 30)
                done = None if chance < OPEN_SHARE else received + timedelta(hours=19)
                copy.write_row((
                    first_order + (pk - first), received, 1, f"BW{received:%Y%m%d}-{n:07d}", pk, unit, "visit", "repair", "aircon", "urgent",
                    "completed" if done else "pending", received, done, "", 1, bool(done) and customer in before,
                    1 if done else 0, 0, 0, 0, "", policy_id,
                ))  # fmt: skip
                if done:
                    before.add(customer)
        with raw.copy(
            "COPY ledger_fact (name, subject_kind, subject_id, case_id, order_id, unit_id, actor_kind, actor_id, actor_name, at, because, "
            '"values", policy_id) FROM STDIN'
        ) as copy:
            for pk, n, unit, _chance in rows:
                received = started + timedelta(seconds=n * 30)
                for name_, kind, subject, order in (
                    ("request.received", "request", pk, None),
                    (
                        "work_order.opened",
                        "work_order",
                        first_order + (pk - first),
                        first_order + (pk - first),
                    ),
                ):
                    copy.write_row(
                        (
                            name_,
                            kind,
                            subject,
                            pk,
                            order,
                            unit,
                            "machine",
                            None,
                            "系统",
                            received,
                            "",
                            json.dumps({"bulk": True}),
                            policy_id,
                        )
                    )
        with raw.copy(
            "COPY sla_clock (code, key, case_id, order_id, unit_id, policy_id, rule, title_zh, title_en, step_zh, step_en, urgency, role, state, "
            "target_seconds, kind, category, first_urgency, calendar, events, started_at, due_at, steps_at, step_keys, noticed) FROM STDIN"
        ) as copy:
            for pk, _n, unit, chance in rows:
                if chance >= OPEN_SHARE:
                    continue
                begun = at + timedelta(seconds=luck.uniform(-7200, 86400))
                copy.write_row((
                    "closure", f"request:{pk}", pk, None, unit, policy_id, "clocks.closure.by_urgency.urgent", "解决", "Solution", "完成服务",
                    "Finish the service", "urgent", "", "running", 86400, "repair", "aircon", "urgent", "always",
                    json.dumps([[begun.isoformat(), 0, "start", "request.received", ""]]), begun, begun + timedelta(hours=24),
                    [], [], ["50", "80", "100"],
                ))  # fmt: skip
