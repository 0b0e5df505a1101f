"""What `./ciaccess recover` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.recovery.command import _print
from ciaccess.recovery.leftovers import Leftover

if TYPE_CHECKING:
    import pytest


def test_nothing_to_recover_asks_for_nothing_more(capsys: pytest.CaptureFixture[str]) -> None:
    _print("prod", [], yes=False, as_json=False)
    assert (
        capsys.readouterr().out
        == "nothing to recover; to continue a failed run: pulumi up --refresh --stack prod\n"
    )


def test_a_remedy_is_to_do_or_carried_out(capsys: pytest.CaptureFixture[str]) -> None:
    left = [Leftover("lock", "a lock", "remove it: pulumi cancel", lambda: None)]
    for yes, word in ((False, "to do"), (True, "carried out")):
        _print("prod", left, yes=yes, as_json=False)
        printed = capsys.readouterr().out
        assert f"lock: a lock\n  {word}: remove it: pulumi cancel\n" in printed
        assert "Then, before any other run and before a destroy: pulumi up --refresh" in printed
