"""Clocks that disagree by ten minutes: the id_token is too new or too old for Vault, and that is said; a minute is forgiven."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.own_pipeline.identities import own_token, run_as
from tests.support.project.project import STACK

if TYPE_CHECKING:
    from tests.support.project.project import Project

TEN_MINUTES = 600


@pytest.mark.parametrize("seconds", [50, -340])  # a job's token lives five minutes
def test_clocks_may_differ_by_a_minute(bootstrapped: Project, seconds: int) -> None:
    run_as(bootstrapped, "preview", "true", issued_at_offset_seconds=seconds).succeeded()


@pytest.mark.parametrize(
    ("seconds", "said"), [(TEN_MINUTES, "token not yet valid"), (-TEN_MINUTES, "token is expired")]
)
def test_clocks_that_differ_by_more_are_said_with_both_times(
    bootstrapped: Project, seconds: int, said: str
) -> None:
    refused = run_as(bootstrapped, "preview", "true", issued_at_offset_seconds=seconds)
    assert refused.code == 3
    assert said in refused.err
    assert "UTC; Vault lets clocks differ by 60 s; here it is " in refused.err
    assert "set the clocks of GitLab, Vault and the runner by NTP" in refused.err


def test_verify_says_so_too(bootstrapped: Project) -> None:
    file = bootstrapped.folder / "late.jwt"
    file.write_text(own_token(bootstrapped, issued_at_offset_seconds=-TEN_MINUTES), encoding="ascii")
    words = ("--stack", STACK, "--file", str(bootstrapped.access), "--id-token-file", str(file))
    refused = bootstrapped.ciaccess("verify", *words)
    assert refused.code in (2, 3), refused.text
    assert "token is expired" in refused.text
    assert "Vault lets clocks differ by 60 s" in " ".join(refused.text.split())
