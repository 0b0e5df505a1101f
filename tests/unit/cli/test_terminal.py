"""What reaches a terminal."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

from rich.table import Table

from ciaccess.cli.application import application, run
from ciaccess.cli.terminal import confirm, notices, output
from ciaccess.errors import CommandError
from ciaccess.provider.servicer import start_logging

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

_NAME = "svc-x\x1b]0;title\x07\x1b[2J\u202egnp"


def test_a_name_from_a_server_moves_no_cursor_and_turns_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("name")
    table.add_row(_NAME)
    output().print(_NAME, markup=False)
    output().print(table)
    notices().print(_NAME, markup=False)

    def fail() -> None:
        raise CommandError(f"undeclared user {_NAME}")

    run(fail)
    written = capsys.readouterr()
    for text in (written.out, written.err):
        assert "svc-x\\u001b]0;title\\u0007" in text
        assert not set("\x1b\x07\u202e") & set(text)


def test_a_pipeline_s_text_that_lint_ci_quotes_moves_no_cursor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline = tmp_path / f"{_NAME.replace('/', '')}.yml"
    pipeline.write_text("job:\n  script:\n    - docker login -u u -p secret r\n", encoding="utf-8")
    assert run(lambda: application(["lint-ci", str(pipeline)], standalone_mode=False)) == 2
    text = "".join(capsys.readouterr())
    assert "svc-x\\u001b]0;title\\u0007" in text
    assert not set("\x1b\x07\u202e") & set(text)


def test_a_message_of_the_log_is_one_line_without_control_characters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    monkeypatch.setenv("CIACCESS_LOG", str(log))
    root = logging.getLogger()
    before = list(root.handlers), root.level
    try:
        start_logging()
        logging.getLogger("x").warning("user %s", f"{_NAME}\n2026-01-01 forged")
    finally:
        for handler in set(root.handlers) - set(before[0]):
            root.removeHandler(handler)
            handler.close()
        root.setLevel(before[1])
    assert log.read_text(encoding="utf-8").splitlines()[0].endswith("2026-01-01 forged")
    assert "\x1b" not in log.read_text(encoding="utf-8")


def test_a_question_that_nobody_can_answer_ends_its_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    run(lambda: confirm("Delete it?"))
    assert "\nerror: there is no terminal to confirm on" in capsys.readouterr().err
