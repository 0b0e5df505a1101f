"""Who gains and who loses by an edit, in the words that a reviewer reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ciaccess.access import load
from ciaccess.analysis.changes import Risk
from ciaccess.analysis.difference import difference
from ciaccess.analysis.facts import AccessFacts, Grant, Held, Holder, Right
from tests.support.access.organisation import edited, organisation

if TYPE_CHECKING:
    from pathlib import Path

EXECUTOR = "    push: [yum, raw]\n    path: /orchestrator/executor/"
CLAIMS = "namespace_path: [orchestrator, orchestrator/*]"
DEPLOYER = "    roles: [nx-pull-all]"
SECRETS = "svc-bench, svc-datastore, svc-deployer, svc-executor, svc-fsdb, svc-orchestrator and svc-promoter"
LIMITS = """      token_bound_cidrs: [10.0.0.0/8]
      bound_subject: project_path:orchestrator/executor:ref_type:branch:ref:main
      token_num_uses: 2
      token_explicit_max_ttl: 30m
      token_no_default_policy: true"""
LESS_PULLED = (
    "may no longer pull every format in every repository "
    "(still docker in every repository and npm in every repository)"
)

# What is replaced by what; the sentences of the gains and of the losses.
EDITS: list[tuple[str, str, list[str], list[str]]] = [
    (
        "    purpose: Bench\n    push: [yum]",
        "    purpose: Bench\n    push: [yum, npm]",
        ["svc-bench may now push npm in npm-dev"],
        [],
    ),
    ("        - svc-bench\n", "", [], ["jobs of orchestrator/* lose secret svc-bench"]),
    (
        EXECUTOR,
        "    push: [yum, raw]",
        [
            "svc-executor may now push raw in raw-dev and yum in rpm-dev (so far only under /orchestrator/executor/)"
        ],
        [],
    ),
    (
        EXECUTOR,
        "    push: [raw]\n    path: /orchestrator/executor/",
        [],
        ["svc-executor may no longer push yum in rpm-dev under /orchestrator/executor/"],
    ),
    (
        "    purpose: Bench\n    push: [yum]",
        "    purpose: Bench\n    push: [yum]\n    path: /bench/",
        [],
        ["svc-bench may no longer push yum in rpm-dev (still under /bench/)"],
    ),
    (DEPLOYER, "    pull: [docker]\n" + DEPLOYER, [], []),
    (
        "    promote: [docker, yum, raw, pypi, npm]",
        "    promote: [docker, yum, raw, pypi]",
        [],
        [
            "svc-promoter may no longer pull npm in npm-dev",
            "svc-promoter may no longer push npm in npm-prod and npm-uat",
        ],
    ),
    (
        CLAIMS,
        "namespace_path: [orchestrator, orchestrator/*, tools]",
        [
            f"jobs of projects directly in tools may now log in with role nexus-ci too, and read secrets {SECRETS}"
        ],
        [],
    ),
    (CLAIMS, "namespace_path: [orchestrator, orchestrator/*, orchestrator/ci]", [], []),
    (
        CLAIMS,
        f'{CLAIMS}\n        ref_protected: "true"',
        [],
        [
            "role nexus-ci now requires ref_protected true: only jobs of orchestrator/* on protected refs may log in"
        ],
    ),
    (
        CLAIMS,
        "namespace_path: [orchestrator]",
        [],
        [
            f"jobs of subgroups of orchestrator can no longer log in with role nexus-ci, and lose secrets {SECRETS}"
        ],
    ),
    (
        "token_ttl: 10m",
        "token_ttl: 30m",
        ["a Vault token of role nexus-ci is now valid for 30 min, before 10 min"],
        [],
    ),
    (
        "token_ttl: 10m",
        "token_ttl: 90s",
        [],
        ["a Vault token of role nexus-ci now lives only 90 s, not 10 min"],
    ),
    (
        "token_ttl: 10m",
        "token_ttl: 10m\n      token_max_ttl: 1h",
        ["a Vault token of role nexus-ci can now be renewed to live 60 min, not 10 min"],
        [],
    ),
    (
        "token_ttl: 10m",
        "token_ttl: 10m\n      token_type: batch",
        ["Vault tokens of role nexus-ci are now batch tokens, which cannot be revoked"],
        [],
    ),
    (
        "bound_audiences: [https://gitlab.shared.cwiq.io]",
        "bound_audiences: [vault]",
        ["role nexus-ci now accepts id_tokens for the audience vault"],
        ["role nexus-ci no longer accepts id_tokens for the audience https://gitlab.shared.cwiq.io"],
    ),
    (
        "    discovery_url: ${gitlab.url}",
        "    jwks_url: ${gitlab.url}/oauth/discovery/keys",
        [
            "Vault now verifies id_tokens with the keys from https://gitlab.shared.cwiq.io/oauth/discovery/keys"
        ],
        ["Vault no longer verifies id_tokens with the keys from https://gitlab.shared.cwiq.io"],
    ),
    (
        "    pull: all",
        "    pull: [docker, npm]",
        [],
        [
            f"users with the Nexus role nx-pull-all {LESS_PULLED}",
            f"svc-deployer {LESS_PULLED}",
        ],
    ),
    ("    purpose: Bench", "    purpose: Benchmarks", [], []),
    (
        "token_ttl: 10m",
        f"token_ttl: 10m\n{LIMITS}",
        [],
        [
            "role nexus-ci now admits jobs from 10.0.0.0/8, before any network",
            "role nexus-ci now admits jobs with sub project_path:orchestrator/executor:ref_type:branch:ref:main, before any sub",
            "a Vault token of role nexus-ci may now be used 2 times, before without limit",
            "a Vault token of role nexus-ci now ends 30 min after the login, before when it is no longer renewed",
            "Vault tokens of role nexus-ci now have no policy default, before Vault's policy default too",
        ],
    ),
]


@pytest.mark.parametrize(("old", "new", "gains", "losses"), EDITS)
def test_an_edit_says_who_gains_and_who_loses(
    tmp_path: Path, old: str, new: str, gains: list[str], losses: list[str]
) -> None:
    found = difference(AccessFacts.of(organisation()), AccessFacts.of(load(edited(tmp_path, (old, new)))))
    assert [change.sentence for change in found.gains] == gains
    assert [change.sentence for change in found.losses] == losses


@pytest.mark.parametrize(("old", "new", "gains", "losses"), EDITS)
def test_the_way_back_gains_what_the_way_there_lost(
    tmp_path: Path, old: str, new: str, gains: list[str], losses: list[str]
) -> None:
    edit = AccessFacts.of(load(edited(tmp_path, (old, new))))
    back = difference(edit, AccessFacts.of(organisation()))
    assert (len(back.gains), len(back.losses)) == (len(losses), len(gains))


def test_a_new_format_under_a_folder_reads_as_the_reviewers_say_it(tmp_path: Path) -> None:
    before = edited(tmp_path, (EXECUTOR, EXECUTOR.replace("yum, raw", "raw")))
    (gain,) = difference(AccessFacts.of(load(before)), AccessFacts.of(organisation())).gains
    assert gain.sentence == "svc-executor may now push yum in rpm-dev under /orchestrator/executor/"


def test_no_edit_is_no_difference() -> None:
    facts = AccessFacts.of(organisation())
    assert not difference(facts, facts)


@pytest.mark.parametrize(
    ("old", "new", "risks"),
    [
        ("token_ttl: 10m", "token_ttl: 11m", (Risk.TTL,)),
        ("token_ttl: 10m", "token_ttl: 10m\n      token_type: batch", (Risk.IRREVOCABLE,)),
        (
            CLAIMS,
            "namespace_path: [orchestrator, orchestrator/*, tools, tools/*]",
            (Risk.WIDER, Risk.WILDCARD),
        ),
        ("    purpose: Bench\n", "    purpose: Bench\n    roles: [nx-pull-all]\n", (Risk.WILDCARD,)),
        ("    purpose: Bench\n", "    purpose: Bench\n    promote: [raw]\n", (Risk.RELEASE,)),
        (
            "  svc-admin:",
            "  svc-boss:\n    purpose: Another\n    roles: [nx-admin]\n  svc-admin:",
            (Risk.ADMIN,),
        ),
        (
            "    discovery_url: ${gitlab.url}",
            "    discovery_url: https://gitlab.example.org",
            (Risk.TRUST,),
        ),
    ],
)
def test_a_gain_that_deserves_a_second_look_is_marked(
    tmp_path: Path, old: str, new: str, risks: tuple[Risk, ...]
) -> None:
    after = AccessFacts.of(load(edited(tmp_path, (old, new))))
    assert difference(AccessFacts.of(organisation()), after).risks == tuple(
        risk for risk in Risk if risk in risks
    )


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "[10.0.0.0/8]",
            '["0.0.0.0/0", "::/0"]',
            "role nexus-ci now admits jobs from 0.0.0.0/0 and ::/0, before 10.0.0.0/8",
        ),
        ("[10.0.0.0/8]", '["::/0"]', "role nexus-ci now admits jobs from ::/0, before 10.0.0.0/8"),
        (
            "uses: 2",
            "uses: 1000",
            "a Vault token of role nexus-ci may now be used 1000 times, before 2 times",
        ),
        ("[10.0.0.0/8]", '["10.1.0.0/16", 10.2.0.1]', ""),
    ],
)
def test_a_limit_that_admits_more_is_a_gain(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    limited = edited(tmp_path, ("token_ttl: 10m", f"token_ttl: 10m\n{LIMITS}"))
    before = AccessFacts.of(load(limited))
    limited.write_text(limited.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    found = difference(before, AccessFacts.of(load(limited)))
    assert [change.sentence for change in found.gains] == [sentence] * bool(sentence)
    assert not found.gains or found.risks in ((Risk.WIDER,), (Risk.TTL,))


def test_a_repository_of_releases_that_becomes_dev_is_marked(tmp_path: Path) -> None:
    swapped = edited(
        tmp_path, ("dev: rpm-dev, uat: rpm-uat, prod: rpm-prod", "dev: rpm-prod, uat: rpm-uat, prod: rpm-dev")
    )
    found = difference(AccessFacts.of(organisation()), AccessFacts.of(load(swapped)))
    (gain,) = [each for each in found.gains if each.subject == "svc-bench"]
    assert (gain.sentence, gain.risks) == ("svc-bench may now push yum in rpm-prod", (Risk.RELEASE,))


def test_a_secret_of_an_administrator_within_reach_of_jobs_is_an_admin_right() -> None:
    """The rules refuse such a YAML; a preview's facts may still come to this."""
    facts = AccessFacts.of(organisation())
    role = facts.roles["nexus-ci"]
    reaching = replace(facts, roles={"nexus-ci": replace(role, accounts=role.accounts | {"svc-admin"})})
    (gain,) = difference(facts, reaching).gains
    assert (gain.sentence, gain.risks) == ("jobs of orchestrator/* gain secret svc-admin", (Risk.ADMIN,))


