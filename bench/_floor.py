"""What a rater's two requests cost at the least: bare Django REST framework, two statements each.

The same server, database, authentication and answers' size, and otherwise the framework as it comes;
no assignment, no blinding, no protocol, no checks, no places. bench/serving.py runs it beside the real thing.
"""

import json
import os
import secrets
from itertools import count

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402 - needs the settings
from django.core.wsgi import get_wsgi_application  # noqa: E402 - needs the settings
from django.db import connection, transaction  # noqa: E402 - needs the settings
from django.urls import path  # noqa: E402 - needs the settings
from django.utils import timezone  # noqa: E402 - needs the settings
from rest_framework.negotiation import DefaultContentNegotiation  # noqa: E402 - needs the settings
from rest_framework.parsers import JSONParser  # noqa: E402 - needs the settings
from rest_framework.request import Request  # noqa: E402 - needs the settings
from rest_framework.response import Response  # noqa: E402 - needs the settings
from rest_framework.views import APIView  # noqa: E402 - needs the settings

from accounts.authentication import BearerTokenAuthentication  # noqa: E402 - needs the settings

TEXTS = """
SELECT prompt.messages, first.text, first.turns, second.text, second.turns, comparison.id
FROM judging_comparison AS comparison
JOIN prompts_prompt AS prompt ON prompt.id = comparison.prompt_id
JOIN models_registry_completion AS first ON first.id = comparison.first_id
JOIN models_registry_completion AS second ON second.id = comparison.second_id
WHERE comparison.id = %s
"""
LEASE = "INSERT INTO bench_floor (token, at, comparison_id, body) VALUES (%s, %s, %s, '')"
READ = "SELECT comparison_id FROM bench_floor WHERE token = %s"
STORE = "UPDATE bench_floor SET body = %s WHERE token = %s"
turn = count(1)


class Floor(APIView):
    authentication_classes = [BearerTokenAuthentication]
    permission_classes = []
    content_negotiation_class = DefaultContentNegotiation
    parser_classes = [JSONParser]


class Next(Floor):
    def post(self, request: Request) -> Response:
        token = secrets.token_urlsafe(24)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(TEXTS, [1 + next(turn) % 900])
            messages, a, a_turns, b, b_turns, pk = cursor.fetchone()
            cursor.execute(LEASE, [token, timezone.now(), pk])
        return Response(
            {
                "token": token,
                "prompt": {"messages": json.loads(messages)},
                "a": {"text": a, "turns": json.loads(a_turns)},
                "b": {"text": b, "turns": json.loads(b_turns)},
                "criteria": CRITERIA,
            },
            status=201,
        )


class Submit(Floor):
    def post(self, request: Request, token: str) -> Response:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(READ, [token])
            cursor.fetchone()
            cursor.execute(STORE, [json.dumps(request.data), token])
        return Response({"id": token, **request.data}, status=201)


CRITERIA = [
    {
        "key": key,
        "label": key.title(),
        "question": f"Which answer has more {key}?",
        "scale": "graded7",
        "choices": [{"value": one, "label": f"Step {one}"} for one in range(-3, 4)],
    }
    for key in ("helpfulness", "harmlessness", "truthfulness")
]
urlpatterns = [
    path("api/v1/studies/study/assignments/", Next.as_view()),
    path("api/v1/assignments/<slug:token>/judgment/", Submit.as_view()),
]
settings.ROOT_URLCONF = __name__
settings.MIDDLEWARE = []
application = get_wsgi_application()
