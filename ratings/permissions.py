"""Who may do what with boards and files; identities stand on boards, so raters see none."""

from accounts.permissions import MayExport, MayRead

__all__ = ["MayExport", "MayRead", "MaySnapshot"]


class MaySnapshot(MayExport):
    """Taking a snapshot freezes a result under a name: it needs what a file needs."""
