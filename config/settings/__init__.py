"""Settings: `base` works with no environment at all; `production` only asserts; `test` is fast."""

from config.env import env_bool

if env_bool("PREFERENDUM_PRODUCTION"):
    from config.settings.production import *  # noqa: F403 - settings modules are star-imported
else:
    from config.settings.base import *  # noqa: F403 - settings modules are star-imported
