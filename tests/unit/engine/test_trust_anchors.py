"""Trust anchors are asked of the Vault of the environment, and an edit of where they are kept does not hide them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ciaccess.access.desired.trust_anchors import trust_anchors
from ciaccess.engine.trust_anchors import check_known_anchors
from ciaccess.errors import CommandError
from tests.support.access.access import GOOD, valid
from tests.support.servers.scripted_server import ScriptedServer, in_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ciaccess.access import Access

PATH = "GET /v1/secret/data/ciaccess/trust-anchors"
PIPELINE = "pipeline: {project: a/b, audience: x}\n"


@pytest.fixture
def access(tmp_path: Path) -> Access:
    """What an administrator has confirmed."""
    return valid(tmp_path, GOOD + PIPELINE)


@pytest.fixture
def confirmed(access: Access, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """A Vault that has it, and is the environment's."""
    with ScriptedServer() as server:
        monkeypatch.setenv("VAULT_TOKEN", "t")
        value = {"value": json.dumps(trust_anchors(access))}
        server.answers(PATH, in_json({"data": {"data": value, "metadata": {"version": 1}}}))
        yield server


def test_confirmed_anchors_pass(access: Access, confirmed: ScriptedServer) -> None:
    check_known_anchors(access, {"VAULT_ADDR": confirmed.url})
    assert confirmed.asked(PATH)


@pytest.mark.parametrize("there", ["refused", "missing", "forged"])
@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (
            ("vault.example.org", "vault.evil.example"),
            "vault.address: https://vault.evil.example",
        ),
        (
            (PIPELINE, "pipeline: {project: a/b, audience: x, secrets: elsewhere}\n"),
            "pipeline.secrets: elsewhere",
        ),
        ((PIPELINE, ""), "pipeline.project: missing, confirmed is a/b"),
    ],
)
def test_any_other_is_refused_wherever_the_yaml_has_them_kept(
    tmp_path: Path, confirmed: ScriptedServer, edit: tuple[str, str], field: str, there: str
) -> None:
    """Also where a team's own folder, which its members write, has anchors that the edit is equal to."""
    edited = valid(tmp_path, (GOOD + PIPELINE).replace(*edit))
    forged = {"data": {"value": json.dumps(trust_anchors(edited))}, "metadata": {"version": 1}}
    answers = {
        "refused": in_json({"errors": []}, 403),
        "missing": in_json({"errors": []}, 404),
        "forged": in_json({"data": forged}),
    }
    confirmed.answers("GET /v1/secret/data/elsewhere/trust-anchors", answers[there])
    with pytest.raises(CommandError) as raised:
        check_known_anchors(edited, {"VAULT_ADDR": confirmed.url})
    assert field in str(raised.value)


@pytest.mark.parametrize("status", [403, 404])
def test_a_vault_without_them_or_that_does_not_show_them_is_left_to_other_checks(
    access: Access, confirmed: ScriptedServer, status: int
) -> None:
    confirmed.answers(PATH, in_json({"errors": []}, status))
    check_known_anchors(access, {"VAULT_ADDR": confirmed.url})
