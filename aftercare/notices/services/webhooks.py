"""Signed outgoing webhooks: addresses checked after name resolution, redirects not followed, answers not kept."""

from __future__ import annotations

import base64
import json
import secrets
import socket
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app
from standardwebhooks.webhooks import Webhook

from aftercare.ledger.models import Fact
from aftercare.ledger.services import record
from aftercare.people.models import Unit
from aftercare.people.rules import Actor
from aftercare.people.selectors import units_below
from aftercare.people.services import require
from aftercare.refusals import Invalid

from ..models import Delivery, Endpoint
from ..rules import is_public, wants

TIMEOUT = 10.0


class DeliveryFailed(Exception):
    """The endpoint did not answer 2xx; the queue tries again."""


def add_endpoint(
    *, url: str, events: Iterable[str], unit: Unit, by: Actor, at: datetime
) -> tuple[Endpoint, str]:
    """Subscribe an address to facts; give it and its signing secret (`whsec_…`), which can't be shown again."""
    require(by, "manage_webhooks")
    wanted = [event.strip() for event in events if event.strip()]
    if not wanted:
        raise Invalid(
            _("no event was chosen"), where="events", expected="work_order.completed, work_order.*, *"
        )
    _addresses(url)
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"
    endpoint = Endpoint.objects.create(url=url, secret=secret, events=wanted, unit=unit)
    record(
        "endpoint.added", endpoint, by=by, at=at, values={"events": wanted, "host": urlsplit(url).hostname}
    )
    return endpoint, secret


def switch_off_endpoint(endpoint_id: int, *, by: Actor, at: datetime) -> None:
    """Stop sending to an address."""
    require(by, "manage_webhooks")
    endpoint = Endpoint.objects.get(pk=endpoint_id)
    Endpoint.objects.filter(pk=endpoint_id).update(active=False)
    record("endpoint.switched_off", endpoint, by=by, at=at)


def queue_deliveries(facts: list[Fact]) -> list[int]:
    """Make a delivery for every live endpoint and fact it wants, within its unit; give their ids."""
    made = []
    for endpoint in Endpoint.objects.filter(active=True).select_related("unit"):
        reach = None if endpoint.unit.parent_id is None else units_below(endpoint.unit)
        for fact in facts:
            if wants(endpoint.events, fact.name) and (reach is None or fact.unit_id in reach):
                delivery, new = Delivery.objects.get_or_create(endpoint=endpoint, fact=fact)
                made += [delivery.pk] if new else []
    return made


def attempt_delivery(delivery_id: int) -> None:
    """Try one delivery; raises `DeliveryFailed` when it must be tried again."""
    delivery = Delivery.objects.select_related("endpoint", "fact").get(pk=delivery_id)
    if delivery.state == "delivered" or not delivery.endpoint.active:
        return
    now = datetime.now(UTC)
    status, error = _post(delivery, now)
    good = status is not None and 200 <= status < 300
    Delivery.objects.filter(pk=delivery_id).update(
        attempts=delivery.attempts + 1, status=status, error=error[:200], last_try_at=now,
        state="delivered" if good else "failed",
    )  # fmt: skip
    if not good:
        raise DeliveryFailed(error or f"HTTP {status}")


def resend_delivery(delivery_id: int, *, by: Actor) -> None:
    """Queue a delivery again by hand."""
    require(by, "manage_webhooks")
    Delivery.objects.filter(pk=delivery_id).update(state="waiting")
    app.configure_task("aftercare.notices.tasks.deliver_webhook").defer(delivery_id=delivery_id)


def webhook_body(fact: Fact) -> bytes:
    """Write what an endpoint gets: the fact, without personal data (facts never hold any)."""
    return json.dumps(
        {
            "type": fact.name, "timestamp": fact.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "data": {"id": fact.pk, "subject": {"kind": fact.subject_kind, "id": fact.subject_id}, **fact.values},
        },
        ensure_ascii=False,
    ).encode()  # fmt: skip


def _post(delivery: Delivery, now: datetime) -> tuple[int | None, str]:
    body = webhook_body(delivery.fact)
    message_id = f"msg_{delivery.fact_id}_{delivery.endpoint_id}"
    signed = Webhook(delivery.endpoint.secret).sign(message_id, now, body.decode())
    headers = {
        "content-type": "application/json", "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signed,
    }  # fmt: skip
    try:
        host, address, url = _pinned(delivery.endpoint.url)
        headers["host"] = host
        with httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client:
            answer = client.send(
                client.build_request(
                    "POST", url, content=body, headers=headers, extensions={"sni_hostname": address}
                ),
                stream=True,
            )
            answer.close()
        return answer.status_code, ""
    except Invalid as refusal:
        return None, refusal.what
    except httpx.HTTPError as error:
        return None, type(error).__name__


def _pinned(url: str) -> tuple[str, str, str]:
    """Give Host header, server name and the URL with the checked address in place of the name."""
    parts = urlsplit(url)
    address = _addresses(url)[0]
    literal = f"[{address}]" if ":" in address else address
    netloc = f"{literal}:{parts.port}" if parts.port else literal
    return parts.netloc, parts.hostname or "", parts._replace(netloc=netloc).geturl()


def _addresses(url: str) -> list[str]:
    parts = urlsplit(url)
    schemes = ("https", "http") if settings.WEBHOOKS_MAY_BE_LOCAL else ("https",)
    if parts.scheme not in schemes or not parts.hostname or parts.username:
        raise Invalid(_("this address can't be used"), where="url", expected="https://…")
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Invalid(_("this name can't be resolved"), where="url", expected=_("a public host")) from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not settings.WEBHOOKS_MAY_BE_LOCAL and not is_public(addresses):
        raise Invalid(_("this address is not public"), where="url", expected=_("a public host"))
    return addresses
