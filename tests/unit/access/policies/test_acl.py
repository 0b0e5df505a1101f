"""Cases that surprise; that the whole agrees with Vault is tests/integration/access/policies/test_vaults_own_decision.py."""

from __future__ import annotations

import pytest

from ciaccess.access.policies.acl import Acl, Right
from ciaccess.access.policies.hcl import HclError, parse

HERE = "secret/data/nexus/svc-x"
FOLDER = "secret/data/nexus"


def rule(path: str, *capabilities: str, more: str = "") -> str:
    words = ", ".join(f'"{word}"' for word in capabilities)
    return f'path "{path}" {{ capabilities = [{words}]\n{more} }}\n'


def reads(*texts: str, path: str = HERE) -> Right:
    return Acl.of({f"p{number}": text for number, text in enumerate(texts)}).may(path).right


@pytest.mark.parametrize(
    ("path", "right"),
    [
        (HERE, Right.YES),
        (f"/{HERE}", Right.YES),
        ("secret/data/nexus/*", Right.YES),
        ("secret/data/nexus/svc-*", Right.YES),
        ("secret/data/+/svc-x", Right.YES),
        ("+/data/+/svc-*", Right.YES),
        ("secret/*", Right.YES),
        ("*", Right.YES),
        ("secret/data/nexus/svc-", Right.NO),
        ("secret/data/nexus", Right.NO),
        ("secret/nexus/svc-x", Right.NO),
        ("secret/data/+", Right.NO),
        ("secret/data/nexus/svc.x", Right.NO),
        ("secret/*/nexus/svc-x", Right.NO),
        ("secret/data/nexus/svc-+", Right.NO),
        (f"{HERE}/*", Right.NO),
        (f"//{HERE}", Right.NO),
        ("secret/data/nexus/{{identity.entity.name}}", Right.CANNOT_TELL),
        ("secret/{{identity.entity.metadata.folder}}/*", Right.CANNOT_TELL),
        ("secret/data/other/{{identity.entity.name}}", Right.NO),
        ("secret/data/nexus/{{identity.entity.name}}-own", Right.NO),
    ],
)
def test_a_pattern_lets_exactly_what_it_matches_be_read(path: str, right: Right) -> None:
    assert reads(rule(path, "read")) is right


def test_one_rule_decides_whether_it_grants_or_denies() -> None:
    wide, denied = rule("secret/data/*", "read"), rule("secret/data/nexus/*", "deny")
    assert reads(wide, denied) is Right.NO
    assert reads(wide, denied, rule("secret/data/nexus/+", "read")) is Right.YES
    assert reads(wide, rule(HERE, "list")) is Right.NO
    assert reads(wide, rule("secret/data/other", "deny")) is Right.YES
    assert reads(rule(HERE, "read"), rule(HERE, "deny"), rule(f"/{HERE}", "read")) is Right.NO


def test_a_templated_path_is_not_passed_over_unless_it_cannot_matter() -> None:
    template = "secret/data/nexus/{{identity.entity.name}}"
    assert reads(rule(HERE, "read"), rule(template, "deny")) is Right.CANNOT_TELL
    assert reads(rule(HERE, "read"), rule(template, "read")) is Right.YES
    assert reads(rule(template, "list")) is Right.NO


@pytest.mark.parametrize(
    "text",
    [
        'path "x" {',
        'path "x" { capabilities = ["reed"] }',
        'path "x" { capabilities = "read" }',
        'path "x" { capabilities = ["read"] capabilities = ["deny"] }',
        'path "x" { capabilities = ["read"] unheard_of = 1 }',
        'path "x" "y" { capabilities = ["read"] }',
        'path "+*" { capabilities = ["read"] }',
        'path "a/{{identity" { capabilities = ["read"] }',
        'path "${x}" { capabilities = ["read"] }',
        'path "x" { policy = "all" }',
        'key "x" { capabilities = ["read"] }',
        'path "x" { capabilities = ["read" "list"] }',
        '{"path": ["x"]}',
        '{"path": {"x": {"capabilities": ["read"]}}',
        "<<END\nx\nEND\n",
    ],
)
def test_a_policy_that_is_not_understood_is_never_without_rules(text: str) -> None:
    decision = Acl.of({"good": rule(HERE, "read"), "bad": text}).may(HERE)
    assert decision.right is Right.CANNOT_TELL
    assert "policy bad" in decision.reason


