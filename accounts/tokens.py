"""Random secrets that are shown once and kept only as their SHA-256 (pure)."""

import hashlib
import secrets

PREFIX = "pfd_"
SECRET_BYTES = 32  # 256 random bits: the plain SHA-256 of it cannot be searched
SHOWN = 12

SCOPES_OF_ROLE = {
    "admin": frozenset({"read", "export", "manage"}),
    "researcher": frozenset({"read", "export"}),
    "rater": frozenset({"judge"}),
}


def new_secret() -> str:
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
