"""Endpoint keys at rest: encrypted, and readable only together with the origin they belong to."""

import base64
import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"preferendum endpoint keys"


class KeyUnreadable(Exception):
    """The stored key was made with another secret, or for another origin; set it again."""


def encrypt_key(key: str, *, origin: str) -> bytes:
    """Return the key, encrypted together with the origin it may be sent to."""
    return _fernet().encrypt(json.dumps({"origin": origin, "key": key}).encode())


def decrypt_key(stored: bytes, *, origin: str) -> str:
    """Return the key that was stored for exactly this origin.

    Raises `KeyUnreadable` for any other origin, and when no configured secret fits.
    """
    try:
        opened = json.loads(_fernet().decrypt(bytes(stored)))
    except InvalidToken as error:
        raise KeyUnreadable("No configured secret opens the stored key.") from error
    if opened["origin"] != origin:
        raise KeyUnreadable("The stored key belongs to another origin.")
    return str(opened["key"])


def _fernet() -> MultiFernet:
    """Encrypts with the first secret, decrypts with any: rotate by putting a new one in front."""
    return MultiFernet([Fernet(_derive(one)) for one in settings.ENDPOINT_KEY_SECRETS if one])


def _derive(secret: str) -> bytes:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=PURPOSE)
    return base64.urlsafe_b64encode(derived.derive(secret.encode()))
