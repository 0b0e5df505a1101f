from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.provider.plugin import PluginError, RefusedInputsError
from tests.support.servers.scripted_server import ScriptedServer, in_json, make_certificate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.provider.plugin import Engine
    from tests.support.servers.gitlab import GitlabProcess
    from tests.support.servers.vault import VaultProcess

TOKEN = "ciaccess:vault:Preconditions"
POLICY = 'path "secret/data/nexus/x" { capabilities = ["read"] }'


@pytest.fixture(scope="module", autouse=True)
def _mounts(vault: VaultProcess) -> None:
    vault.client.sys.enable_auth_method("jwt")
    vault.client.sys.enable_secrets_engine("kv", path="kv-one", options={"version": "1"})


def declared(*vacant: str, **changes: Any) -> dict[str, Any]:
    return {"vacant": list(vacant), "kv_mount": "secret", "reachable_url": ""} | changes


def paths(unique: str) -> tuple[str, str, str]:
    return f"sys/policies/acl/{unique}", f"auth/jwt/role/{unique}", f"secret/data/nexus/{unique}"


def occupy(vault: VaultProcess, unique: str) -> None:
    vault.client.sys.create_or_update_policy(unique, POLICY)
    claims = {"project_id": "1"}
    role = {"role_type": "jwt", "user_claim": "project_id", "bound_audiences": ["x"], "bound_claims": claims}
    vault.client.write_data(f"auth/jwt/role/{unique}", data=role)
    vault.client.secrets.kv.v2.create_or_update_secret(f"nexus/{unique}", {"password": "planted-password"})


def test_vacant_paths_let_it_go_on_and_a_second_up_asks_nothing(vault_engine: Engine, unique: str) -> None:
    assert vault_engine.preview(TOKEN, "p", **declared(*paths(unique))) == "create"
    assert vault_engine.up(TOKEN, "p", **declared(*paths(unique))) == "create"
    assert vault_engine.up(TOKEN, "p", **declared(*reversed(paths(unique)))) == "same"


@pytest.mark.parametrize("verb", ["preview", "up"])
def test_each_path_that_is_taken_is_named_in_one_error(
    vault_engine: Engine, vault: VaultProcess, unique: str, verb: str
) -> None:
    occupy(vault, unique)
    with pytest.raises(PluginError) as refused:
        getattr(vault_engine, verb)(
            TOKEN, "p", **declared(*paths(unique), f"secret/data/nexus/{unique}-free")
        )
    for path in paths(unique):
        assert f"{path} exists already" in str(refused.value)
    assert f"{unique}-free" not in str(refused.value)
    assert "adopt: true" in str(refused.value)
    assert "planted-password" not in str(refused.value)


def test_what_this_stack_made_since_is_no_obstacle(
    vault_engine: Engine, vault: VaultProcess, unique: str
) -> None:
    vault_engine.up(TOKEN, "p", **declared(*paths(unique)))
    occupy(vault, unique)
    vault_engine.restart()
    assert vault_engine.refresh("p") == set()
    added = f"secret/data/nexus/{unique}-added"
    assert vault_engine.up(TOKEN, "p", **declared(*paths(unique), added)) == "update"


@pytest.mark.parametrize("verb", ["preview", "up"])
def test_a_path_that_is_added_is_looked_at(
    vault_engine: Engine, vault: VaultProcess, unique: str, verb: str
) -> None:
    vault_engine.up(TOKEN, "p", **declared())
    occupy(vault, unique)
    with pytest.raises(PluginError, match=f"secret/data/nexus/{unique} exists already"):
        getattr(vault_engine, verb)(TOKEN, "p", **declared(paths(unique)[2]))


def test_a_secret_whose_latest_version_was_deleted_is_vacant(
    vault_engine: Engine, vault: VaultProcess, unique: str
) -> None:
    occupy(vault, unique)
    vault.client.secrets.kv.v2.delete_latest_version_of_secret(f"nexus/{unique}")
    assert vault_engine.up(TOKEN, "p", **declared(paths(unique)[2])) == "create"


@pytest.mark.parametrize(
    ("mount", "reason"),
    [
        ("kv-one", "the KV engine at kv-one/ has version 1, not 2"),
        ("sys", "no KV engine at sys/"),
        ("nowhere", "Mount it, correct vault.kv.mount, or give the token rights"),
    ],
)
def test_a_mount_that_is_no_kv_version_two_is_refused(vault_engine: Engine, mount: str, reason: str) -> None:
    with pytest.raises(PluginError, match=reason.replace(".", r"\.")):
        vault_engine.up(TOKEN, "p", **declared(kv_mount=mount))


