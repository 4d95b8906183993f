"""The API of accounts: users and tokens, consent, invitations."""
