"""What an installation keeps beside its database, readable by nobody else."""

import os
import secrets
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

SECRET_BYTES = 48


def make_private(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for this user only.

    One that was there and is this user's own is closed to others too; those above it, and those of
    somebody else, stay as they are.
    """
    try:
        _make(folder)
        _close(folder)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{folder} cannot be made ({error.strerror}); name a folder that can be written to "
            "with PREFERENDUM_DATA_DIR."
        ) from error


def kept_secret(path: Path) -> str:
    """Return the secret in this file, made once; of two processes that make it, one wins."""
    if not path.exists():
        make_private(path.parent)
        _write_once(path)
    return path.read_text(encoding="utf-8").strip()


def _make(folder: Path) -> None:
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _close(folder: Path) -> None:
    found = folder.stat()
    if hasattr(os, "getuid") and found.st_uid == os.getuid() and found.st_mode & 0o077:
        folder.chmod(0o700)


def _write_once(path: Path) -> None:
    try:
        # The name appears with the content in it: another process never reads half of it.
        handle, written = tempfile.mkstemp(dir=path.parent)  # for this user only
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(SECRET_BYTES))
        try:
            os.link(written, path)
        except FileExistsError:
            pass
        finally:
            Path(written).unlink()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path} cannot be written ({error.strerror}); name a folder that can be written to "
            "with PREFERENDUM_DATA_DIR."
        ) from error
