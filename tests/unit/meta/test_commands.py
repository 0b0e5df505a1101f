"""Every command, and every sub-command, says in its --help what its exit codes are, and gives an example."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import typer
from typer._click.core import Context
from typer.core import TyperGroup

from ciaccess.cli.application import application, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer._click.core import Command


def commands_of(command: Command, name: str = "") -> Iterator[tuple[str, Command]]:
    """Yield the commands that do something, by their names; a group only lists them."""
    if not isinstance(command, TyperGroup):
        yield name, command
        return
    context = Context(command)
    for each in command.list_commands(context):
        below = command.get_command(context, each)
        assert below is not None
        yield from commands_of(below, f"{name} {each}".strip())


COMMANDS = dict(commands_of(typer.main.get_command(application)))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_its_exit_codes_and_gives_an_example(name: str) -> None:
    command = COMMANDS[name]
    assert "Exit code" in (command.help or ""), f"./ciaccess {name} --help says nothing of exit codes"
    assert f"./ciaccess {name}" in (command.epilog or ""), f"./ciaccess {name} --help has no example"
    assert all(getattr(each, "help", "") for each in command.params if each.param_type_name == "option"), (
        f"./ciaccess {name} has an option that is not explained"
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_examples_can_be_copied_from_its_help(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each has a line of its own, which a terminal of 80 columns does not break, and no blanks at its end."""
    monkeypatch.setenv("COLUMNS", "80")
    run(lambda: application([*name.split(), "--help"], prog_name="./ciaccess", standalone_mode=False))
    shown = capsys.readouterr().out
    heading, *examples = (COMMANDS[name].epilog or "").splitlines()
    assert heading.strip() in ("Example:", "Examples:")
    assert all("./ciaccess " in line for line in examples)
    assert "\n".join(("", heading, *examples, "")) in shown, f"./ciaccess {name} --help breaks them"
