"""Users, roles, tokens and rater profiles."""
