from django.apps import AppConfig
from django.utils.translation import get_language, gettext, ngettext

from core.words import translate_by


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        translate_by(gettext, ngettext, get_language)
