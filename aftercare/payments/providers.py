"""Providers of payments: where the customer goes to pay, and what a provider tells afterwards, signed.

Both speak one protocol, signed as Standard Webhooks (https://www.standardwebhooks.com). A trade is `number`, `amount_fen`,
`currency` (CNY), `subject`, `returns_to` and `tells`; what is told is `number`, `amount_fen`, `state` (paid, failed, open)
and `reference`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote
from uuid import uuid4

import httpx
from django.conf import settings
from django.core import signing
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

TIMEOUT = 10.0
STATES = ("paid", "failed", "open")
_SALT = "aftercare.payments.sandbox"


class NotReached(Exception):
    """The provider did not answer, or not as agreed; whoever pays is told to try again or to pay at the door."""


class NotGenuine(Exception):
    """What was told was not signed by the provider, is too old, or can't be read."""


@dataclass(frozen=True)
class Trade:
    """One attempt to pay, as the provider is told of it."""

    number: str
    amount_fen: int
    subject: str
    returns_to: str
    tells: str
    currency: str = "CNY"


@dataclass(frozen=True)
class Told:
    """What the provider says about a trade."""

    number: str
    amount_fen: int
    state: str
    reference: str


class Provider(Protocol):
    """A way to pay online."""

    code: str

    def begin(self, trade: Trade) -> str:
        """Give the address to which the customer goes to pay; raises `NotReached`."""

    def ask(self, number: str) -> Told | None:
        """Give what became of a trade, None when the provider does not know it; raises `NotReached`."""


class Sandbox:
    """A page of our own where paying moves no money: for demonstrations and trials."""

    code = "sandbox"

    def begin(self, trade: Trade) -> str:
        return f"{settings.PUBLIC_URL}/sandbox/{signing.dumps(asdict(trade), salt=_SALT)}"

    def ask(self, number: str) -> Told | None:
        return None


class Gateway:
    """The company's own payment gateway, in front of WeChat Pay, Alipay or a bank."""

    code = "gateway"

    def begin(self, trade: Trade) -> str:
        answer = self._send("POST", "/trades", json.dumps(asdict(trade), ensure_ascii=False))
        address = str(answer.get("address", ""))
        if not address.startswith(("https://", "http://127.0.0.1")):
            raise NotReached("the gateway gave no https address to pay at")
        return address

    def ask(self, number: str) -> Told | None:
        answer = self._send("GET", f"/trades/{quote(number)}")
        return _told(answer) if answer else None

    def _send(self, method: str, path: str, body: str = "") -> dict[str, Any]:
        headers = signed_headers(body, at=datetime.now(UTC))
        try:
            with httpx.Client(timeout=TIMEOUT, trust_env=False) as client:
                answer = client.request(
                    method, settings.PAYMENTS.rstrip("/") + path, content=body.encode(), headers=headers
                )
                if answer.status_code == 404 and method == "GET":
                    return {}
                answer.raise_for_status()
                found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise NotReached(str(error)) from error
        if not isinstance(found, dict):
            raise NotReached("the gateway did not answer with an object")
        return found


def provider() -> Provider | None:
    """Give the provider of the settings; None when nobody pays online."""
    if not settings.PAYMENTS:
        return None
    return Sandbox() if settings.PAYMENTS == "sandbox" else Gateway()


def sandbox_trade(token: str) -> Trade | None:
    """Read the address of a sandbox page; None when it was not made here, is a day old, or there is no sandbox."""
    if settings.PAYMENTS != "sandbox":
        return None
    try:
        return Trade(**signing.loads(token, salt=_SALT, max_age=86400))
    except signing.BadSignature:
        return None


def signed_headers(body: str, *, at: datetime) -> dict[str, str]:
    """Sign a body with the secret that we and the provider share."""
    name = f"msg_{uuid4().hex}"
    return {
        "content-type": "application/json", "webhook-id": name, "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(_secret()).sign(name, at, body),
    }  # fmt: skip


def read_told(headers: Mapping[str, str], body: bytes) -> Told:
    """Verify and read what a provider tells; raises `NotGenuine`."""
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        Webhook(_secret()).verify(body, lower)
        return _told(json.loads(body))
    except (WebhookVerificationError, ValueError, NotReached) as error:
        raise NotGenuine(str(error)) from error


def _told(values: Any) -> Told:
    try:
        told = Told(str(values["number"])[:32], int(values["amount_fen"]), str(values["state"]), str(values.get("reference", ""))[:64])  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotReached(f"what was told can't be read: {error}") from error
    if told.state not in STATES or not 0 <= told.amount_fen < 2**31:
        raise NotReached("what was told is no state and amount")
    return told


def _secret() -> str:
    if settings.PAYMENT_SECRET:
        return str(settings.PAYMENT_SECRET)
    digest = hashlib.sha256(f"{_SALT}:{settings.SECRET_KEY}".encode()).digest()
    return f"whsec_{base64.b64encode(digest).decode()}"
