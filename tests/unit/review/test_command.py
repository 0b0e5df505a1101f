"""`./ciaccess preview` with an engine that says what it is told to: exit codes, outputs, and what it is asked."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from ciaccess.clients.errors import ConflictError, RefusedError, ServerError
from ciaccess.engine.failures import record
from tests.support.access.access import GOOD, edited, valid
from tests.support.cli.commands import ciaccess
from tests.support.engine.events import Engine
from tests.support.review.looked_at import TOKEN, addresses, systems
from tests.support.servers.scripted_server import in_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.project.project import Done
    from tests.support.servers.scripted_server import ScriptedServer

FAILED = json.dumps({"summaryEvent": {"result": "failed"}})


def error(message: str) -> str:
    return json.dumps({"diagnosticEvent": {"severity": "error", "message": f"error: {message}\n"}})


@dataclass
class Stack:
    """A stack on `server`, with an engine of which `says` are the lines and `code` is the exit code."""

    folder: Path
    server: ScriptedServer
    capsys: pytest.CaptureFixture[str]

    def says(self, *lines: str, code: int = 0) -> None:
        (self.folder / "events").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        engine = self.folder / "bin" / "pulumi"
        engine.parent.mkdir(exist_ok=True)
        folder = f"'{self.folder}'"
        engine.write_text(
            f'#!/bin/sh\necho "$*" >{folder}/words\nenv >{folder}/environment\n'
            f'[ ! -e {folder}/failures ] || cat {folder}/failures >>"$CIACCESS_FAILURES"\n'
            f"cat {folder}/events\nexit {code}\n"
        )
        engine.chmod(engine.stat().st_mode | stat.S_IXUSR)

    def changes(self, *edits: tuple[str, str]) -> None:
        """Make the engine say what it would for an edit of the YAML that is applied so far."""
        found = addresses(self.server)
        before, after = valid(self.folder, GOOD, found), valid(self.folder, edited(*edits), found)
        self.says(*Engine(before, after).lines())

    def preview(self, *words: str) -> Done:
        settings = str(self.folder / "Pulumi.x.yaml")
        return ciaccess(self.capsys, "preview", "--stack", "x", "--config-file", settings, *words)


@pytest.fixture
def stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Stack]:
    with systems(monkeypatch) as server:
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        monkeypatch.delenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", raising=False)
        settings = {"ciaccess:access": str(tmp_path / "access.yaml"), "ciaccess:addresses": addresses(server)}
        YAML().dump({"config": settings}, tmp_path / "Pulumi.x.yaml")
        (tmp_path / "access.yaml").write_text(GOOD, encoding="utf-8")
        yield Stack(tmp_path, server, capsys)


def test_nothing_to_change_is_clean(stack: Stack) -> None:
    stack.changes()
    done = stack.preview()
    assert done.code == 0, done.text
    assert done.out.startswith("Nothing changes.")


def test_a_change_is_a_difference(stack: Stack) -> None:
    stack.changes(("roles: [nx-pull-all, nx-search]", "roles: [nx-pull-all]"))
    done = stack.preview()
    assert done.code == 2, done.text
    assert "svc-deployer no longer has the Nexus privilege nx-search-read" in done.out


def test_the_engine_runs_once_refreshed_streamed_and_without_any_secret_in_its_words(stack: Stack) -> None:
    stack.changes()
    stack.preview()
    words = (stack.folder / "words").read_text(encoding="utf-8").split()
    assert words[:3] == ["preview", "--refresh", "--json"]
    assert words[-1] == "--non-interactive"
    assert "planted" not in " ".join(words)
    assert "PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true" in (stack.folder / "environment").read_text()


def test_what_a_killed_run_did_is_not_taken_for_a_manual_change(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{stack.folder}")
    locks = stack.folder / ".pulumi" / "locks" / "organization" / "ciaccess" / "x"
    locks.mkdir(parents=True)
    (locks / "1.json").write_text(
        '{"pid": 7, "username": "ci", "hostname": "there", "timestamp": "2026-11-29T10:00:00Z"}'
    )
    found = valid(stack.folder, GOOD, addresses(stack.server))
    stack.says(*Engine(found, found, {"svc-deployer": None}).lines())
    done = stack.preview()
    assert done.code == 2, done.text
    assert "process 7 of ci on there, since 2026-11-29T10:00:00Z locks the stack" in done.out
    assert "./ciaccess recover --stack x" in done.out


@pytest.mark.parametrize(
    "words", [("--json",), ("--json", "--html", "x.html"), ("--json=-",), ("--json", "-")]
)
def test_json_without_a_file_goes_to_standard_output_alone(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(stack.folder)
    stack.changes()
    assert stack.preview(*words).json()["clean"] is True


def test_reports_are_written_to_the_files_named_beside_what_is_shown(stack: Stack) -> None:
    stack.changes(("token_ttl: 10m", "token_ttl: 5m"))
    files = {name: stack.folder / name for name in ("json", "markdown", "html", "terraform-report")}
    done = stack.preview(*(word for name, path in files.items() for word in (f"--{name}", str(path))))
    assert "Objects that this change alters" in done.out
    texts = {name: path.read_text(encoding="utf-8") for name, path in files.items()}
    assert json.loads(texts["terraform-report"]) == {"create": 0, "update": 1, "delete": 0}
    assert json.loads(texts["json"])["changes"][0]["name"] == "nexus-ci"
    assert texts["markdown"].startswith("## Preview of ciaccess, stack x\n")
    assert texts["html"].startswith("<!doctype html>")


def test_a_file_that_cannot_be_written_is_an_error(stack: Stack) -> None:
    stack.changes()
    done = stack.preview("--html", str(stack.folder / "no-such-folder" / "x.html"))
    assert done.code == 1
    assert "Name a file that can be written" in done.err


@pytest.mark.parametrize("code", [0, 1, 255])
def test_an_engine_that_failed_is_an_error_whatever_it_exits_with(stack: Stack, code: int) -> None:
    stack.says(error("the user svc-app exists already"), error("preview failed"), FAILED, code=code)
    counts = stack.folder / "counts.json"
    done = stack.preview("--terraform-report", str(counts))
    assert done.code == 1
    assert done.out.startswith("The preview failed")
    assert "the user svc-app exists already" in done.out
    assert not counts.exists(), "numbers of a preview that failed would be taken for its result"


@pytest.mark.parametrize("lines", [(), ("Segmentation fault",), ('{"resOutputsEvent": 1}',), ("\ufffd\x00",)])
def test_an_engine_that_says_something_else_is_an_error(stack: Stack, lines: tuple[str, ...]) -> None:
    stack.says(*lines)
    done = stack.preview("--json")
    assert done.code == 1
    assert done.json()["clean"] is None
    assert done.json()["error"]


def test_what_the_plugin_could_not_check_is_could_not_look_by_status_and_once(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIACCESS_FAILURES", str(stack.folder / "failures"))
    for name in ("svc-app", "svc-tool"):
        doing = f"read user '{name}'"
        record(ServerError(doing, "Nexus answered 503", "Run again later.", system="Nexus", status=503))
        record(ConflictError(doing, "it exists", "Adopt it.", system="Nexus", status=409))
    stack.says(error("some text of the engine"), FAILED, code=255)
    done = stack.preview("--json")
    assert done.code == 3, done.text
    assert done.json()["could_not_look"] == [
        {
            "system": "Nexus",
            "subject": "Nexus",
            "because": "read user 'svc-tool': Nexus answered 503",
            "remedy": "Run again later.",
        }
    ]


def test_a_failure_of_another_status_is_an_error(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIACCESS_FAILURES", str(stack.folder / "failures"))
    record(RefusedError("read user 'x'", "Nexus answered 400", "Correct it.", system="Nexus", status=400))
    stack.says(error("read user 'x': Nexus answered 400, which mentions 503"), FAILED, code=255)
    assert stack.preview("--json").code == 1


@pytest.mark.parametrize(
    "message",
    [
        "error reading from Vault: Error making API request. Code: 403. Errors: * permission denied",
        "dial tcp 127.0.0.1:8200: connect: connection refused",
    ],
)
def test_what_pulumi_vault_could_not_check_is_could_not_look(stack: Stack, message: str) -> None:
    stack.says(error(message), FAILED, code=255)
    done = stack.preview("--json")
    assert done.code == 3, done.text
    assert message.split(":", maxsplit=1)[0] in done.json()["could_not_look"][0]["because"]


def test_a_system_that_went_away_while_the_engine_ran_is_could_not_look(stack: Stack) -> None:
    stack.says(error("plugin exited"), FAILED, code=255)
    well = in_json({"initialized": True, "sealed": False, "standby": False})
    stack.server.answers("GET /v1/sys/health", well, in_json({"initialized": True, "sealed": True}))
    done = stack.preview()
    assert done.code == 3
    assert "could not look at Vault: it is sealed" in done.text


def test_a_note_that_cannot_be_written_either_leaves_it_at_could_not_look(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_PROJECT_ID", "7")
    monkeypatch.setenv("CI_MERGE_REQUEST_IID", "1")
    stack.server.answers(TOKEN, in_json({"message": "401 Unauthorized"}, 401))
    stack.server.answers("GET /api/v4/user", in_json({"message": "401 Unauthorized"}, 401))
    done = stack.preview("--note")
    assert done.code == 3
    assert "could not look at GitLab:" in done.text
    assert "keep the note: find the note on merge request '!1' of project '7'" in done.err


def test_what_the_engine_says_is_shown_without_credentials(stack: Stack) -> None:
    stack.says(error("no: https://user:planted-password@nexus, hvs.planted"), FAILED, code=1)
    done = stack.preview()
    assert "planted" not in done.text


def test_a_yaml_with_faults_is_an_error_before_anything_is_asked(stack: Stack) -> None:
    (stack.folder / "access.yaml").write_text("version: 2\n", encoding="utf-8")
    done = stack.preview()
    assert done.code == 1
    assert "access.yaml" in done.err
    assert not stack.server.requests


def test_a_stack_without_settings_is_an_error(stack: Stack) -> None:
    done = ciaccess(stack.capsys, "preview", "--stack", "no-such-stack")
    assert done.code == 1
    assert "there is no stack 'no-such-stack'" in done.err
