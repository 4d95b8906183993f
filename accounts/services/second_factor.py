"""Codes of authenticator apps, each taken once."""

from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.db import transaction

from accounts.secrets import decrypt_seed
from core.leases import lock

LAST_COUNTER = "last_counter"


@transaction.atomic
def use_up_code(*, authenticator: Any, code: str) -> bool:
    """Note that a right code was used; False when it, or a later one, was used already.

    The counter that a code stands for is kept beside the seed, and only grows (RFC 6238, 5.2): whoever
    reads a code over somebody's shoulder cannot use it at another process, nor while Redis, in which
    the library remembers codes, is away. Recovery codes are deleted when they are used.
    """
    if authenticator.type != Authenticator.Type.TOTP:
        return True
    row = lock(Authenticator.objects.filter(pk=authenticator.pk)).get()
    seed = decrypt_seed(row.data["secret"])
    found = [
        counter
        for counter in yield_hotp_counters_from_time()
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(seed, counter)))
    ]
    fresh = [counter for counter in found if counter > row.data.get(LAST_COUNTER, 0)]
    if not fresh:
        return False
    row.data[LAST_COUNTER] = fresh[0]
    row.save(update_fields=["data"])
    return True
