"""A mail server and an SMS gateway that listen on this machine and keep what they were given."""

from __future__ import annotations

import pytest
from aiosmtpd.controller import Controller

from tests.live import free_port
from tests.stand_in import stand_in


class Inbox:
    def __init__(self):
        self.got = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the library's name
        self.got.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"


@pytest.fixture
def smtp(settings):
    inbox = Inbox()
    server = Controller(inbox, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield inbox
    server.stop()


@pytest.fixture
def gateway(settings):
    with stand_in() as (url, seen, answers):
        settings.SMS_URL, settings.SMS_KEY, settings.SMS_SECRET = f"{url}/sms", "key", "secret"
        settings.SMS_SIGN, settings.SMS_TEMPLATE, settings.SMS_APP = "售后", "SMS_1", "14000"
        yield seen, answers