def test_an_issuer_that_answers_lets_it_go_on(vault_engine: Engine, gitlab: GitlabProcess) -> None:
    for url in (gitlab.url, f"{gitlab.url}/oauth/discovery/keys"):
        assert vault_engine.up(TOKEN, url, **declared(reachable_url=url)) == "create"


@pytest.mark.parametrize("path", ["", "/api/v4/version"])
def test_an_issuer_that_does_not_answer_is_refused_before_anything_is_written(
    vault_engine: Engine, vault: VaultProcess, path: str
) -> None:
    url = f"{vault.url}/v1/sys/health" if path else "http://127.0.0.1:9"
    with pytest.raises(PluginError, match=f"ask '{url}': "):
        vault_engine.preview(TOKEN, "p", **declared(reachable_url=url))


def test_a_certificate_must_be_of_the_authority_that_is_declared(
    vault_engine: Engine, tmp_path: Path, unique: str
) -> None:
    """Vault trusts no other one then, and names no reason."""
    authority, server_file = make_certificate(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    pem, wrong = (file.read_text(encoding="ascii") for file in (authority, make_certificate(other)[0]))
    with ScriptedServer(certificate=server_file) as issuer:
        issuer.answers("GET /", in_json({"keys": []}))
        given = declared(reachable_url=issuer.url)
        assert vault_engine.up(TOKEN, unique, **given, authority=pem) == "create"
        with pytest.raises(PluginError, match="correct oidc_discovery_ca_pem or jwks_ca_pem"):
            vault_engine.preview(TOKEN, unique, **given, authority=wrong)


def test_a_token_that_may_not_look_is_an_error_and_never_vacant(
    vault_engine: Engine, vault: VaultProcess, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", vault.token_for(("auth/token/lookup-self", "read")))
    with pytest.raises(PluginError, match=r"look for 'sys/policies/acl/.*Vault answered 403"):
        vault_engine.up(TOKEN, "p", **declared(paths(unique)[0]))


def test_an_import_makes_one_that_knows_no_paths(vault_engine: Engine, unique: str) -> None:
    assert vault_engine.import_(TOKEN, "p", "vault").id == "vault"
    assert vault_engine.up(TOKEN, "p", **declared(*paths(unique))) == "update"


def test_destroy_leaves_vault_as_it_is(vault_engine: Engine, vault: VaultProcess, unique: str) -> None:
    vault_engine.up(TOKEN, "p", **declared(*paths(unique)))
    occupy(vault, unique)
    vault_engine.destroy("p")
    assert vault.client.sys.read_policy(unique)


def test_a_path_that_is_no_api_path_is_refused(vault_engine: Engine) -> None:
    with pytest.raises(RefusedInputsError) as refused:
        vault_engine.up(TOKEN, "p", **declared("/secret/data/x"))
    assert set(refused.value.reasons) == {"vacant"}


def test_an_adoption_goes_on_with_what_it_has_not_reached_and_the_next_up_refuses_that(
    vault_engine: Engine, vault: VaultProcess, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    occupy(vault, unique)
    policy, role, secret = paths(unique)
    monkeypatch.setenv("CIACCESS_ADOPTED", policy)
    assert vault_engine.up(TOKEN, "p", **declared(*paths(unique), f"{secret}-free")) == "create"
    assert set(vault_engine.state["p"].outputs["vacant"]) == {policy, f"{secret}-free"}
    monkeypatch.delenv("CIACCESS_ADOPTED")
    with pytest.raises(PluginError) as refused:
        vault_engine.up(TOKEN, "p", **declared(*paths(unique), f"{secret}-free"))
    assert f"{role} exists already" in str(refused.value)
    assert f"{policy} exists" not in str(refused.value)
    monkeypatch.setenv("CIACCESS_ADOPTED", f"{role} {secret}")
    assert vault_engine.up(TOKEN, "p", **declared(*paths(unique), f"{secret}-free")) == "update"
    monkeypatch.delenv("CIACCESS_ADOPTED")
    assert vault_engine.up(TOKEN, "p", **declared(*paths(unique), f"{secret}-free")) == "same"
