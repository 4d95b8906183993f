"""One round: a run of completions, a fault in the middle of it, and what must hold afterwards.

Django has to be set up before this is imported.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from config.celery import app
from models_registry import tasks
from models_registry.models import Completion, GenerationRun, LanguageModel, ModelEndpoint
from models_registry.services import endpoints, language_models, runs
from prompts.models import Prompt, PromptPool, PromptPoolVersion
from tests.fake_provider import Call, FakeProvider, Reply, answer
from tests.faults.checker import ENDED, broken_promises
from tests.faults.lab.certificates import Certificates
from tests.faults.lab.nursery import Nursery, Worker
from tests.faults.lab.servers import Postgres, Redis, wait_for

CALLS_PER_TASK = 8
RESUMED_WITHIN = 60.0
LONGEST_RING_SECONDS = 5.0
HURRY = ("quick_beat", "quick_retries")


@dataclass(frozen=True, slots=True)
class Told:
    """What a round found: no promise is broken by the product, at least one in a control."""

    kind: str
    control: str
    seed: int
    broken: list[str]
    jobs: int
    calls: int
    paid: int
    in_flight_at_kills: int
    faults: int
    resumed_seconds: float | None
    seconds: float

    def as_dict(self) -> dict:
        return asdict(self)


@dataclass
class Lab:
    """The servers and the nursery, shared by rounds one after the other."""

    postgres: Postgres
    redis: Redis
    nursery: Nursery
    certificates: Certificates


@dataclass
class Round:
    """Runs one fault; the fault's function gets it and does the rest through it."""

    lab: Lab
    kind: str
    control: str
    seed: int
    patches: tuple[str, ...] = ()
    hurry: bool = True  # with shorter times than the product's own
    found: list[str] = field(default_factory=list)
    faults: int = 0
    _in_flight: set[tuple[int, int]] = field(default_factory=set)
    _workers: list[Worker] = field(default_factory=list)
    _held_up: list[tuple[datetime, list[int]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"{self.kind} {self.seed}")
        self.delay = 0.1
        self.provider = FakeProvider(self.echo)

    def echo(self, call: Call) -> Reply:
        """Answer with the prompt and a number of its own, so that no two answers are the same."""
        call.answered = True
        return Reply(answer(f"echo: {call.last} / {id(call)}"), delay=self.delay)

    # ---- what the fault's functions use ----

    def add_run(
        self, jobs: int, *, slug: str = "fake", base_url: str = "", timeout_seconds: int = 20
    ) -> GenerationRun:
        """Begin a run of its own pool, model and endpoint, and ring for it as a request does."""
        endpoint = endpoints.register_endpoint(
            slug=slug,
            name=slug,
            kind="openai_chat",
            base_url=base_url or self.provider.base_url,
            api_key="sk-valid-0123456789",
            timeout_seconds=timeout_seconds,
            max_concurrency=2 * CALLS_PER_TASK,
        )
        model = language_models.register_language_model(
            slug=slug, name=slug, endpoint=endpoint, remote_name="fake-1"
        )
        run = runs.start_run(
            pool_version=_pool(slug, jobs), language_models=[model], now=timezone.now()
        ).run
        self._ring()
        return run

    def _ring(self) -> None:
        """Ring as a request does, which must not wait for a broker that does not answer."""
        ringing = threading.Thread(target=self._ring_in_vain if self._endless else tasks.ring)
        ringing.start()
        ringing.join(LONGEST_RING_SECONDS)
        if ringing.is_alive():
            self.found.append(f"whoever rang waited {LONGEST_RING_SECONDS:g} s for the broker")

    @property
    def _endless(self) -> bool:
        return self.control == "endless_patience"

    def _ring_in_vain(self) -> None:
        options = {**app.conf.broker_transport_options, "socket_timeout": None}
        with app.connection_for_write(transport_options=options) as broker:
            tasks.dispatch_due.apply_async(connection=broker)

    def worker(self, name: str, *patches: str, beat: bool = True) -> Worker:
        hurry = HURRY if self.hurry else ()
        chosen = [*hurry, "names", *self.patches, *patches, *filter(None, [self.control])]
        born = self.lab.nursery.worker(name, chosen, beat=beat)
        self._workers.append(born)
        return born

    def wait(self, condition: Callable[[], object], what: str, seconds: float = 120.0) -> None:
        seconds *= 1 if self.hurry else 2
        if not wait_for(condition, seconds):
            self.found.append(f"waited {seconds:g} s in vain: {what}")

    def wait_until_under_way(self) -> None:
        """Wait for calls in flight, and then a little, different in every round."""
        at = len(self.provider.calls) + CALLS_PER_TASK
        self.wait(
            lambda: len(self.provider.calls) >= at and self.provider.in_flight >= 2, "calls begin"
        )
        time.sleep(self.rng.uniform(0, 2 * self.delay))

    def claims(self) -> set[tuple[int, int]]:
        """Return what is in flight, or was when its worker died: completions with their fences."""
        return set(Completion.objects.filter(state="leased").values_list("pk", "fence"))

    def note_kill(self) -> None:
        """Note what was in flight when a worker died: so much may be asked and paid once more."""
        claims = self.claims()
        self.note_claims(claims)
        self.fault_ended([pk for pk, _ in claims])

    def note_claims(self, claims: set[tuple[int, int]]) -> None:
        self._in_flight |= claims

    def note_abandoned(self) -> None:
        """Note the claims that were taken over because their lease had run out, whenever that was."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT completion, fence FROM abandoned")
            self._in_flight |= set(cursor.fetchall())

    def fault_ended(self, held_up: list[int]) -> None:
        """From now on counts how long it takes until what the fault held up is done."""
        self.faults += 1
        self._held_up.append((timezone.now(), held_up))

    # ---- the round itself ----

    def run(self, fault: Callable[["Round"], None], *, patience: float) -> Told:
        """Run the fault, wait until all has ended or patience is over, and check the promises."""
        started = time.monotonic()
        _empty_tables()
        try:
            with self.provider:
                fault(self)
                wait_for(_all_ended, patience, step=0.05)
                # A late answer, if there is one, has to come in before it can be found out.
                wait_for(lambda: self.provider.in_flight == 0, 5)
        finally:
            for worker in self._workers:
                worker.kill()
        resumed = self._resumed_seconds()
        if resumed is not None and resumed > RESUMED_WITHIN:
            self.found.append(f"resumed only after {resumed:.0f} s")
        told = broken_promises(self.provider, killed_in_flight=len(self._in_flight))
        return Told(
            kind=self.kind,
            control=self.control,
            seed=self.seed,
            broken=[*self.found, *told, *_overwritten()],
            jobs=Completion.objects.count(),
            calls=len(self.provider.calls),
            paid=sum(call.answered for call in self.provider.calls),
            in_flight_at_kills=len(self._in_flight),
            faults=self.faults,
            resumed_seconds=None if resumed is None else round(resumed, 1),
            seconds=round(time.monotonic() - started, 1),
        )

    def _resumed_seconds(self) -> float | None:
        took = []
        for since, keys in self._held_up:
            rows = Completion.objects.filter(pk__in=keys, completed_at__gt=since)
            last = rows.aggregate(last=Max("completed_at"))["last"]
            if last:
                took.append((last - since).total_seconds())
        return max(took, default=None)


def _all_ended() -> bool:
    return not Completion.objects.exclude(state__in=ENDED).exists()


def _pool(slug: str, jobs: int) -> PromptPoolVersion:
    pool = PromptPool.objects.create(slug=slug, name=slug)
    version = PromptPoolVersion.objects.create(
        pool=pool, number=1, state="published", digest="0" * 64, published_at=timezone.now()
    )
    Prompt.objects.bulk_create(
        Prompt(
            version=version,
            position=at,
            external_id=f"q{at}",
            kind="fixed_history",
            messages=[{"role": "user", "content": f"{slug} question {at}"}],
        )
        for at in range(jobs)
    )
    return version


# ---- what the database itself notes, so that nothing is missed between two looks --------------------

WATCH = """
CREATE TABLE overwritten (completion bigint);
CREATE FUNCTION note_overwritten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO overwritten VALUES (OLD.id);
    RETURN NEW;
END $$;
CREATE TRIGGER note_overwritten BEFORE UPDATE ON models_registry_completion FOR EACH ROW
WHEN (OLD.text <> '' AND OLD.text IS DISTINCT FROM NEW.text) EXECUTE FUNCTION note_overwritten();

CREATE TABLE abandoned (completion bigint, fence bigint);
CREATE FUNCTION note_abandoned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO abandoned VALUES (OLD.id, OLD.fence);
    RETURN NEW;
END $$;
CREATE TRIGGER note_abandoned BEFORE UPDATE ON models_registry_completion FOR EACH ROW
-- A drain wakes just when a lease ends, in a transaction that may have begun before, and by a clock
-- that may differ a little.
WHEN (OLD.state = 'leased' AND OLD.leased_until < clock_timestamp() + interval '0.5 s'
      AND (NEW.fence <> OLD.fence OR NEW.state = 'failed'))
EXECUTE FUNCTION note_abandoned();
"""


def watch_rows() -> None:
    with connection.cursor() as cursor:
        cursor.execute(WATCH)


def _overwritten() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT completion FROM overwritten")
        rows = [pk for (pk,) in cursor.fetchall()]
    return [f"overwritten: {rows}"] if rows else []


def _empty_tables() -> None:
    kinds = (Completion, GenerationRun, LanguageModel, ModelEndpoint, Prompt, PromptPool)
    tables = ", ".join(kind._meta.db_table for kind in kinds)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables}, overwritten, abandoned CASCADE")
