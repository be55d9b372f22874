"""Ways to reach people: mail, SMS by HTTP gateways, and whatever Apprise knows. Each says yes or raises."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urlsplit

import httpx
from django.conf import settings
from django.core.mail import EmailMessage

TIMEOUT = 10.0


class NotAccepted(Exception):
    """A channel did not take the message; the next one is tried, and later this one again."""


def send_mail(address: str, text: str, *, subject: str = "") -> None:
    """Send by the SMTP server of the settings; the subject is by default the first line."""
    mail = EmailMessage(subject=subject or text.splitlines()[0][:80], body=text, to=[address])
    try:
        mail.send()
    except OSError as error:
        raise NotAccepted(f"smtp: {error}") from error


def send_sms(phone: str, text: str) -> None:
    """Send by the gateway of the settings: `generic` (JSON with a bearer token), `aliyun` or `tencent`."""
    kind, url = settings.SMS_GATEWAY, settings.SMS_URL
    make = {"generic": generic_sms, "aliyun": aliyun_sms, "tencent": tencent_sms}.get(kind)
    if make is None:
        raise NotAccepted(f"sms: unknown gateway {kind!r}; expected generic, aliyun or tencent")
    request = make(url, phone, text, datetime.now(UTC))
    try:
        answer = httpx.Client(timeout=TIMEOUT, trust_env=False).send(request)
    except httpx.HTTPError as error:
        raise NotAccepted(f"sms: {error}") from error
    if answer.status_code >= 300 or not _was_taken(kind, answer):
        raise NotAccepted(f"sms: HTTP {answer.status_code} {answer.text[:80]}")


def send_apprise(text: str) -> None:
    """Send to the addresses of AFTERCARE_APPRISE (WeCom, DingTalk, Feishu and a hundred others)."""
    import apprise

    notifier = apprise.Apprise()
    for url in settings.APPRISE_URLS:
        notifier.add(url)
    if not notifier.notify(title=text.splitlines()[0][:80], body=text):
        raise NotAccepted("apprise: not every address took the message")


def generic_sms(url: str, phone: str, text: str, at: datetime) -> httpx.Request:
    headers = {"Authorization": f"Bearer {settings.SMS_KEY}"} if settings.SMS_KEY else {}
    return httpx.Request("POST", url, json={"phone": phone, "text": text}, headers=headers)


def aliyun_sms(url: str, phone: str, text: str, at: datetime) -> httpx.Request:
    """Alibaba Cloud SendSms (RPC, signature version 1.0, HMAC-SHA1 over the sorted query)."""
    values = {
        "Action": "SendSms", "Version": "2017-05-25", "Format": "JSON", "AccessKeyId": settings.SMS_KEY,
        "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}", "PhoneNumbers": phone, "SignName": settings.SMS_SIGN,
        "TemplateCode": settings.SMS_TEMPLATE, "TemplateParam": json.dumps({"text": text}, ensure_ascii=False),
    }  # fmt: skip
    values["Signature"] = aliyun_signature(values, settings.SMS_SECRET)
    return httpx.Request("GET", f"{url}?{urlencode(values, quote_via=quote)}")


def aliyun_signature(values: dict[str, str], secret: str) -> str:
    query = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in sorted(values.items()))
    signed = f"GET&%2F&{quote(query, safe='~')}"
    return base64.b64encode(hmac.new(f"{secret}&".encode(), signed.encode(), hashlib.sha1).digest()).decode()


def tencent_sms(url: str, phone: str, text: str, at: datetime) -> httpx.Request:
    """Tencent Cloud SendSms (API 3.0, signature TC3-HMAC-SHA256)."""
    body = json.dumps(
        {"PhoneNumberSet": [f"+86{phone}"], "SmsSdkAppId": settings.SMS_APP, "SignName": settings.SMS_SIGN,
         "TemplateId": settings.SMS_TEMPLATE, "TemplateParamSet": [text]}, ensure_ascii=False,
    ).encode()  # fmt: skip
    host = urlsplit(url).netloc
    headers = {
        "Content-Type": "application/json; charset=utf-8", "Host": host, "X-TC-Action": "SendSms",
        "X-TC-Version": "2021-01-11", "X-TC-Region": "ap-guangzhou", "X-TC-Timestamp": str(int(at.timestamp())),
        "Authorization": tencent_signature(body, host, settings.SMS_KEY, settings.SMS_SECRET, at),
    }  # fmt: skip
    return httpx.Request("POST", url, content=body, headers=headers)


def tencent_signature(body: bytes, host: str, key: str, secret: str, at: datetime) -> str:
    day = f"{at:%Y-%m-%d}"
    hashed = hashlib.sha256(body).hexdigest()
    canonical = (
        f"POST\n/\n\ncontent-type:application/json; charset=utf-8\nhost:{host}\n\ncontent-type;host\n{hashed}"
    )
    scope = f"{day}/sms/tc3_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signed = f"TC3-HMAC-SHA256\n{int(at.timestamp())}\n{scope}\n{digest}"
    step = f"TC3{secret}".encode()
    for part in (day, "sms", "tc3_request"):
        step = hmac.new(step, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(step, signed.encode(), hashlib.sha256).hexdigest()
    return f"TC3-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders=content-type;host, Signature={signature}"


def _was_taken(kind: str, answer: httpx.Response) -> bool:
    """Read what the provider says in its body: both answer 200 to what they refuse."""
    if kind == "generic":
        return True
    try:
        said = answer.json()
        if kind == "aliyun":
            return bool(said["Code"] == "OK")
        return all(status["Code"] == "Ok" for status in said["Response"]["SendStatusSet"])
    except (ValueError, KeyError, TypeError):
        return False


CHANNELS: dict[str, Callable[..., None]] = {"sms": send_sms, "mail": send_mail, "apprise": send_apprise}
