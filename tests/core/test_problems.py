"""Every API error is problem+json with a status, a machine code and words for people."""

import pytest
from rest_framework.exceptions import ValidationError

from core.errors import (
    Conflict,
    Gone,
    InputError,
    Invalid,
    Missing,
    NotAllowed,
    TooLarge,
    Unsupported,
)
from core.problems import problem_response


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Invalid("x"), 400),
        (NotAllowed("x"), 403),
        (Missing("x"), 404),
        (Conflict("x"), 409),
        (Gone("x"), 410),
        (TooLarge("x"), 413),
        (Unsupported("x"), 415),
    ],
)
def test_each_branch_of_the_tree_has_its_status(error, status):
    response = problem_response(error, {})
    assert response.status_code == status
    assert response.data["code"] == error.code
    assert response.content_type == "application/problem+json"


def test_lists_at_most_a_hundred_errors_and_says_how_many_there_are():
    errors = [
        InputError(code="empty", message="empty", row=row, column="prompt") for row in range(150)
    ]
    data = problem_response(Invalid("150 rows are wrong.", errors=errors), {}).data
    assert len(data["errors"]) == 100
    assert data["total_errors"] == 150
    assert data["errors"][7] == {"code": "empty", "message": "empty", "row": 7, "column": "prompt"}


def test_names_the_nested_field_of_a_validation_error():
    detail = {"votes": {"truthfulness": ["Not a value."]}, "non_field_errors": ["Empty."]}
    errors = problem_response(ValidationError(detail), {}).data["errors"]
    assert [one.get("column") for one in errors] == ["votes.truthfulness", None]


def test_leaves_a_programming_error_to_the_server():
    assert problem_response(RuntimeError("bug"), {}) is None


def test_a_broken_body_is_answered_clearly(alice, client_of):
    client = client_of(alice)
    broken = client.post(
        "/api/v1/tokens/", '{"name": "a", "name": "b"}', content_type="application/json"
    )
    assert (broken.status_code, broken.json()["code"]) == (400, "parse_error")
    assert "twice" in broken.json()["detail"]
    other = client.post("/api/v1/tokens/", "<x/>", content_type="text/xml")
    assert (other.status_code, other.json()["code"]) == (415, "unsupported_media_type")
    assert client.put("/api/v1/tokens/", {}, format="json").status_code == 405


def test_an_address_that_does_not_exist_is_a_problem_too(db, client):
    response = client.post("/api/v1/nowhere/at/all/")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "docs/ lists its addresses"),
        ("pools", "end with a slash"),
        ("nowhere/", "has no 'nowhere/'; see docs/."),
    ],
)
def test_who_gropes_for_an_address_is_told_where_they_stand(db, client, path, words):
    response = client.get(f"/api/v1/{path}")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert words in response.json()["detail"]


def test_a_body_past_the_limit_is_refused_by_size(alice, client_of):
    body = {"name": "x" * (5 * 1024 * 1024)}
    response = client_of(alice).post("/api/v1/tokens/", body, format="json")
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_the_schema_is_for_those_who_read_boards(alice, bob, client, client_of):
    path = "/api/v1/schema/"
    assert client.get(path).status_code == 401
    assert client_of(bob).get(path).status_code == 403
    assert client_of(alice).get(path).status_code == 200
