from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Preferendum"

    def ready(self) -> None:
        from config import celery  # noqa: F401 - shared tasks bind to this application
