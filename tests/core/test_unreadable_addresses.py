"""A NUL in an address is refused with a clear answer, on every route and on both databases."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

PROBLEM = "application/problem+json"


def routes(resolver: URLResolver, before: str = "") -> list[str]:
    found = []
    for one in resolver.url_patterns:
        path = before + str(one.pattern)
        found += routes(one, path) if isinstance(one, URLResolver) else [path]
        assert isinstance(one, (URLResolver, URLPattern))
    return found


def texts_in_addresses() -> list[str]:
    """Return every route that takes a free text, with a NUL for it."""
    with_text = [path for path in routes(get_resolver()) if "<str:" in path or "<path:" in path]
    return [f"/{path.partition('<')[0]}a%00/" for path in with_text]


def test_there_are_routes_to_try():
    assert len(texts_in_addresses()) > 10


@pytest.mark.parametrize("method", ["get", "post", "patch", "delete"])
def test_a_nul_in_the_path_is_not_found(alice, client_of, client, method):
    client.force_login(alice)
    api = client_of(alice)
    for path in {
        *texts_in_addresses(),
        "/api/v1/users/a%00/tokens/",
        "/studies/a%00b/",
        "/static/a%00",
    }:
        response = getattr(api if path.startswith("/api/") else client, method)(path)
        assert response.status_code == 404, path
        if path.startswith("/api/"):
            assert response["Content-Type"] == PROBLEM
            assert response.json()["code"] == "not_found"


@pytest.mark.parametrize(
    "path", ["/api/v1/models/", "/api/v1/pools/", "/api/v1/users/", "/pools/", "/sign-in/"]
)
def test_a_nul_in_the_query_is_a_bad_request(alice, client_of, client, path):
    client.force_login(alice)
    response = (client_of(alice) if path.startswith("/api/") else client).get(f"{path}?page=%00")
    assert response.status_code == 400
    assert b"NUL" in response.content


@pytest.mark.parametrize("bytes_", ["%ED%A0%80", "%FF", "%C0%80"])
def test_bytes_that_are_not_utf_8_are_never_an_error_of_the_server(alice, client_of, bytes_):
    api = client_of(alice)
    for path in (f"/api/v1/models/a{bytes_}/", f"/api/v1/users/a{bytes_}/tokens/"):
        assert api.get(path).status_code == 404
    assert api.get(f"/api/v1/models/?page={bytes_}").status_code in {400, 404}
