"""Ranking a file of votes: the choices, the ranks, and how they are written out."""
