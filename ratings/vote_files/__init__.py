"""Files of pairwise votes, of any common kind and layout, to arrays; nothing is ever guessed."""

from ratings.vote_files.layouts import BOTH_BAD
from ratings.vote_files.tables import Labels, SkippedRow, ascii_safe
from ratings.vote_files.votes import VoteTable, read_votes

__all__ = ["BOTH_BAD", "Labels", "SkippedRow", "VoteTable", "ascii_safe", "read_votes"]
