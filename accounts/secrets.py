"""Second-factor seeds at rest: encrypted, so that a copied database signs nobody in."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"preferendum second factors"


class SeedUnreadable(Exception):
    """The stored seed was made with another secret."""


def encrypt_seed(seed: str) -> str:
    return _fernet().encrypt(seed.encode()).decode()


def decrypt_seed(stored: str) -> str:
    """Return the seed. Raises `SeedUnreadable` when no configured secret opens it."""
    try:
        return _fernet().decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise SeedUnreadable("No configured secret opens the stored seed.") from error


def _fernet() -> MultiFernet:
    """Encrypts with the first secret, decrypts with any: rotate by putting a new one in front."""
    return MultiFernet([Fernet(_derive(one)) for one in settings.ENDPOINT_KEY_SECRETS if one])


def _derive(secret: str) -> bytes:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=PURPOSE)
    return base64.urlsafe_b64encode(derived.derive(secret.encode()))
