"""Pages for what goes wrong: each says what happened and what to do."""

import pytest
from django.core.exceptions import SuspiciousOperation
from django.test import Client
from django.urls import path
from django.views.defaults import bad_request, server_error

from config.urls import urlpatterns as real


def broken(request):
    raise RuntimeError("on purpose")


def suspicious(request):
    raise SuspiciousOperation("on purpose")


urlpatterns = [path("broken/", broken), path("suspicious/", suspicious), *real]


@pytest.fixture
def researcher(dave) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(dave)
    return client


@pytest.mark.parametrize(
    ("method", "address", "status", "words"),
    [
        ("get", "/nowhere/", 404, "There is no such page"),
        ("get", "/studies/none/board/", 404, "There is no such page"),
        ("get", "/raters/", 403, "You are signed in as dave (Researcher)"),
        ("get", "/account/tokens/", 405, "only takes what a form sends"),
        ("get", "/suspicious/", 400, "cannot be read"),
        ("get", "/broken/", 500, "Something broke on our side"),
    ],
)
@pytest.mark.urls(__name__)
def test_the_page_says_what_happened(researcher, method, address, status, words):
    response = getattr(researcher, method)(address)
    assert response.status_code == status
    assert words in response.content.decode()
    assert 'href="/"' in response.content.decode()


def test_a_form_without_its_token_is_explained(dave):
    client = Client(enforce_csrf_checks=True)
    client.force_login(dave)
    response = client.post("/account/sign-out-everywhere/")
    assert response.status_code == 403
    assert "Please send it again" in response.content.decode()


def test_a_refused_method_still_says_which_are_allowed(researcher):
    assert researcher.get("/account/tokens/")["Allow"] == "POST"


def test_the_api_refuses_a_method_in_its_own_words(client_of, dave):
    response = client_of(dave).delete("/api/v1/me/")
    assert response.status_code == 405
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("view", [bad_request, server_error])
def test_pages_of_last_resort_need_neither_request_nor_database(rf, view):
    arguments = (ValueError(),) if view is bad_request else ()
    assert len(view(rf.get("/"), *arguments).content) > 500
