"""WSGI entry point."""

import os
import warnings

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.bodies import reading_bodies_out
from config.parents import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if settings.WHITENOISE_USE_FINDERS:  # which needs no folder of collected files
    warnings.filterwarnings("ignore", message="No directory at")
application = reading_bodies_out(get_wsgi_application(), most=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)

from config import embedded  # noqa: E402 - needs the application registry

embedded.start_if_configured()
end_with_parent()
