"""The question this project began with, on real outputs and real labels: LLaMA 2 or GPT-4?

300 AlpacaEval prompts, the outputs of 12 models, and the published labels of a model judge against
text_davinci_003, all through the HTTP API: uploaded, judged blind, ranked, exported.
"""

import csv
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from rest_framework.test import APIClient

from judging.models import Assignment
from models_registry.models import Completion
from prompts.models import Prompt
from tests.data import shared_data

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

PROMPTS = 300
ASKED = "prompts/alpaca_eval/alpaca_eval_first300.json"
BASELINE = "text_davinci_003"
RATERS = 11
API = "/api/v1"
# The published labels: 1, the baseline is better; 2, the other; 0 and 1.5, a draw; blank, failed.
DRAWS = {0.0, 1.5}


@dataclass
class Source:
    """The shared files, by the names they use."""

    prompts: list[str] = field(default_factory=list)
    outputs: dict[str, list[str]] = field(default_factory=dict)
    labels: dict[tuple[str, int], float | None] = field(default_factory=dict)

    @property
    def points(self) -> dict[str, list[float]]:
        """For each model but the baseline what it took from every label: 1, a half, 0."""
        found = defaultdict(list)
        for (name, _), label in sorted(self.labels.items()):
            if label is not None:
                found[name].append(0.5 if label in DRAWS else label - 1)
        return dict(found)


def slug_of(name: str) -> str:
    return name.replace(".", "-")


@pytest.fixture
def source() -> Source:
    folder = shared_data("outputs/alpaca_eval")
    votes = shared_data("votes/alpaca_eval/alpaca_eval_gpt4_judge_vs_davinci003.csv")
    asked = json.loads(shared_data(ASKED).read_bytes())
    read = Source(prompts=[row["instruction"] for row in asked])
    for path in sorted(folder.glob("*.json")):
        rows = json.loads(path.read_bytes())
        read.outputs[path.stem] = [row["output"] for row in rows]
    with votes.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert row["model_1"] == BASELINE
            if (at := int(row["prompt_index"])) < PROMPTS:
                label = row["preference"]
                read.labels[row["model_2"], at] = float(label) if label else None
    return read


class Site:
    """The HTTP API as its users call it."""

    def __init__(self, client: APIClient) -> None:
        self.client = client

    def post(self, path: str, body=None, **options):
        options = options or {"format": "json"}
        response = self.client.post(f"{API}/{path}", body, **options)
        assert response.status_code in {200, 201}, response.content
        return response.json()

    def get(self, path: str):
        response = self.client.get(f"{API}/{path}")
        assert response.status_code == 200, response.content
        return response.json()

    def upload(self, path: str, name: str, content: bytes, **fields):
        file = SimpleUploadedFile(name, content, content_type="application/json")
        return self.post(path, {"file": file, **fields}, format="multipart")

    def rater(self, number: int) -> "Site":
        """Create a rater that is a model judge, and return the site as it sees it."""
        name = f"judge-{number}"
        user = {"username": name, "role": "rater", "kind": "model_judge", "languages": ["en"]}
        self.post("users/", user)
        issued = self.post(f"users/{name}/tokens/", {"name": "flow"})
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {issued['secret']}")
        return Site(client)


def upload_prompts(site: Site) -> None:
    path = shared_data(ASKED)
    site.post("pools/", {"slug": "alpaca", "name": "AlpacaEval, the first 300"})
    report = site.upload("pools/alpaca/imports/", path.name, path.read_bytes())
    assert (report["n_imported"], report["n_errors"]) == (PROMPTS, 0)
    site.post(f"pools/alpaca/versions/{report['version']}/publish/")


def import_outputs(site: Site, source: Source) -> None:
    for name in source.outputs:
        path = shared_data(f"outputs/alpaca_eval/{name}.json")
        site.post("models/", {"slug": slug_of(name), "name": name})
        done = site.upload(
            "completions/import/", path.name, path.read_bytes(), model=slug_of(name), pool="alpaca"
        )
        assert (done["created"], done["errors"]) == (PROMPTS, [])


def publish_study(site: Site, source: Source) -> None:
    """One criterion, four ways, everybody against the baseline, nothing excluded."""
    criterion = {
        "key": "quality",
        "label": "Quality",
        "question": "Which answer is better?",
        "scale": "four_way",
    }
    protocol = {
        "pool": {"slug": "alpaca", "version": 1},
        "models": [f"{slug_of(name)}@1" for name in source.outputs],
        "design": {"kind": "baseline", "baseline": f"{BASELINE}@1"},
        "criteria": [criterion],
        "judgments_per_comparison": 1,
        "names_maker": "keep",
        "answers": dict.fromkeys(("refused", "filtered", "empty", "cut_off"), "show"),
    }
    study = {"slug": "llama2", "name": "LLaMA 2 against GPT-4", "protocol": protocol}
    site.post("studies/", study)
    site.post("studies/llama2/publish/", {})


