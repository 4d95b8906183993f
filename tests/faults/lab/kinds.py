"""Every kind of fault that needs processes to be killed, and the control that must be found out."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from models_registry import tasks
from models_registry.models import Completion, ModelEndpoint
from models_registry.services import endpoints
from tests.fake_provider import Reply, answer
from tests.faults.checker import ENDED
from tests.faults.lab.patches import DNS_IS_DOWN, LONG_LEASE_SECONDS, POISON, PROVIDER_HOST
from tests.faults.lab.rounds import CALLS_PER_TASK, Round
from tests.faults.wrong_replies import WRONG

JOBS = 60


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault; its control with how long to wait for what it will never do; and how to hurry."""

    inject: Callable[[Round], None]
    control: str
    control_patience: float = 60.0
    patches: tuple[str, ...] = ()


KINDS: dict[str, Kind] = {}


def kind(**options) -> Callable[[Callable[[Round], None]], Callable[[Round], None]]:
    def add(inject: Callable[[Round], None]) -> Callable[[Round], None]:
        KINDS[inject.__name__] = Kind(inject, **options)
        return inject

    return add


# ---- workers -----------------------------------------------------------------------------------------


@kind(control="leases_never_end", control_patience=5)
def child_killed(a: Round) -> None:
    """A process of a worker's pool is killed in the middle of its calls, and again."""
    a.add_run(JOBS)
    victim = a.worker("victim", beat=False)
    for _ in range(2):
        a.wait_until_under_way()
        victim.kill_child()
        a.note_kill()
    a.worker("other")


@kind(control="leases_end_at_once")
def worker_killed(a: Round) -> None:
    """A whole worker is killed beside another one, and a new one takes its place."""
    a.add_run(2 * JOBS)
    victim = a.worker("victim")
    a.worker("other")
    for _ in range(2):
        tasks.drain_endpoint.delay(ModelEndpoint.objects.get().pk)
    a.wait_until_under_way()
    victim.kill()
    a.note_kill()
    a.worker("next")


@kind(control="no_cap", control_patience=0, patches=("poison", "short_lease", "three_attempts"))
def poison_job(a: Round) -> None:
    """An answer kills whoever receives it; everything else has to be answered all the same."""
    deadly, deaths = f"fake question {a.rng.randrange(JOBS)}", 3

    def script(call):
        if call.last == deadly:
            call.answered = True
            return Reply(answer(POISON))
        return a.echo(call)

    a.provider.script = script
    a.add_run(JOBS)
    a.worker("first")

    unended = Completion.objects.filter(state__in=["pending", "leased"])
    a.wait(lambda: not unended.exists(), "the poison is given up", 7 if a.control else 60)
    a.note_abandoned()
    a.faults += deaths
    failed = Completion.objects.filter(state="failed")
    given_up = [row.prompt.messages[0]["content"] for row in failed.select_related("prompt")]
    if given_up != [deadly]:
        a.found.append(f"only {deadly!r} is poison; given up are {given_up}")
    if (times := a.provider.asked()[deadly]) > deaths:
        a.found.append(f"the poison was taken {times} times")


@kind(control="leases_end_at_once", patches=("short_visibility",))
def longer_than_visibility(a: Round) -> None:
    """Redis hands a message out again whose calls are still under way."""
    a.delay = 4.0
    a.add_run(CALLS_PER_TASK)
    workers = [a.worker("first"), a.worker("second")]
    a.wait(lambda: a.provider.in_flight >= CALLS_PER_TASK, "calls begin")
    a.faults += 1
    time.sleep(a.delay)
    a.wait(
        lambda: sum(one.told("drain_endpoint") for one in workers) >= 2, "it is handed out again"
    )


# ---- the broker ----------------------------------------------------------------------------------------


def _broker_away(
    a: Round,
    away: Callable[[], None],
    back: Callable[[], None],
    seconds: float = 0.5,
    *,
    idle: bool = False,
) -> None:
    """Let a run begin while the broker is away, and another one end; that first, with `idle`."""
    a.delay = 0.8
    begun = a.add_run(2 * CALLS_PER_TASK)
    a.worker("only")
    a.wait_until_under_way()
    away()
    later = a.add_run(10, slug="later")
    if idle:  # only then the worker asks for the next message, and has to note that it has it
        a.wait(lambda: not begun.completions.exclude(state__in=ENDED).exists(), "what had begun")
    time.sleep(seconds * a.rng.uniform(1, 2))
    back()
    a.fault_ended(list(later.completions.values_list("pk", flat=True)))


@kind(control="no_reconciler", control_patience=5)
def redis_lost(a: Round) -> None:
    """Redis is killed and comes back empty."""

    def back() -> None:
        a.lab.redis.forget()
        a.lab.redis.start()

    _broker_away(a, a.lab.redis.kill, back)


@kind(control="no_reconciler", control_patience=5)
def redis_killed(a: Round) -> None:
    """Redis is killed and comes back with what it had."""
    _broker_away(a, a.lab.redis.kill, a.lab.redis.start)


@kind(control="endless_patience")
def redis_frozen(a: Round) -> None:
    """Redis stands still for a while: connections stay open, and nothing answers."""
    _broker_away(a, a.lab.redis.freeze, a.lab.redis.thaw, seconds=2)


@kind(control="ends_when_refused", control_patience=5)
def redis_full(a: Round) -> None:
    """Redis has used up its memory and refuses what takes more; reading goes on."""
    _broker_away(a, a.lab.redis.be_full, a.lab.redis.have_room, seconds=2, idle=True)


