"""The adapters against servers that nobody here wrote: `python3 run.py test --providers`.

Each server stands in an environment of its own below `PREFERENDUM_PROVIDERS`; one that is not there is skipped.
"""

import os
import random
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from django.utils import timezone

from models_registry.models import Completion
from models_registry.services.drains import produce_completions
from models_registry.services.endpoints import register_endpoint
from models_registry.services.language_models import register_language_model
from models_registry.services.runs import start_run
from prompts.models import Prompt, PromptPool, PromptPoolVersion

pytestmark = [
    pytest.mark.providers,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]
MASTER_KEY = "sk-proxy-0123456789abcdef"
LITELLM = f"""
model_list:
  - model_name: mocked
    litellm_params: {{model: openai/mocked, api_key: none, mock_response: "Made up by a proxy."}}
general_settings: {{master_key: {MASTER_KEY}}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(name: str, *arguments: str, port: int, log: Path, program: str = ""):
    """Run a server until the block is left, which begins when it listens."""
    folder, program = Path(os.environ.get("PREFERENDUM_PROVIDERS", "")) / name, program or name
    paths = [folder / part / program for part in ("bin", "Scripts")]
    found = [path for path in paths if path.exists()]
    if not found:
        pytest.skip(f"{name} is not installed")
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    environment.pop("DATABASE_URL", None)  # LiteLLM would take it for its own
    with log.open("w") as told:
        server = subprocess.Popen(
            [str(found[0]), *arguments],
            env=environment,
            stdout=told,
            stderr=told,
        )
        try:
            until = time.monotonic() + 200
            while time.monotonic() < until and server.poll() is None and not listens(port):
                time.sleep(0.2)
            assert listens(port), log.read_text()[-2000:]
            yield
        finally:
            server.send_signal(signal.SIGINT)  # as by Ctrl-C: then they end what they started, too
            try:
                server.wait(timeout=60)
            except subprocess.TimeoutExpired:  # their ends are their own business
                server.kill()
                server.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def mock_server(tmp_path_factory):
    ports = free_port(), free_port()
    arguments = [f"--openai-port={ports[0]}", f"--anthropic-port={ports[1]}"]
    log = tmp_path_factory.mktemp("mock") / "log"
    with running("mock-ai-api", *arguments, port=ports[1], log=log):
        yield {"openai_chat": ports[0], "anthropic_messages": ports[1]}


@pytest.fixture(scope="module")
def litellm(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("litellm"), free_port()
    (folder / "config.yaml").write_text(LITELLM)
    arguments = [
        "--config",
        str(folder / "config.yaml"),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with running("litellm", *arguments, port=port, log=folder / "log"):
        yield port


@pytest.fixture(scope="module")
def llama_cpp(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("llama"), free_port()
    script = Path(__file__).with_name("tiny_llama.py")
    arguments = [str(script), str(folder / "tiny.gguf"), str(port), "tiny", MASTER_KEY]
    with running("llama-cpp", *arguments, port=port, log=folder / "log", program="python"):
        wait_for_the_model(port)
        yield port


def wait_for_the_model(port: int) -> None:
    """Wait until llama.cpp no longer answers 503: it listens before it has loaded its model."""
    until = time.monotonic() + 60
    while httpx.get(f"http://127.0.0.1:{port}/health").status_code != 200:
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.fixture
def asked():
    """Ask one question of a model at a server, through a run, and return the completion."""

    def ask(port, remote_name, kind="openai_chat", api_key="sk-any", **settings) -> Completion:
        pool = PromptPool.objects.create(slug="pool", name="Pool")
        version = PromptPoolVersion.objects.create(
            pool=pool, number=1, state="published", digest="0" * 64, published_at=timezone.now()
        )
        messages = [{"role": "user", "content": "Say hello, please."}]
        Prompt.objects.create(
            version=version, position=0, external_id="q0", kind="fixed_history", messages=messages
        )
        endpoint = register_endpoint(
            slug="foreign",
            name="Foreign",
            kind=kind,
            base_url=f"http://127.0.0.1:{port}/v1",
            api_key=api_key,
        )
        model = register_language_model(
            slug="foreign-1",
            name="Foreign One",
            endpoint=endpoint,
            remote_name=remote_name,
            settings=settings,
        )
        start_run(pool_version=version, language_models=[model], now=timezone.now())
        produce_completions(
            endpoint_id=endpoint.pk, rng=random.Random(1), stopping=stop_after_one_attempt()
        )
        return Completion.objects.select_related("language_model__endpoint").get()

    return ask


def stop_after_one_attempt():
    """Return what tells a drain to stop once a first call is over: retries are tested elsewhere."""
    return lambda: Completion.objects.filter(attempts__finished_at__isnull=False).exists()


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("openai_chat", {}),
        ("openai_chat", {"stream": True}),
        ("anthropic_messages", {"max_tokens": 50}),
        ("anthropic_messages", {"max_tokens": 50, "stream": True}),
    ],
)
def test_an_answer_is_stored_whole_or_streamed(mock_server, asked, kind, settings):
    name = "gpt-4" if kind == "openai_chat" else "claude-3-opus"
    row = asked(mock_server[kind], name, kind, **settings)
    assert (row.state, row.outcome) == ("succeeded", "answered"), row.last_error_message
    assert row.text.strip()
    assert row.provider_request_id
    assert row.response_model == name


@pytest.mark.parametrize(
    ("scenario", "error", "attempts"),
    [("mock-429", "rate_limited", 0), ("mock-500", "unavailable", 1)],
)
def test_an_injected_failure_is_no_answer_and_is_tried_again(
    mock_server, asked, scenario, error, attempts
):
    row = asked(mock_server["openai_chat"], f"gpt-4:{scenario}")
    assert (row.state, row.last_error, row.attempts_made) == ("pending", error, attempts)
    assert (row.text, row.outcome) == ("", "")


@pytest.mark.parametrize("settings", [{}, {"stream": True}])
def test_a_proxys_answer_is_stored(litellm, asked, settings):
    row = asked(litellm, "mocked", api_key=MASTER_KEY, **settings)
    assert (row.state, row.text) == ("succeeded", "Made up by a proxy."), row.last_error_message


def test_a_proxys_refused_key_pauses_the_endpoint_and_says_so(litellm, asked):
    row = asked(litellm, "mocked", api_key="sk-wrong-0123456789")
    endpoint = row.language_model.endpoint
    assert (row.state, row.last_error) == ("pending", "denied")
    assert "The endpoint refused the key: set a valid one." in endpoint.pause_reason


def test_a_model_that_a_proxy_does_not_know_is_paused_and_the_prompt_keeps_its_attempts(
    litellm, asked
):
    row = asked(litellm, "unheard-of", api_key=MASTER_KEY)
    assert (row.state, row.last_error, row.attempts_made) == ("pending", "not_found", 0)
    assert "unheard-of" in row.language_model.pause_reason


LETTERS = {"temperature": 2, "top_k": 5, "seed": 1}  # of the most likely ones


@pytest.mark.parametrize("stream", [False, True])
def test_what_llama_cpp_was_told_to_cut_off_is_stored_as_that(llama_cpp, asked, stream):
    settings = {**LETTERS, "max_tokens": 12, **({"stream": True} if stream else {})}
    row = asked(llama_cpp, "tiny", api_key=MASTER_KEY, **settings)
    assert (row.state, row.outcome) == ("succeeded", "cut_off"), row.last_error_message
    assert (row.finish_reason, row.completion_tokens) == ("length", 12)
    assert row.text.strip()
    assert row.text.replace(" ", "").isalpha()
    assert row.prompt_tokens > len("Say hello, please.")
    assert (row.response_model, bool(row.system_fingerprint)) == ("tiny", True)
    assert row.provider_request_id.startswith("chatcmpl-")


@pytest.mark.parametrize("stream", [False, True])
def test_llama_cpp_stops_where_it_is_told_to(llama_cpp, asked, stream):
    vowels = ["a", "e", "i", "o"]
    settings = {
        **LETTERS,
        "max_tokens": 300,
        "stop": vowels,
        **({"stream": True} if stream else {}),
    }
    row = asked(llama_cpp, "tiny", api_key=MASTER_KEY, **settings)
    assert (row.state, row.finish_reason) == ("succeeded", "stop"), row.last_error_message
    assert not {*vowels} & {*row.text}
    assert row.completion_tokens < 300


def test_a_wrong_name_that_llama_cpp_answers_to_all_the_same_is_put_in_quarantine(llama_cpp, asked):
    row = asked(llama_cpp, "llama-2-70b-chat", api_key=MASTER_KEY, **LETTERS, max_tokens=4)
    assert (row.state, row.response_model) == ("quarantined", "tiny")
    assert "asked for 'llama-2-70b-chat' and answered as 'tiny'" in row.language_model.pause_reason


def test_a_key_that_llama_cpp_refuses_pauses_the_endpoint(llama_cpp, asked):
    row = asked(llama_cpp, "tiny", api_key="sk-wrong-0123456789")
    assert (row.state, row.last_error) == ("pending", "denied")
    assert "set a valid one" in row.language_model.endpoint.pause_reason
