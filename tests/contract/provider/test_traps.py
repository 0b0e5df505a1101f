"""The traps of pulumi.provider.experimental (facts on Pulumi), each shown to be handled, through the servicer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pulumi.runtime import proto

from ciaccess.provider import servicer
from ciaccess.provider.kinds.vault_preconditions import VaultPreconditions
from tests.support.provider.plugin import Engine, PluginError, RefusedInputsError, Secret, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers.nexus import NexusProcess

PRECONDITIONS, ROLE = "ciaccess:vault:Preconditions", "ciaccess:nexus:Role"
WIRE_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine({"nexus_url": "http://127.0.0.1:9"}) as engine:
        yield engine


def test_a_read_returns_inputs_and_outputs(nexus: NexusProcess, nexus_engine: Engine, unique: str) -> None:
    del nexus
    nexus_engine.up(ROLE, "r", role_id=unique, name="n")
    found = nexus_engine.read(nexus_engine.state["r"])
    assert set(found.inputs) == {"role_id", "name", "description", "privileges", "roles", "adopt"}
    assert set(found.properties) == set(found.inputs) - {"adopt"}


def test_an_unknown_value_comes_and_goes_as_the_engine_s_word_for_it(engine: Engine) -> None:
    checked = engine.check(ROLE, "r", {"role_id": Unknown(), "name": "n", "privileges": ["a", Unknown()]})
    assert checked["role_id"] == WIRE_UNKNOWN
    assert checked["privileges"] == WIRE_UNKNOWN, "a list with an unknown item is unknown as a whole"
    engine.is_preview = True
    planned = engine.create(ROLE, "r", checked)
    assert planned.id == ""
    assert planned.outputs["role_id"] == WIRE_UNKNOWN


def test_an_unknown_secret_stays_a_secret(engine: Engine) -> None:
    engine.is_preview = True
    planned = engine.create(
        ROLE, "r", engine.check(ROLE, "r", {"role_id": Unknown(), "name": Secret(Unknown())})
    )
    assert planned.secrets == {"name"}


def test_what_the_program_says_is_a_secret_stays_one(nexus_engine: Engine, unique: str) -> None:
    inputs = {
        "role_id": unique,
        "name": "n",
        "description": Secret("between-us"),
        "privileges": [Secret("nx-all")],
    }
    nexus_engine.up(ROLE, "r", **inputs)
    assert nexus_engine.state["r"].secrets == {"description", "privileges"}
    nexus_engine.restart()
    assert nexus_engine.refresh("r") == set()
    assert nexus_engine.state["r"].secrets == {"description", "privileges"}
    assert nexus_engine.up(ROLE, "r", **inputs) == "same"


def test_secrets_are_compared_by_value(nexus_engine: Engine, unique: str) -> None:
    nexus_engine.up(ROLE, "r", role_id=unique, name="n", description="as-it-was")
    assert nexus_engine.up(ROLE, "r", role_id=unique, name="n", description=Secret("as-it-was")) == "same"


def test_the_difference_of_the_provider_s_own_config_is_left_to_the_engine(engine: Engine) -> None:
    answer = engine.call("DiffConfig", proto.DiffRequest())
    assert answer.changes == proto.DiffResponse.DIFF_UNKNOWN
    assert not answer.replaces


def test_an_address_that_is_no_url_is_refused_by_name(engine: Engine) -> None:
    for address in ("nexus.example.com", "ftp://x", "https://admin:pw@nexus.example.com"):
        with pytest.raises(RefusedInputsError) as refused:
            engine.check_config({"nexus_url": address, "gitlab_url": "https://gitlab.example.com"})
        assert set(refused.value.reasons) == {"nexus_url"}
        assert "pw" not in str(refused.value)
    engine.check_config({"nexus_url": Unknown(), "access": "config/access.yaml"})


def test_what_the_plugin_asks_of_the_engine() -> None:
    with Engine({}) as engine:
        answer = engine.call("Configure", proto.ConfigureRequest())
    assert answer.acceptSecrets, "else secrets would come unmarked"
    assert answer.supportsPreview
    assert not answer.acceptOutputs, "the SDK cannot read an output value without dependencies"
    assert not answer.acceptResources


@pytest.mark.parametrize("verb", ["Construct", "Call", "Invoke", "GetMapping", "Parameterize", "Handshake"])
def test_what_is_not_offered_is_said_in_one_line(engine: Engine, verb: str) -> None:
    with pytest.raises(PluginError, match=f"^ciaccess has no {verb}$"):
        engine.call(verb, None)


def test_an_unknown_type_is_named_with_those_that_there_are(engine: Engine) -> None:
    with pytest.raises(
        PluginError, match=r"^ciaccess:nexus:Rolle is not a resource type .* ciaccess:nexus:Role,"
    ):
        engine.up("ciaccess:nexus:Rolle", "r")


def test_a_request_before_the_provider_is_configured_is_said_in_one_line(engine: Engine) -> None:
    engine.unconfigured()
    with pytest.raises(PluginError, match="the provider is not configured yet"):
        engine.up(PRECONDITIONS, "p")


def test_a_fault_of_ours_is_one_line_without_its_text_and_the_traceback_is_in_the_log_alone(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("hunter22-of-a-user")

    monkeypatch.setattr(VaultPreconditions, "create", broken)
    with caplog.at_level("DEBUG", logger=servicer.LOG.name), pytest.raises(PluginError) as failed:
        engine.up(PRECONDITIONS, "p")
    line = str(failed.value)
    assert line.startswith("create: internal error of ciaccess (KeyError at test_traps.py:")
    assert "CIACCESS_LOG=<file>" in line
    assert "hunter22" not in line
    assert "Traceback" not in line
    assert "Traceback" in caplog.text


def test_a_secret_is_concealed_in_an_error_of_any_system(nexus_engine: Engine, unique: str) -> None:
    secret = "hunter22-hunter22"
    with pytest.raises(PluginError) as failed:
        nexus_engine.up(ROLE, "r", role_id=unique, name="n", privileges=[Secret(secret)])
    assert "not found" in str(failed.value)
    assert secret not in str(failed.value)


def test_a_refused_secret_is_not_named_as_a_property_because_the_engine_would_show_its_value(
    engine: Engine,
) -> None:
    with pytest.raises(RefusedInputsError) as refused:
        engine.check(ROLE, "r", {"role_id": "r", "name": Secret("hunter22\nhunter23"), "description": 1})
    assert set(refused.value.reasons) == {"", "description"}
    assert refused.value.reasons[""].startswith(
        "name: the secret value is not allowed. Allowed: 1 to 200 characters"
    )


def test_changes_that_are_to_be_ignored_are_no_difference_and_are_not_written(
    nexus: NexusProcess, nexus_engine: Engine, unique: str
) -> None:
    nexus_engine.up(ROLE, "r", role_id=unique, name="n", description="d", privileges=["nx-search-read"])
    wanted = {"role_id": unique, "name": "n", "description": "other", "privileges": ["nx-all"]}
    checked = nexus_engine.check(ROLE, "r", wanted)
    held = nexus_engine.state["r"]
    assert set(nexus_engine.diff(held, checked, ("privileges[0]",)).detailedDiff) == {"description"}
    request = proto.UpdateRequest(
        urn=held.urn, id=held.id, olds=held.raw_outputs, news=checked, ignoreChanges=["privileges"]
    )
    nexus_engine.call("Update", request)
    assert nexus.rest("GET", f"/security/roles/{unique}")["privileges"] == ["nx-search-read"]


def test_nothing_is_begun_after_the_engine_cancelled(
    nexus: NexusProcess, nexus_engine: Engine, unique: str
) -> None:
    nexus_engine.call("Cancel", None)
    nexus.forget_requests()
    with pytest.raises(PluginError, match="cancelled before this request started"):
        nexus_engine.up(ROLE, "r", role_id=unique, name="n")
    assert not [route for route in nexus.requests() if "/simulator/" not in route]
