from __future__ import annotations

import pytest

from simulators.nexus.repositories import Repository
from simulators.nexus.security.csel import parse
from simulators.nexus.security.permissions import PatternError, Permissions, implies, parts_of

FILES = Repository("Files", "raw", "hosted", "ALLOW", (), None, force_basic_auth=True, online=True)


@pytest.mark.parametrize(
    ("held", "wanted", "holds"),
    [
        ("nexus:*", "nexus:users:read", True),
        ("nexus", "nexus:users:read", True),
        ("*", "nexus:users:read", True),
        ("nexus:users:create,read", "nexus:users:read", True),
        ("nexus:users:create,read", "nexus:users:delete", False),
        ("nexus:users", "nexus:users:delete", True),
        ("nexus:users:*", "nexus:*", False),
        ("nexus:*:read", "nexus:users:read", True),
        ("nexus:users:read", "nexus:users", False),
        ("nexus:users:*", "nexus:users", True),
        ("NEXUS:Users:READ", "nexus:users:read", True),
        ("whatever", "nexus:users:read", False),
    ],
)
def test_a_permission_implies_another_as_shiro_has_it(held: str, wanted: str, *, holds: bool) -> None:
    assert implies(parts_of(held), parts_of(wanted)) is holds


@pytest.mark.parametrize("pattern", ["::", ":", "", "nexus:,:read", ","])
def test_only_dividers_are_no_permission(pattern: str) -> None:
    with pytest.raises(PatternError, match="only dividers"):
        parts_of(pattern)


def test_a_view_of_a_repository_counts_whatever_the_case_of_its_name() -> None:
    permissions = Permissions([parts_of("nexus:repository-view:raw:files:read")], list)
    assert permissions.allow_content("read", FILES, "/a")
    assert not permissions.allow_content("edit", FILES, "/a")


def test_a_selector_allows_what_it_finds_and_nothing_else() -> None:
    held = [parts_of("nexus:repository-content-selector:pub:raw:files:read,browse")]
    selectors = [("pub", parse('path =^ "/pub/"')), ("all", parse('path =^ "/"'))]
    permissions = Permissions(held, lambda: selectors)
    assert permissions.allow_content("read", FILES, "/pub/a")
    assert not permissions.allow_content("read", FILES, "/a")
    assert not permissions.allow_content("edit", FILES, "/pub/a")
    assert permissions.allow_somewhere("browse", FILES)
    assert not permissions.allow_somewhere("delete", FILES)
