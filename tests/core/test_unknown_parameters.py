"""A parameter that an address of the API does not know is refused, and the known ones are named."""

import pytest

from tests.scenarios import published_study


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("pools/?pagesize=3", "page, page_size"),
        ("studies/?order=name", "page, page_size"),
        ("me/?x=1", "none is known"),
        ("studies/study/exports/judgments/?fromat=csv", "format, superseded"),
        ("boards/1/compare/?a=x&c=y", "a, b"),
        ("pools/pool/imports/?dryrun=1", "dry_run"),
    ],
)
def test_an_unknown_parameter_is_refused_and_the_known_ones_are_named(
    alice, client_of, path, known
):
    method = "post" if "imports" in path else "get"
    response = getattr(client_of(alice), method)(f"/api/v1/{path}")
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["code"] == "unknown"
    assert error["column"] in path
    assert known in error["message"]


@pytest.mark.parametrize("path", ["pools/?page=1&page_size=2", "schema/?format=json", "docs/?x=1"])
def test_known_parameters_are_taken(alice, client_of, path):
    assert client_of(alice).get(f"/api/v1/{path}").status_code == 200


def test_an_unknown_field_of_a_body_is_refused_and_the_known_ones_are_named(alice, client_of):
    study = published_study().study
    api = client_of(alice)
    new = api.post("/api/v1/studies/", {"slug": "x", "name": "x", "nam": "y"}, format="json")
    assert "slug, name, description, protocol" in new.json()["errors"][0]["message"]
    changes = {"protocol": {"design": {"knd": "all_pairs"}}}
    body = {"slug": "x", "name": "x", **changes}
    wrong = api.post("/api/v1/studies/", body, format="json").json()["errors"][0]
    assert wrong["column"] == "design.knd"
    assert "kind, baseline, pairs, prompts_per_pair" in wrong["message"]
    assert study.slug
