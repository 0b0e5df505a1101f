from __future__ import annotations

import pytest

from ciaccess.analysis.vault_policies import may_read, rules

HERE = "secret/data/nexus/svc-x"


@pytest.mark.parametrize(
    ("path", "reads"),
    [
        (HERE, True),
        ("secret/data/nexus/*", True),
        ("secret/data/nexus/svc-*", True),
        ("secret/data/+/svc-x", True),
        ("secret/*", True),
        ("secret/data/nexus/svc-", False),
        ("secret/data/nexus", False),
        ("secret/nexus/svc-x", False),
        ("secret/data/+", False),
        ("secret/data/nexus/svc.x", False),
    ],
)
def test_a_pattern_lets_exactly_what_it_matches_be_read(path: str, reads: bool) -> None:  # noqa: FBT001 a parameter of the test
    assert may_read(rules(f'path "{path}" {{ capabilities = ["read"] }}'), HERE) is reads


def test_a_denial_wins_and_a_closer_path_decides() -> None:
    wide = 'path "secret/*" { capabilities = ["read"] }\n'
    assert not may_read(rules(wide + f'path "{HERE}" {{ capabilities = ["deny"] }}'), HERE)
    assert not may_read(rules(wide + f'path "{HERE}" {{ capabilities = ["list"] }}'), HERE)
    assert may_read(rules(wide + 'path "secret/data/other" { capabilities = ["deny"] }'), HERE)


def test_no_rule_is_no_right() -> None:
    assert not may_read([], HERE)
