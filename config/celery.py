"""The Celery application and its beat schedule; tasks carry ids only."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("preferendum")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "dispatch due completions": {"task": "models_registry.tasks.dispatch_due", "schedule": 30.0},
    "ask canary questions": {"task": "models_registry.tasks.ask_canaries", "schedule": 600.0},
    "tend boards and files": {"task": "ratings.tasks.tend_work", "schedule": 30.0},
    "expire leases": {"task": "judging.tasks.expire_leases", "schedule": 30.0},
    "ask more where raters disagree": {"task": "judging.tasks.add_extra_places", "schedule": 60.0},
    "weigh pairs": {"task": "ratings.tasks.push_pair_weights", "schedule": 600.0},
    "seal judgments": {"task": "judging.tasks.seal_judgments", "schedule": 300.0},
}


@celeryd_init.connect
def wait_for_the_broker(conf: Any, **_kwargs: Any) -> None:
    """Let a worker wait for a broker that stands still, however long.

    Celery forgets a message whose acknowledgement timed out, and takes no further one after it.
    """
    conf.broker_transport_options = {
        name: value
        for name, value in conf.broker_transport_options.items()
        if name != "socket_timeout"
    }