def test_an_administrator_gains_nothing_by_a_grant() -> None:
    facts = AccessFacts.of(organisation())
    admin = Holder("svc-admin")
    more = replace(
        facts,
        held={
            **facts.held,
            admin: Held(
                (Grant("raw", "raw-dev", "delete"),), (*facts.held[admin].rights, Right("nx-users-read"))
            ),
        },
    )
    assert not difference(facts, more)
    assert not difference(more, facts)


def test_users_with_a_role_are_many_in_words() -> None:
    facts = AccessFacts.of(organisation())
    role = Holder("nx-pull-all", is_role=True)
    rights = (*facts.held[role].rights, Right("nx-all"), Right("nx-search-read"))
    more = replace(facts, held={**facts.held, role: replace(facts.held[role], rights=rights)})
    sentences = [change.sentence for change in difference(facts, more).gains]
    assert "users with the Nexus role nx-pull-all are now administrators of Nexus" in sentences
    assert "users with the Nexus role nx-pull-all now have the Nexus privilege nx-search-read" in sentences


def test_a_renamed_role_takes_from_the_old_name_and_gives_to_the_new_one(tmp_path: Path) -> None:
    after = AccessFacts.of(load(edited(tmp_path, ("    nexus-ci:  ", "    artifacts:  "))))
    found = difference(AccessFacts.of(organisation()), after)
    assert [change.sentence for change in found.gains] == [
        f"jobs of orchestrator/* may log in with the new role artifacts and read secrets {SECRETS}"
    ]
    assert [change.sentence for change in found.losses] == [
        f"jobs of orchestrator/* can no longer log in with role nexus-ci, and lose secrets {SECRETS}"
    ]


def test_a_moved_secret_and_a_moved_login_are_losses_of_those_who_look_there(tmp_path: Path) -> None:
    moved = edited(
        tmp_path, ("    prefix: nexus ", "    prefix: ci "), ("    mount: jwt ", "    mount: gitlab ")
    )
    found = difference(AccessFacts.of(organisation()), AccessFacts.of(load(moved)))
    sentences = [change.sentence for change in found.losses]
    assert not found.gains
    assert "jobs log in at auth/gitlab/login, no longer at auth/jwt/login" in sentences
    assert (
        "secret svc-bench is read at secret/data/ci/svc-bench, no longer at secret/data/nexus/svc-bench"
        in sentences
    )
