"""A broker that stands still: requests give up on it, workers wait. The faults' rounds see the rest."""

from config.celery import wait_for_the_broker


class Conf:
    def __init__(self, options):
        self.broker_transport_options = options


def test_only_a_worker_waits_however_long():
    options = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0, "visibility_timeout": 900}
    conf = Conf(options)
    wait_for_the_broker(conf=conf)
    assert conf.broker_transport_options == {
        "socket_connect_timeout": 1.0,
        "visibility_timeout": 900,
    }
