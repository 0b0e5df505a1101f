from __future__ import annotations

import re
import shlex

import pytest

from ciaccess.cli.application import COMMANDS
from ciaccess.local_stack.places import Record
from ciaccess.verification.local import first_steps
from tests.support.access.organisation import organisation

PORTS = {"vault": 18200, "nexus": 18081, "nexus_push": 18443, "nexus_pull": 18444, "gitlab": 18929}


@pytest.mark.parametrize(("program", "system"), [("vault", "Vault"), ("/opt/openbao/bao", "OpenBao")])
def test_first_steps_have_this_stacks_values(program: str, system: str) -> None:
    access = organisation()
    text = first_steps(access, "svc-executor", Record(ports=PORTS, vault=program))
    assert f"{len(access.accounts)} accounts" in text
    for port in PORTS.values():
        assert f"127.0.0.1:{port}" in text
    assert f"  {system} " in text
    assert f"{program.rpartition('/')[2]} kv get secret/nexus/svc-executor" in text
    assert "local/vault-token" in text


def test_first_steps_name_commands_that_exist() -> None:
    text = first_steps(organisation(), "svc-executor", Record(ports=PORTS))
    named = [shlex.split(line)[1] for line in re.findall(r"^  \./ciaccess.*", text, re.MULTILINE)]
    assert named
    assert set(named) <= set(COMMANDS)


def test_first_steps_fit_a_usual_terminal() -> None:
    text = first_steps(organisation(), "svc-executor", Record(ports=PORTS))
    assert max(map(len, text.splitlines())) <= 110
