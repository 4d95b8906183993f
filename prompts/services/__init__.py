"""What can be done with prompt pools, and with the files on their way into them."""

from prompts.services.pools import (
    ImportReport,
    Notice,
    attach_reference_answers,
    create_pool,
    delete_draft,
    digest_of,
    import_prompts,
    parse_columns,
    publish_version,
)
from prompts.services.uploads import (
    discard_upload,
    free_slug,
    import_upload,
    keep_upload,
    preview_upload,
    rows_read,
)

__all__ = [
    "ImportReport",
    "Notice",
    "attach_reference_answers",
    "create_pool",
    "delete_draft",
    "digest_of",
    "discard_upload",
    "free_slug",
    "import_prompts",
    "import_upload",
    "keep_upload",
    "parse_columns",
    "preview_upload",
    "publish_version",
    "rows_read",
]
