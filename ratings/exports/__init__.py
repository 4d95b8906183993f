"""Rows that leave, and the files they leave in."""
