"""AES-256-GCM for what is stored, HMAC-SHA256 for what must be found."""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .keyring import load_keys


def encrypt(text: str) -> bytes:
    """Encrypt text with the current key: `key id · 0 · nonce(12) · ciphertext and tag`."""
    ring = load_keys()
    nonce = os.urandom(12)
    sealed = AESGCM(ring.keys[ring.current]).encrypt(nonce, text.encode(), ring.current.encode())
    return ring.current.encode() + b"\0" + nonce + sealed


def decrypt(stored: bytes) -> str:
    """Decrypt what `encrypt` wrote, with whichever key of the ring wrote it."""
    name, _, rest = bytes(stored).partition(b"\0")
    key = load_keys().keys.get(name.decode())
    if key is None:
        raise ValueError(
            f"personal data was written with key {name.decode()!r}, which the key ring does not hold"
        )
    return AESGCM(key).decrypt(rest[:12], rest[12:], name).decode()


def blind_index(value: str, *, purpose: str) -> bytes:
    """Compute the keyed hash that finds a normalised value; hashes of different purposes can't be compared."""
    if not value:
        return b""
    return hmac.new(load_keys().index_key, f"{purpose}\0{value}".encode(), hashlib.sha256).digest()[:16]
