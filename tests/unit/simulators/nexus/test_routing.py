from __future__ import annotations

import pytest

from simulators.nexus.routing import Router

ROUTER: Router[str] = Router(
    [
        ("GET", "/v1/roles", "list"),
        ("GET", "/v1/roles/{id}", "get"),
        ("PUT", "/v1/privileges/{name}", "delete"),
        ("POST", "/v1/privileges/wildcard", "create"),
        ("PUT", "/v1/privileges/wildcard/{name}", "update"),
        ("PUT", "/v1/users/{id}/change-password", "change"),
    ]
)


@pytest.mark.parametrize(
    ("path", "template", "parts"),
    [
        ("/v1/roles", "/v1/roles", {}),
        ("/v1/roles/", "/v1/roles", {}),
        ("/v1/roles/a%2Fb", "/v1/roles/{id}", {"id": "a/b"}),
        ("/v1/roles/..", "/v1/roles/{id}", {"id": ".."}),
        ("/v1/roles/a+b", "/v1/roles/{id}", {"id": "a+b"}),
        ("/v1/roles/a;v=1", "/v1/roles/{id}", {"id": "a"}),
        ("/v1/roles/a%3Bb", "/v1/roles/{id}", {"id": "a;b"}),
        ("/v1/roles/%20%20", "/v1/roles/{id}", {"id": "  "}),
        ("/v1/privileges/wildcard", "/v1/privileges/wildcard", {}),
        ("/v1/privileges/x", "/v1/privileges/{name}", {"name": "x"}),
        ("/v1/privileges/wildcard/x", "/v1/privileges/wildcard/{name}", {"name": "x"}),
        ("/v1/users/u/change-password", "/v1/users/{id}/change-password", {"id": "u"}),
    ],
)
def test_a_path_finds_its_template_and_its_parts(path: str, template: str, parts: dict[str, str]) -> None:
    found = ROUTER.find(path)
    assert found is not None
    assert (found.template, found.parts(path)) == (template, parts)


@pytest.mark.parametrize("path", ["/v1", "/v1//roles", "/v1/roles/a/b", "/v1/users/u", "", "/", "/v2/roles"])
def test_a_path_that_is_no_template_finds_nothing(path: str) -> None:
    assert ROUTER.find(path) is None


def test_a_parameter_named_like_a_fixed_part_is_found_where_the_fixed_part_leads_nowhere() -> None:
    found = ROUTER.find("/v1/privileges/wildcard")
    assert found is not None
    assert set(found.targets) == {"POST"}