@pytest.mark.parametrize(
    "text",
    [
        f'{{"path": {{"{HERE}": {{"capabilities": ["read"]}}}}}}',
        f'{{"path": [{{"x": {{"policy": "deny"}}}}, {{"{HERE}": [{{"policy": "read"}}]}}]}}',
        f'# path\n// x\n/* " {"{"} */ name = "x" path "{HERE}" {{ policy = "write", comment = "a" }}',
        f'"path" "{HERE}" {{ "capabilities" = ["list", "read",] }}',
        f'path {HERE.replace("/", "x")} {{ policy = "sudo" }} path "{HERE}" {{ policy = "sudo" }}',
    ],
)
def test_every_spelling_of_a_rule_is_read(text: str) -> None:
    assert reads(text) is Right.YES


@pytest.mark.parametrize(
    ("more", "right"),
    [
        ('min_wrapping_ttl = "1m"', Right.YES),
        ('min_wrapping_ttl = "1m" max_wrapping_ttl = 30', Right.NO),
        ('required_parameters = ["version"]', Right.YES),
        ('required_parameters = ["a"] denied_parameters = { "A" = [] }', Right.NO),
        ('required_parameters = ["a"] denied_parameters { "*" = [] }', Right.NO),
        ('required_parameters = ["a"] allowed_parameters = { b = [] }', Right.NO),
        ('required_parameters = ["a"] allowed_parameters = { "*" = [] }', Right.YES),
        ('required_parameters = ["a"] allowed_parameters = { "a" = ["1"] }', Right.CANNOT_TELL),
        ('denied_parameters = { "*" = [] }', Right.YES),
        ('allowed_parameters = { "b" = ["x", 1, true] }', Right.YES),
        ('mfa_methods = ["totp"]', Right.CANNOT_TELL),
        ('control_group = { factor "ops" { identity { approvals = 1 } } }', Right.CANNOT_TELL),
    ],
)
def test_what_a_request_must_have_besides_counts_where_it_matters_to_a_read(more: str, right: Right) -> None:
    assert reads(rule(HERE, "read", more=more)) is right


@pytest.mark.parametrize(
    ("texts", "right"),
    [
        ([rule("secret/*", "read")], Right.YES),
        ([rule("secret/*", "list", "delete", "sudo")], Right.NO),
        ([rule("secret/data/+/new-*", "update")], Right.YES),
        ([rule("secret/data/nexus/ghost", "read")], Right.YES),
        ([rule("secret/data/nexus/+/*", "read")], Right.NO),
        ([rule("secret/*", "read"), rule("secret/data/nexus/+", "deny")], Right.NO),
        ([rule("secret/*", "read"), rule("secret/data/nexus/*", "list")], Right.NO),
        ([rule("+/+/+/svc-x", "read"), rule("secret/data/*", "deny")], Right.NO),
        ([rule("secret/data/nexus/{{identity.entity.id}}", "patch")], Right.CANNOT_TELL),
        ([rule("identity/{{identity.entity.id}}", "read")], Right.NO),
        ([rule("secret/{{identity.entity.metadata.folder}}/svc-x", "read")], Right.CANNOT_TELL),
        ([rule("{{identity.entity.metadata.folder}}/+", "read")], Right.CANNOT_TELL),
        ([rule("secret/data/nexus/svc-*", "deny"), rule("secret/data/nexus/s*", "read")], Right.YES),
        (["path"], Right.CANNOT_TELL),
        ([], Right.NO),
    ],
)
def test_a_folder_is_reached_where_any_of_its_secrets_is(texts: list[str], right: Right) -> None:
    acl = Acl.of({f"p{number}": text for number, text in enumerate(texts)})
    assert acl.may_somewhere(f"{FOLDER}/+").right is right


def test_root_may_do_everything() -> None:
    acl = Acl.of({"root": ""})
    assert acl.may(HERE).right is Right.YES
    assert acl.may_somewhere(f"{FOLDER}/+").right is Right.YES


@pytest.mark.parametrize(
    "text",
    [
        'path "x" { allowed_parameters = { a = ' + "[" * 20_000 + "]" * 20_000 + " } }",
        'path "x" { a ' + "{ a " * 20_000,
        '{"path": ' * 20_000,
        'path "x" { max_wrapping_ttl = ' + "9" * 10_000 + " }",
        '{"path": {"x": {"max_wrapping_ttl": ' + "9" * 10_000 + "}}}",
    ],
    ids=["lists", "blocks", "JSON", "a number", "a number in JSON"],
)
def test_a_policy_that_is_built_to_break_a_reader_is_a_fault_of_the_policy(text: str) -> None:
    with pytest.raises(HclError):
        parse(text)
