from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ciaccess.access import ConfigError, load
from ciaccess.access.reading import document
from ciaccess.access.reading.loader import check
from tests.support.access.access import GOOD, checked, edited, valid

if TYPE_CHECKING:
    from pathlib import Path

LOCAL = {
    "vault": "http://127.0.0.1:18200",
    "nexus": "http://127.0.0.1:18081/nexus",
    "push_registry": "127.0.0.1:18443",
    "pull_registry": "127.0.0.1:18444",
    "gitlab": "http://127.0.0.1:18929",
}


def test_references_take_the_addresses_of_the_file(tmp_path: Path) -> None:
    access = valid(tmp_path, GOOD)
    variables = access.gitlab.groups["orchestrator"].variables
    assert access.vault.jwt.issuer == "https://gitlab.example.org"
    assert variables["VAULT_ADDR"].value == "https://vault.example.org"
    assert variables["IMAGE"].value == "nexus.example.org:8444/${CI_PROJECT_PATH}", (
        "GitLab's own stays as it is"
    )


def test_a_stacks_addresses_reach_every_reference_without_another_copy_of_the_file(tmp_path: Path) -> None:
    access = valid(tmp_path, GOOD, LOCAL)
    variables = access.gitlab.groups["orchestrator"].variables
    assert (access.vault.address, access.nexus.url) == (LOCAL["vault"], LOCAL["nexus"])
    assert access.vault.jwt.discovery_url == LOCAL["gitlab"]
    assert variables["VAULT_ADDR"].value == LOCAL["vault"]
    assert variables["NEXUS_REGISTRY_PUSH"].value == LOCAL["push_registry"]
    assert access.vault.roles["nexus-ci"].bound_audiences == ["https://gitlab.example.org"]


def test_one_address_of_a_stack_leaves_the_others(tmp_path: Path) -> None:
    access = valid(tmp_path, GOOD, {"vault": "https://vault.internal.example.org"})
    assert access.vault.address == "https://vault.internal.example.org"
    assert access.nexus.url == "https://nexus.example.org"


def test_a_stacks_bad_address_is_said_to_be_the_stacks(tmp_path: Path) -> None:
    (fault,) = checked(tmp_path, GOOD, {"vault": "http://vault.internal"}).faults
    assert fault.field == "vault.address"
    assert fault.message == (
        '"http://vault.internal" would carry credentials in plain text (by the stack\'s ciaccess:addresses)'
    )


def test_an_unknown_address_of_a_stack_is_refused_with_a_guess(tmp_path: Path) -> None:
    (fault,) = checked(tmp_path, GOOD, {"vualt": "https://vault.example.com"}).faults
    assert (fault.field, fault.remedy) == ("ciaccess:addresses.vualt", "Did you mean vault?")


def test_a_literal_vault_addr_is_refused_where_the_stack_has_another(tmp_path: Path) -> None:
    text = edited(("VAULT_ADDR: ${vault.address}", "VAULT_ADDR: https://vault.example.org"))
    assert checked(tmp_path, text).faults == ()
    (fault,) = checked(tmp_path, text, {"vault": "https://vault.example.com"}).faults
    assert fault.remedy == "Write ${vault.address}"


def test_load_raises_with_every_fault_and_check_returns_them(tmp_path: Path) -> None:
    text = edited(("version: 1", "version: 2"), ("svc-app, svc-tool", "svc-app"))
    found = checked(tmp_path, text)
    with pytest.raises(ConfigError) as raised:
        load(tmp_path / "access.yaml")
    assert raised.value.faults == found.faults
    assert [fault.severity for fault in found.faults] == ["error", "warning"]
    assert str(raised.value) == str(found.faults[0]), "a warning is not why it is refused"


def test_a_warning_alone_does_not_stop_load(tmp_path: Path) -> None:
    found = checked(tmp_path, edited(("svc-app, svc-tool", "svc-app")))
    assert [fault.severity for fault in found.faults] == ["warning"]
    assert load(tmp_path / "access.yaml") == found.access


def test_short_and_long_forms_mean_the_same(tmp_path: Path) -> None:
    long = edited(
        ("VAULT_ADDR: ${vault.address}", 'VAULT_ADDR: {value: "${vault.address}"}'),
        ("token_ttl: 10m", "token_ttl: 600"),
        ("ref_protected: true", 'ref_protected: ["true"]'),
    )
    assert valid(tmp_path, long) == valid(tmp_path, GOOD)


def test_defaults_are_those_of_the_organisation(tmp_path: Path) -> None:
    lean = edited(("  kv: {mount: secret, prefix: nexus}\n", ""), ("    mount: jwt\n", ""))
    access = valid(tmp_path, lean)
    assert (access.vault.kv.mount, access.vault.kv.prefix, access.vault.jwt.mount) == (
        "secret",
        "nexus",
        "jwt",
    )
    assert not access.vault.kv.manage
    assert (access.vault.roles["nexus-ci"].longest_ttl, access.vault.roles["nexus-promote"].longest_ttl) == (
        600,
        900,
    )


# Anything that YAML can say, and much of what it cannot.
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
SOME = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def assert_refused_or_read_and_both_times_alike(path: Path) -> None:
    first, again = check(path), check(path)
    assert first == again
    assert (first.access is None) == any(fault.severity == "error" for fault in first.faults)
    for fault in first.faults:
        assert fault.line >= 1
        assert fault.column >= 1
        assert "\n" not in str(fault)
        json.dumps(fault.to_json())


@SOME
@given(
    content=st.text(alphabet=st.sampled_from("ab: -[]{}&*!|>'\"\n\t#%@`?,~0"), max_size=60)
    | st.binary(max_size=60)
)
def test_arbitrary_text_raises_nothing(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert_refused_or_read_and_both_times_alike(path)


def places(data: Any, path: document.YamlPath = ()) -> list[document.YamlPath]:
    found = [path] if path else []
    if isinstance(data, dict):
        found += [place for key, value in data.items() for place in places(value, (*path, key))]
    elif isinstance(data, list):
        found += [place for index, value in enumerate(data) for place in places(value, (*path, index))]
    return found


@pytest.fixture(scope="module")
def good_data(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("good") / "good.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return document.read(path).data


@SOME
@given(data=st.data())
def test_any_value_in_any_place_raises_nothing(tmp_path: Path, good_data: Any, data: st.DataObject) -> None:
    changed = copy.deepcopy(good_data)
    place = data.draw(st.sampled_from(places(good_data)))
    parent = changed
    for step in place[:-1]:
        parent = parent[step]
    parent[place[-1]] = data.draw(ANYTHING)
    path = tmp_path / "changed.yaml"
    # JSON is YAML but for what JSON has not: not-a-number and lone surrogates become text.
    path.write_text(json.dumps(changed), encoding="utf-8")
    assert_refused_or_read_and_both_times_alike(path)


def test_a_thousand_accounts_with_a_thousand_faults_take_no_longer_than_people_wait(tmp_path: Path) -> None:
    accounts = "".join(
        f"  app-{n:04}:\n    purpose: Application\n    push: [docker, dcker]\n" for n in range(1000)
    )
    names = "".join(f", apq-{n:04}" for n in range(1000))
    found = checked(tmp_path, edited(("svc-app, svc-tool", f"svc-app, svc-tool{names}")) + accounts)
    unknown = [fault for fault in found.faults if fault.message.startswith("there is no account")]
    assert len(unknown) == 1000
    assert sum(fault.remedy.startswith("Did you mean") for fault in unknown) == 20, "guesses are dear"
    assert len(found.faults) == 2000, "an account that no role names may be meant by one of these"