@kind(control="ends_when_refused", control_patience=5)
def redis_read_only(a: Round) -> None:
    """Redis refuses every write for a while: another one is the primary now."""
    _broker_away(a, a.lab.redis.be_a_replica, a.lab.redis.be_the_primary, seconds=2, idle=True)


@kind(control="leases_end_at_once")
def two_beats(a: Round) -> None:
    """Two workers with a beat each ring twice for everything."""
    a.add_run(JOBS)
    a.worker("first")
    a.worker("second")
    a.faults += 1


# ---- the database and the clocks -------------------------------------------------------------------------


@kind(control="no_patience", patches=("long_lease",))
def postgres_killed(a: Round) -> None:
    """PostgreSQL is killed with all its processes, and started again."""
    a.add_run(JOBS)
    a.worker("first")
    a.worker("second", beat=False)
    a.wait_until_under_way()
    claims = a.claims()
    connection.close()
    killed_at = time.monotonic()
    a.lab.postgres.kill()
    time.sleep(a.rng.uniform(0.1, 0.5))
    a.lab.postgres.start()
    if time.monotonic() - killed_at > LONG_LEASE_SECONDS / 2:
        a.note_claims(claims)  # on a slow machine leases may have run out meanwhile
    a.fault_ended([pk for pk, _ in claims])


@kind(control="own_clock")
def clock_skew(a: Round) -> None:
    """One worker's clock is an hour ahead, another's an hour behind."""
    a.add_run(2 * JOBS)
    a.worker("slow", "behind")
    a.worker("fast", "ahead", beat=False)
    for _ in range(2):
        tasks.drain_endpoint.delay(ModelEndpoint.objects.get().pk)
    a.faults += 1


# ---- the provider ------------------------------------------------------------------------------------------


@kind(control="no_pause", control_patience=5)
def key_revoked(a: Round) -> None:
    """The key is refused midway: everything waits, for one notice, until there is a new one."""
    good = ["sk-valid-0123456789"]

    def script(call):
        if call.headers.get("Authorization") not in [f"Bearer {key}" for key in good]:
            return Reply({"error": {"message": "revoked"}}, status=401)
        return a.echo(call)

    a.provider.script = script
    a.add_run(JOBS)
    a.worker("first")
    a.worker("second", beat=False)
    a.wait_until_under_way()
    good[:] = ["sk-fresh-0123456789"]
    a.wait(lambda: ModelEndpoint.objects.filter(paused_at__isnull=False).exists(), "a pause", 30)
    time.sleep(1.5)
    refused = sum(not call.answered for call in a.provider.calls)
    if refused > 2 * 2 * CALLS_PER_TASK:
        a.found.append(f"{refused} calls with a key that was refused")
    endpoints.update_endpoint(endpoint=ModelEndpoint.objects.get(), api_key=good[0])
    tasks.ring()
    a.fault_ended(list(Completion.objects.exclude(state="succeeded").values_list("pk", flat=True)))


@kind(control="costly_outages")
def no_names(a: Round) -> None:
    """The name of the provider does not resolve for a while."""
    down = Path(os.environ[DNS_IS_DOWN])
    down.touch()
    a.add_run(20, base_url=f"http://{PROVIDER_HOST}:{a.provider.port}/v1")
    a.worker("first")
    a.wait(_fails, "failures")
    down.unlink()
    a.fault_ended(list(Completion.objects.values_list("pk", flat=True)))
    _expect_answers(a)


@kind(control="any_certificate")
def wrong_certificate(a: Round) -> None:
    """For a while somebody else answers in the provider's place, without its certificate."""
    a.provider.use_tls(a.lab.certificates.impostor)
    a.add_run(20, base_url=f"https://{PROVIDER_HOST}:{a.provider.port}/v1")
    a.worker("first")
    a.wait(lambda: _fails() or a.provider.calls, "failures")
    if a.provider.calls:
        a.found.append("an impostor was sent the key")
    a.provider.use_tls(a.lab.certificates.genuine)
    a.fault_ended(list(Completion.objects.values_list("pk", flat=True)))
    _expect_answers(a)


def _fails() -> bool:
    return ModelEndpoint.objects.filter(failures_in_a_row__gt=3).exists()


@kind(control="costly_outages")
def provider_gone(a: Round) -> None:
    """Nothing listens at the provider's address for a while."""
    a.provider.stop_listening()
    a.add_run(20)
    a.worker("first")
    a.wait(_fails, "failures")
    a.provider.listen_again()
    a.fault_ended(list(Completion.objects.values_list("pk", flat=True)))
    _expect_answers(a)


@kind(control="costly_outages")
def provider_silent(a: Round) -> None:
    """The provider takes calls and never answers them."""

    def script(call):
        return Reply(raw=b"", delay=8) if len(a.provider.calls) <= CALLS_PER_TASK else a.echo(call)

    a.provider.script = script
    a.add_run(20, timeout_seconds=2)
    a.worker("first")
    a.faults += 1
    _expect_answers(a)


@kind(control="no_second_attempt")
def wrong_replies(a: Round) -> None:
    """One call in four gets something that is no answer: of every kind there is."""

    def script(call):
        if a.provider.asked()[call.last] > 1 or a.rng.random() > 1 / 4:
            return a.echo(call)
        a.faults += 1
        return WRONG[a.rng.choice(sorted(WRONG))]()

    a.provider.script = script
    a.add_run(JOBS)
    a.worker("first")
    a.worker("second", beat=False)
    _expect_answers(a)


def _expect_answers(a: Round) -> None:
    a.wait(
        lambda: not Completion.objects.filter(state__in=["pending", "leased"]).exists(),
        "all is answered",
    )
    if failed := Completion.objects.filter(state="failed").count():
        a.found.append(f"{failed} given up although the provider came back")
