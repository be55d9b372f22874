"""Personal data: unreadable at rest, found by hash, masked, and readable through a rotation of keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from aftercare.customers.models import Customer
from aftercare.privacy import keyring
from aftercare.privacy.rules import masked_address, masked_name, masked_phone, normal_phone
from aftercare.privacy.services import blind_index, decrypt, encrypt, reencrypt_all
from tests.cast import WANG


def test_what_was_encrypted_can_be_read_and_differs_each_time():
    assert decrypt(encrypt("王小禾")) == "王小禾"
    assert encrypt("王小禾") != encrypt("王小禾")


def test_a_changed_byte_is_noticed():
    stored = bytearray(encrypt("13812345678"))
    stored[-1] ^= 1
    with pytest.raises(Exception):  # noqa: B017 - the library's own kind
        decrypt(bytes(stored))


@pytest.mark.parametrize(
    ("mask", "text", "shown"),
    [
        (masked_name, "王小禾", "王*"),
        (masked_name, "", ""),
        (masked_phone, "138 1234 5678", "138****5678"),
        (masked_phone, "+86 13812345678", "138****5678"),
        (masked_address, WANG[2], "南屿市澄湖区槐荫街***"),
        (masked_address, "槐荫街", "槐荫街"),
    ],
)
def test_masks(mask, text, shown):
    assert mask(text) == shown


def test_normal_phone_folds_width_and_country():
    assert normal_phone("＋８６　１３８－１２３４－５６７８") == "13812345678"


def test_indexes_of_different_purposes_differ():
    assert blind_index("5678", purpose="tail") != blind_index("5678", purpose="phone")


@pytest.mark.django_db
def test_the_database_holds_no_clear_contact(cast):
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM customers_customer")
        row = cursor.fetchone()
    stored = [bytes(v) if isinstance(v, memoryview) else str(v).encode() for v in row]
    assert any(len(value) > 40 for value in stored), "there is ciphertext"
    for clear in (*WANG[:2], "18号302"):
        assert not any(clear.encode() in value for value in stored)


@pytest.mark.django_db
def test_rotation_rewrites_everything_and_old_data_stay_readable(cast):
    home = Path(settings.AFTERCARE_HOME)
    before = keyring.keys_file(home).read_text()
    try:
        name = keyring.add_key(home)
        assert Customer.objects.get().phone == WANG[1]
        assert reencrypt_all() > 0
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM customers_customer WHERE substring(phone from 1 for 2) <> %s",
                [name.encode()],
            )
            assert cursor.fetchone()[0] == 0
        assert Customer.objects.get().full_name == WANG[0]
        assert reencrypt_all() == 0
    finally:
        keyring.keys_file(home).write_text(before)
        keyring.load_keys.cache_clear()
