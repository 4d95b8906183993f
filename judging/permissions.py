"""Who may do what in judging: managers write studies, researchers read them, raters judge."""

from accounts.permissions import ManageOrRead, MayJudge, MayManage, MayRead, rater_of

__all__ = ["ManageOrRead", "MayJudge", "MayManage", "MayRead", "rater_of"]
