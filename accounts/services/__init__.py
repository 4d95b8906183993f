"""What is done with accounts: users and tokens, invitations, consent, holds."""

from accounts.services.users import (
    IssuedToken,
    avoid_tags,
    create_user,
    find_token,
    first_admin_link,
    issue_sign_in_link,
    issue_token,
    may_manage_credentials,
    redeem_sign_in_link,
    revoke_token,
    revoke_tokens,
    set_active,
    set_languages,
    sign_out_everywhere,
)

__all__ = [
    "IssuedToken",
    "avoid_tags",
    "create_user",
    "find_token",
    "first_admin_link",
    "issue_sign_in_link",
    "issue_token",
    "may_manage_credentials",
    "redeem_sign_in_link",
    "revoke_token",
    "revoke_tokens",
    "set_active",
    "set_languages",
    "sign_out_everywhere",
]
