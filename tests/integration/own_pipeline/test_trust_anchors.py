"""A job whose access.yaml moves a trust anchor gets no credentials, from the real Vault."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from tests.support.own_pipeline.identities import bootstrap, run_as
from tests.support.project.project import STACK
from tests.support.servers.scripted_server import ScriptedServer

if TYPE_CHECKING:
    from tests.support.project.project import Project

EVIL = "http://127.0.0.1:9"


def test_a_moved_address_is_refused_and_named_before_the_command_runs(bootstrapped: Project) -> None:
    text = bootstrapped.access.read_text(encoding="utf-8")
    bootstrapped.access.write_text(
        text.replace(
            "  audience: https://vault.shared.cwiq.io",
            "  audience: https://vault.shared.cwiq.io\n  secrets: ciaccess\n  branch: other",
            1,
        ).replace("  branch: main\n", "", 1),
        encoding="utf-8",
    )
    try:
        done = run_as(bootstrapped, "preview", "echo", "ran")
        assert done.code == 1
        assert "pipeline.branch: other, confirmed is main" in done.err
        assert "./ciaccess bootstrap" in done.err
        assert "ran" not in done.out
    finally:
        bootstrapped.access.write_text(text, encoding="utf-8")
    assert "ran" in run_as(bootstrapped, "preview", "echo", "ran").succeeded().out


@pytest.mark.parametrize("place", ["access.yaml", "the stack's settings"])
def test_preview_up_and_drift_refuse_a_moved_nexus_before_they_send_it_anything(
    bootstrapped: Project, place: str
) -> None:
    """By an administrator's own hands, outside run-as."""
    settings = bootstrapped.folder / f"Pulumi.{STACK}.yaml"
    kept = {file: file.read_text(encoding="utf-8") for file in (bootstrapped.access, settings)}
    with ScriptedServer() as elsewhere:
        document = YAML().load(kept[settings])
        addresses = json.loads((bootstrapped.local / "addresses.json").read_text(encoding="utf-8"))
        if place == "access.yaml":
            del addresses["nexus"]
            bootstrapped.edit("url: https://nexus.shared.cwiq.io", f"url: {elsewhere.url}")
        else:
            addresses["nexus"] = elsewhere.url
        document["config"]["ciaccess:addresses"] = addresses
        YAML().dump(document, settings)
        options = ("--stack", STACK, "--config-file", str(settings))
        try:
            tried = {
                "preview": bootstrapped.ciaccess("preview", *options),
                "pulumi preview": bootstrapped.preview(),
                "up": bootstrapped.up("--refresh"),
                "run-as": run_as(bootstrapped, "preview", "true"),
            }
        finally:
            for file, text in kept.items():
                file.write_text(text, encoding="utf-8")
        assert elsewhere.requests == []
    for name, done in tried.items():
        if name != "run-as":
            assert done.code not in (0, 2), name
            assert f"nexus.url: {elsewhere.url}, confirmed is {bootstrapped.address('nexus')}" in done.text, (
                name
            )
            assert "an administrator runs ./ciaccess bootstrap" in done.text, name


def test_drift_refuses_an_issuer_that_was_not_confirmed(bootstrapped: Project) -> None:
    bootstrapped.edit("    issuer: ${gitlab.url}\n", "    issuer: https://issuer.example\n")
    try:
        refused = bootstrapped.ciaccess("drift", "--stack", STACK, "--file", str(bootstrapped.access))
    finally:
        bootstrapped.edit("    issuer: https://issuer.example\n", "    issuer: ${gitlab.url}\n")
    assert refused.code == 1
    assert "vault.jwt.issuer: https://issuer.example, confirmed is " in refused.err


def test_a_stack_that_was_bootstrapped_before_there_were_anchors_is_refused_until_it_is_again(
    bootstrapped: Project,
) -> None:
    path = {"path": "ciaccess/trust-anchors", "mount_point": "secret"}
    bootstrapped.vault().secrets.kv.v2.delete_metadata_and_all_versions(**path)
    done = run_as(bootstrapped, "apply", "echo", "ran")
    assert (done.code, "Vault has no secret/ciaccess/trust-anchors" in done.err) == (1, True)
    bootstrap(bootstrapped).succeeded()
    run_as(bootstrapped, "apply", "echo", "ran").succeeded()
