"""The engine's resources say of access what the YAML says, for every YAML: else the two could never be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.analysis.difference import difference
from ciaccess.analysis.facts import AccessFacts
from ciaccess.engine.resource_types import POLICY
from ciaccess.review.facts_of_resources import facts, is_own, policy_names
from tests.support.access.access import GOOD, ORGANISATION, edited, valid
from tests.support.engine.events import objects

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access

ORGANISATION_TEXT = ORGANISATION.read_text(encoding="utf-8")
TEXTS = {
    "small": GOOD,
    "organisation": ORGANISATION_TEXT,
    "managed mount with slashes": edited(
        ("kv: {mount: secret, prefix: nexus}", "kv: {mount: kv, prefix: ci/nexus, manage: true}")
    ),
    "limits of tokens": ORGANISATION_TEXT.replace(
        "token_ttl: 10m",
        "token_ttl: 10m\n      token_bound_cidrs: [10.0.0.0/8, 192.0.2.7]\n      token_num_uses: 2\n      token_explicit_max_ttl: 30m\n"
        "      token_no_default_policy: true\n      bound_subject: project_path:orchestrator/executor:ref_type:branch:ref:main",
    ),
    "keys by URL": edited(("discovery_url: ${gitlab.url}", "jwks_url: ${gitlab.url}/oauth/discovery/keys")),
}


def of_engine(access: Access) -> AccessFacts:
    found = [(type_, inputs) for type_, _, inputs in objects(access).values()]
    return facts(found, AccessFacts.of(access), lambda name: not is_own(name), frozenset())


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_facts_of_the_engines_resources_are_those_of_the_yaml(tmp_path: Path, text: str) -> None:
    access = valid(tmp_path, text)
    assert of_engine(access) == AccessFacts.of(access)


def test_the_facts_of_ciaccess_itself_are_of_its_own_jobs_alone(tmp_path: Path) -> None:
    access = valid(tmp_path, ORGANISATION_TEXT)
    found = [(type_, inputs) for type_, _, inputs in objects(access).values()]
    own = facts(found, AccessFacts.of(access), is_own, frozenset())
    assert set(own.accounts) == {"svc-ciaccess-reader", "svc-ciaccess-writer"}
    assert set(own.roles) == {"ciaccess-apply", "ciaccess-drift", "ciaccess-preview"}
    assert own.account("svc-ciaccess-writer").administers


@pytest.mark.parametrize(
    ("policy", "readable"),
    [
        ('path "secret/data/nexus/svc-app" { capabilities = ["read"] }', {"svc-app"}),
        ('path "secret/data/nexus/svc-app" { capabilities = ["list"] }', set()),
        (
            'path "secret/data/nexus/+" { capabilities = ["create", "read"] }',
            {"svc-app", "svc-tool", "svc-promoter"},
        ),
        (
            'path "secret/data/nexus/svc-*" {\n capabilities = ["read"]\n}',
            {"svc-app", "svc-tool", "svc-promoter"},
        ),
        ('path "secret/+/svc-app" { capabilities = ["read"] }', set()),
        ('path "/secret/data/nexus/svc-app" { capabilities = ["read"] }', {"svc-app"}),
        (
            (
                'path "secret/data/nexus/*" { capabilities = ["read"] }\n'
                'path "secret/data/nexus/svc-app" { capabilities = ["deny"] }'
            ),
            {"svc-tool", "svc-promoter"},
        ),
        ('# path "secret/data/nexus/svc-app" { capabilities = ["read"] }', set()),
        ("", set()),
    ],
)
def test_a_policy_written_by_hand_is_read_as_vault_reads_it(
    tmp_path: Path, policy: str, readable: set[str]
) -> None:
    access = valid(tmp_path, GOOD)
    found = objects(access)
    found["vault-policy-nexus-read-policy"][2]["policy"] = policy
    known = {"svc-app", "svc-tool", "svc-promoter"}
    live = [(type_, inputs) for type_, _, inputs in found.values()]
    state = facts(live, AccessFacts.of(access), lambda _: True, frozenset())
    assert state.roles["nexus-ci"].accounts & known == readable


@pytest.mark.parametrize(
    ("policies", "gained"),
    [
        (["nexus-read-policy", "root"], {"role nexus-ci now has the policy root, which allows everything"}),
        (["ROOT"], {"role nexus-ci now has the policy root, which allows everything"}),
        (["other"], {"role nexus-ci now has the policy other, undeclared: what it allows is not known"}),
        (["default"], set()),
    ],
)
def test_an_undeclared_policy_is_a_gain_and_what_it_may_allow_is_not_a_loss(
    tmp_path: Path, policies: list[str], gained: set[str]
) -> None:
    access = valid(tmp_path, GOOD)
    declared = AccessFacts.of(access)
    live = [
        (type_, {**inputs, "tokenPolicies": policies} if inputs.get("roleName") == "nexus-ci" else inputs)
        for type_, _, inputs in objects(access).values()
    ]
    found = difference(declared, facts(live, declared, lambda name: not is_own(name), frozenset()))
    assert gained <= {change.sentence for change in found.gains}
    assert bool(found.losses) == (not gained)


def test_a_declared_policy_that_was_deleted_is_a_loss_and_no_undeclared_one(tmp_path: Path) -> None:
    access = valid(tmp_path, GOOD)
    declared = AccessFacts.of(access)
    before = [(type_, inputs) for type_, _, inputs in objects(access).values()]
    live = [(type_, inputs) for type_, inputs in before if type_ != POLICY]
    found = difference(declared, facts(live, declared, lambda name: not is_own(name), policy_names(before)))
    assert found.gains == ()
    assert any(change.sentence.startswith("jobs of orchestrator/* lose secrets") for change in found.losses)
