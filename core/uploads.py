"""Uploads past the limit are not stored, not even for the moment until a view refuses them."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

# A form's own lines and fields, beside the file in it.
FORM_BYTES = 64 * 1024


class LimitedUploads(FileUploadHandler):
    """Skips the files of a request that is larger than an upload may be."""

    def handle_raw_input(
        self, input_data: Any, meta: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        self.too_large = content_length > settings.UPLOAD_MAX_BYTES + FORM_BYTES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.too_large:
            raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
