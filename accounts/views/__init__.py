"""Pages: sign in, one's own account, consent, invitations."""
