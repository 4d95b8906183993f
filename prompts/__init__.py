"""Prompt pools: what the models are asked."""
