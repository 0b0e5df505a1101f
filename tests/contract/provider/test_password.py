from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.provider.plugin import Engine, PluginError, RefusedInputsError, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "ciaccess:index:Password"


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine({}) as engine:
        yield engine


def test_a_password_is_made_once_and_stays(engine: Engine) -> None:
    engine.up(TOKEN, "p", version=1)
    first = engine.state["p"].outputs["result"]
    engine.restart()
    assert engine.refresh("p") == set()
    assert engine.up(TOKEN, "p", version=1) == "same"
    assert engine.state["p"].outputs["result"] == first


def test_another_version_is_another_password(engine: Engine) -> None:
    engine.up(TOKEN, "p", version=1)
    first = engine.state["p"].outputs["result"]
    assert engine.up(TOKEN, "p", version=2) == "update"
    assert engine.state["p"].outputs["result"] != first


def test_it_is_always_a_secret_and_its_id_tells_nothing(engine: Engine) -> None:
    engine.up(TOKEN, "p", version=1)
    assert engine.state["p"].secrets == {"result"}
    assert engine.state["p"].id == "password"
    assert "result" not in engine.state["p"].inputs


def test_its_fingerprint_is_no_secret_and_changes_with_it(engine: Engine) -> None:
    engine.up(TOKEN, "p", version=1)
    first = dict(engine.state["p"].outputs)
    assert re.fullmatch(r"[0-9a-f]{12}", first["fingerprint"])
    assert "fingerprint" not in engine.state["p"].inputs
    engine.up(TOKEN, "p", version=2)
    assert engine.state["p"].outputs["fingerprint"] != first["fingerprint"]


def test_a_refresh_gives_an_older_state_its_fingerprint(engine: Engine) -> None:
    engine.up(TOKEN, "p", version=1)
    made = engine.state["p"].outputs.pop("fingerprint")
    assert engine.refresh("p") == set()
    assert engine.state["p"].outputs["fingerprint"] == made


def test_it_survives_shells_urls_and_json_and_no_two_are_alike(engine: Engine) -> None:
    made = {
        engine.create(TOKEN, "p", engine.check(TOKEN, "p", {"version": 1})).outputs["result"]
        for _ in range(50)
    }
    assert len(made) == 50
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9._~-]{39}", each) for each in made)


def test_a_preview_does_not_know_it_yet(engine: Engine) -> None:
    engine.is_preview = True
    planned = engine.create(TOKEN, "p", engine.check(TOKEN, "p", {"version": 1}))
    assert planned.outputs["result"] == "04da6b54-80e4-46f7-96ec-b56ff0331ba9", (
        "the engine's word for unknown"
    )
    assert planned.secrets == {"result"}


def test_a_preview_of_a_rotation_changes_nothing(engine: Engine) -> None:
    engine.up(TOKEN, "p", version=1)
    first = engine.state["p"].outputs["result"]
    assert engine.preview(TOKEN, "p", version=2) == "update"
    assert engine.state["p"].outputs["result"] == first


@pytest.mark.parametrize("version", [0, -1, 1.5, "1", True, None])
def test_a_version_that_is_no_whole_number_from_one_is_refused(engine: Engine, version: object) -> None:
    with pytest.raises(RefusedInputsError) as refused:
        engine.up(TOKEN, "p", version=version)
    assert "a whole number" in refused.value.reasons["version"]


def test_a_given_result_is_refused_and_not_shown(engine: Engine) -> None:
    with pytest.raises(RefusedInputsError) as refused:
        engine.up(TOKEN, "p", version=1, result=Secret("hunter22-hunter22"))
    assert refused.value.reasons[""].startswith("result: cannot be given")
    assert "hunter22" not in str(refused.value)


def test_an_import_keeps_the_password_of_the_environment_variable(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLD_PASSWORD", "the-password-of-before")
    held = engine.import_(TOKEN, "p", "env:OLD_PASSWORD:3")
    assert held.outputs == {"version": 3.0, "result": "the-password-of-before", "fingerprint": ""}
    assert held.secrets == {"result"}
    assert held.id == "password"
    assert engine.up(TOKEN, "p", version=3) == "same"
    assert engine.up(TOKEN, "p", version=4) == "update"


def test_an_import_by_the_password_itself_is_refused_because_ids_are_not_encrypted(engine: Engine) -> None:
    with pytest.raises(PluginError, match="ids are not encrypted") as refused:
        engine.import_(TOKEN, "p", "hunter22-hunter22")
    assert "hunter22" not in str(refused.value)


def test_an_import_of_an_unset_variable_says_so(engine: Engine) -> None:
    with pytest.raises(PluginError, match="environment variable NOT_SET_AT_ALL is not set"):
        engine.import_(TOKEN, "p", "env:NOT_SET_AT_ALL")


def test_destroy_asks_nobody(engine: Engine) -> None:
    engine.up(TOKEN, "p", version=1)
    engine.destroy("p")


def test_one_of_many_is_destroyed_for_itself(engine: Engine) -> None:
    engine.up(TOKEN, "a", version=1)
    engine.up(TOKEN, "b", version=1)
    engine.destroy("a")
    assert engine.refresh("b") == set()
