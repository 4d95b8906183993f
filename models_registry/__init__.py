"""Endpoints, language models, and the completions they produced."""
