"""A job whose access.yaml moves a trust anchor gets no credentials, from the real Vault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.own_pipeline.identities import bootstrap, run_as

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


def test_a_stack_that_was_bootstrapped_before_there_were_anchors_is_refused_until_it_is_again(
    bootstrapped: Project,
) -> None:
    path = {"path": "ciaccess/trust-anchors", "mount_point": "secret"}
    bootstrapped.vault().secrets.kv.v2.delete_metadata_and_all_versions(**path)
    done = run_as(bootstrapped, "apply", "echo", "ran")
    assert (done.code, "Vault has no secret/ciaccess/trust-anchors" in done.err) == (1, True)
    bootstrap(bootstrapped).succeeded()
    run_as(bootstrapped, "apply", "echo", "ran").succeeded()