def play_labels(raters: list[Site], source: Source) -> Counter:
    """Judge until nothing is left, in turn; return how often each side was shown as A.

    The rater knows a token and two texts; only the test looks up what stands behind the token.
    """
    shown, working = Counter(), list(raters)
    while working:
        refresh_statistics()
        for rater in list(working):
            response = rater.client.post(f"{API}/studies/llama2/assignments/", {}, format="json")
            if response.status_code == 204:
                working.remove(rater)
                continue
            assert response.status_code == 201, response.content
            shown[judge(rater, response.json(), source)] += 1
    return shown


def refresh_statistics() -> None:
    """Do what PostgreSQL's autovacuum does by itself, but cannot inside a test's transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE judging_assignment, judging_comparison")


def judge(rater: Site, assignment: dict, source: Source) -> str:
    """Answer with the published label; return which canonical side stood on the left."""
    token = assignment["token"]
    paths = (
        "swapped",
        "comparison__pair__first_model__name",
        "comparison__pair__second_model__name",
    )
    swapped, *names = Assignment.objects.values_list(*paths).get(token=token)
    (message,) = assignment["prompt"]["messages"]
    at = source.prompts.index(message["content"])
    left, right = names[::-1] if swapped else names
    # What the rater was sent is what the models wrote, to the last byte, and nothing beside it.
    assert assignment["a"]["text"] == source.outputs[left][at]
    assert assignment["b"]["text"] == source.outputs[right][at]
    rest = json.dumps({**assignment, "a": 0, "b": 0, "prompt": 0, "token": 0})
    assert not [name for name in source.outputs if name in rest or slug_of(name) in rest]
    other = left if right == BASELINE else right
    label = source.labels[other, at]
    if label is None:
        rater.post(f"assignments/{token}/skip/", {"reason": "The judge failed on this one."})
    else:
        better = None if label in DRAWS else BASELINE if label == 1 else other
        value = "tie" if better is None else "a" if better == left else "b"
        rater.post(f"assignments/{token}/judgment/", {"votes": {"quality": value}})
    return "baseline" if left == BASELINE else "other"


@pytest.fixture
def played(alice, client_of, source) -> Site:
    """The study with every label played."""
    site = Site(client_of(alice))
    upload_prompts(site)
    import_outputs(site, source)
    assert_texts_survived(source)
    publish_study(site, source)
    shown = play_labels([site.rater(number) for number in range(RATERS)], source)
    assert abs(shown["baseline"] / shown.total() - 0.5) < 0.05
    return site


def assert_texts_survived(source: Source) -> None:
    stored = Prompt.objects.order_by("position").values_list("messages", flat=True)
    assert [messages[0]["content"] for messages in stored] == source.prompts
    texts = defaultdict(list)
    rows = Completion.objects.order_by("prompt__position").values_list(
        "language_model__name", "text"
    )
    for name, text in rows:
        texts[name].append(text)
    assert texts == source.outputs


def test_the_board_of_real_labels_is_what_the_labels_say(played, source):
    points = source.points
    assert sum(map(len, points.values())) == 3_299

    board = played.post("studies/llama2/boards/", {})
    (criterion,) = board["criteria"]
    rows = {row["model"]: row for row in criterion["rows"]}

    assert criterion["votes"] == 3_299
    for name, taken in points.items():
        row, counts = rows[slug_of(name)], Counter(taken)
        assert (row["wins"], row["ties"], row["losses"]) == (counts[1], counts[0.5], counts[0])
        assert row["win_rate"] == sum(taken) / len(taken)
    assert rows[BASELINE]["win_rate"] == (3_299 - sum(map(sum, points.values()))) / 3_299

    assert board["raters"] == [
        {
            "kind": "model_judge",
            "label": "Model judge",
            "raters": RATERS,
            "judgments": 3_299,
        }
    ]
    assert board["interim"] is True
    assert [one["exclusions"] for one in board["models"]] == [[]] * 12

    # Everybody met the baseline as often, so strength orders them as the win rate does.
    others = [row for row in criterion["rows"] if row["model"] != BASELINE]
    rates = [row["win_rate"] for row in others]
    assert rates == sorted(rates, reverse=True)
    assert all(row["rating_lower"] < row["rating"] < row["rating_upper"] for row in others)
    gpt4, llama = rows["gpt4"], rows["llama-2-70b-chat-hf"]
    assert gpt4["rating"] > llama["rating"] > rows["llama-2-7b-chat-hf"]["rating"]

    compared = played.get(f"boards/{board['id']}/compare/?a=llama-2-70b-chat-hf&b=gpt4")
    (difference,) = [one["difference"] for one in compared["criteria"]]
    assert difference["rating"] == pytest.approx(llama["rating"] - gpt4["rating"])
    assert compared["criteria"][0]["met"] is None

    verified = played.post(f"boards/{board['id']}/verify/")
    assert verified["verified"] is True

    lines = played.client.get(f"{API}/studies/llama2/exports/judgments/?format=jsonl")
    exported = [json.loads(line) for line in b"".join(lines.streaming_content).splitlines()]
    assert len(exported) == 3_299
    assert {row["rater_kind"] for row in exported} == {"model_judge"}

    played.post("studies/llama2/close/", {})
    assert played.post("studies/llama2/boards/", {})["interim"] is False
