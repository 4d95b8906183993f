"""Keep an uploaded file between its preview and its import."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import TooLarge
from core.leases import lock
from prompts.models import PromptPool, PromptUpload
from prompts.readers.sniffing import shown_name
from prompts.services.pools import ImportReport, create_pool, import_prompts

KEPT = timedelta(days=1)
TOLD = "prompts-import-{}"
TOLD_SECONDS = 60  # how long it is remembered how far an import is


def keep_upload(
    *, data: bytes, filename: str, pool: PromptPool | None, created_by: User, now: datetime
) -> PromptUpload:
    """Keep a file until it is imported, discarded or a day old. Raises `TooLarge`."""
    if len(data) > settings.UPLOAD_MAX_BYTES:
        raise TooLarge(
            _("The file is larger than %(upload_max_bytes)s bytes.")
            % {"upload_max_bytes": f"{settings.UPLOAD_MAX_BYTES:,}"}
        )
    PromptUpload.objects.filter(created_at__lt=now - KEPT).delete()
    return PromptUpload.objects.create(
        pool=pool, filename=shown_name(filename), data=data, created_by=created_by
    )


def preview_upload(
    *, upload: PromptUpload, columns: Mapping[str, str], refuse_duplicates: bool = False
) -> ImportReport:
    """Return what an import of the file would do. Raises `Invalid` for a file that is unusable."""
    return import_prompts(
        # A pool that is not stored has no draft to compare with.
        pool=upload.pool or PromptPool(),
        data=bytes(upload.data),
        filename=upload.filename,
        columns=columns,
        refuse_duplicates=refuse_duplicates,
        dry_run=True,
    )


@transaction.atomic
def import_upload(
    *,
    upload: PromptUpload,
    pool_name: str = "",
    columns: Mapping[str, str],
    skip_bad_rows: bool = False,
    refuse_duplicates: bool = False,
) -> ImportReport:
    """Import the file into its pool's draft, or a new pool's, and let the file go.

    Raises `Invalid` as `import_prompts` does; the file is then kept. How far it is, `rows_read`
    tells meanwhile: in the cache that processes share, since nobody else sees this transaction.
    """
    upload = lock(PromptUpload.objects.filter(pk=upload.pk)).get()
    name, told = pool_name.strip() or upload.filename, TOLD.format(upload.pk)
    pool = upload.pool or create_pool(slug=free_slug(name), name=name[:200])
    report = import_prompts(
        pool=pool,
        data=bytes(upload.data),
        filename=upload.filename,
        columns=columns,
        skip_bad_rows=skip_bad_rows,
        refuse_duplicates=refuse_duplicates,
        advance=lambda rows: cache.set(told, rows, TOLD_SECONDS),
    )
    cache.delete(told)
    upload.delete()
    return report


def rows_read(*, upload: int) -> int:
    """Return how many rows of a file an import that is under way has read; 0 where none tells."""
    return int(cache.get(TOLD.format(upload), 0))


def discard_upload(*, upload: PromptUpload) -> None:
    upload.delete()


def free_slug(name: str) -> str:
    """Return a slug for a pool of this name that no pool has yet."""
    base = slugify(name.replace(".", "-"))[:70] or "prompts"
    taken = set(PromptPool.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    numbers = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (base, *numbers) if slug not in taken)
