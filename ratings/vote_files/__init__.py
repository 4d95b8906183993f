"""Files of pairwise votes, of any common kind and layout, to arrays; nothing is ever guessed."""

from ratings.vote_files.tables import Labels, SkippedRow, ascii_safe
from ratings.vote_files.votes import VoteTable, read_votes
from ratings.vote_files.words import BOTH_BAD

__all__ = ["BOTH_BAD", "Labels", "SkippedRow", "VoteTable", "ascii_safe", "read_votes"]
