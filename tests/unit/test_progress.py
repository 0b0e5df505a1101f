from __future__ import annotations

import io
import re
import sys
import time

import pytest

from ciaccess.progress import Step, format_duration, print_remark


def test_elapsed_is_written_as_people_read_it() -> None:
    assert [format_duration(4.21), format_duration(187)] == ["4.2 s", "3 min 07 s"]


def test_a_step_says_that_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    with pytest.raises(ValueError, match="no"), Step("building"):
        raise ValueError("no")
    assert "building failed after" in said.getvalue()


class Terminal(io.StringIO):
    """A terminal of a test."""

    def isatty(self) -> bool:
        return True


def test_steps_under_way_at_once_share_a_line_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = Terminal()
    monkeypatch.setattr(sys, "stderr", printed)
    monkeypatch.setattr("ciaccess.progress._TERMINAL_INTERVAL_SECONDS", 0.01)
    monkeypatch.setenv("COLUMNS", "60")
    with Step("installing the pinned Python packages"), Step("building pulumi") as second:
        second.note("3 packages compiled, 7 modules downloaded")
        while "building pulumi…" not in printed.getvalue():
            time.sleep(0.01)
    lines = [re.sub(r"\x1b\[K", "", line) for line in re.split(r"[\r\n]", printed.getvalue())]
    shared = [line for line in lines if "building" in line and "installing" in line]
    assert shared
    assert max(map(len, shared)) < 60
    assert [line.split(" in ")[0].strip() for line in lines if "done" in line] == [
        "building pulumi done",
        "installing the pinned Python packages done",
    ]


def test_a_remark_has_a_line_of_its_own_beside_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = Terminal()
    monkeypatch.setattr(sys, "stderr", printed)
    with Step("building"):
        print_remark("no release from here")
    print_remark("done")
    assert "\r\x1b[K  no release from here\n" in printed.getvalue()
    assert printed.getvalue().endswith("\n  done\n")
