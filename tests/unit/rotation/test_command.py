"""`./ciaccess rotate` without `--up`: the YAML and nothing else; and what it refuses before anything is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ciaccess.access import load
from ciaccess.access.model.checks_dates import today
from ciaccess.atomic_file import write_beside
from ciaccess.clients.credentials import KNOWN
from ciaccess.rotation import count_up
from tests.support.access.access import GOOD, ORGANISATION, edited
from tests.support.cli.commands import ciaccess

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.project.project import Done


class Yaml:
    """An access.yaml of the test's own, the settings of a stack that name it, and the command on both."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = folder / "access.yaml"
        self.path.write_text(GOOD, encoding="utf-8")
        self._settings = folder / "Pulumi.test.yaml"
        self._settings.write_text(f"config:\n  ciaccess:access: {self.path}\n", encoding="utf-8")
        self._capsys = capsys

    @property
    def text(self) -> str:
        """Return what it holds."""
        return self.path.read_text(encoding="utf-8")

    def rotate(self, *words: str) -> Done:
        """Run the command."""
        return ciaccess(
            self._capsys, "rotate", *words, "--stack", "test", "--config-file", str(self._settings)
        )


@pytest.fixture
def yaml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Yaml:
    return Yaml(tmp_path, capsys)


def entry(count: int) -> str:
    return f"    rotation: {{count: {count}, date: {today()}}}\n"


def test_it_counts_up_and_says_what_to_commit(yaml: Yaml) -> None:
    yaml.path.chmod(0o640)
    done = yaml.rotate("svc-app").succeeded()
    assert done.out.splitlines() == [
        "svc-app: rotation 1 → 2, alternate, svc-app → svc-app-b",
        f"Commit the change: git commit -m 'Rotate svc-app' -- {yaml.path}",
        "The passwords change with the next pulumi up --stack test",
    ]
    line = "    pull: [docker]\n"
    assert yaml.text == edited((line, f"{line}{entry(2)}"))
    assert yaml.path.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in yaml.path.parent.iterdir() if path.name.startswith(".")] == []


def test_it_tells_machines_the_same(yaml: Yaml) -> None:
    told = yaml.rotate("svc-admin", "--json").succeeded().json()
    assert told["applied"] is False
    assert told["accounts"] == [
        {
            "account": "svc-admin",
            "strategy": "in-place",
            "rotation": {"from": 1, "to": 2},
            "user": {"from": "svc-admin", "to": "svc-admin"},
            "keeps_working": [],
            "revoked": [],
            "proved": False,
            "faults": [],
        }
    ]
    assert load(yaml.path).accounts["svc-admin"].rotation.count == 2


def test_a_dry_run_writes_nothing(yaml: Yaml) -> None:
    done = yaml.rotate("--all", "--dry-run").succeeded()
    assert done.out.count("rotation 1 → 2") == 5
    assert yaml.text == GOOD


def test_all_rotates_every_account(yaml: Yaml) -> None:
    yaml.rotate("--all").succeeded()
    assert {account.rotation.count for account in load(yaml.path).accounts.values()} == {2}


def test_due_rotates_what_is_too_old_and_nothing_else(yaml: Yaml) -> None:
    line = "    purpose: Promotion\n"
    yaml.path.write_text(
        edited((line, f"{line}    rotation: {{max_age: 30d, date: 2026-01-01, count: 4}}\n")),
        encoding="utf-8",
    )
    yaml.rotate("--due").succeeded()
    assert f"rotation: {{max_age: 30d, date: {today()}, count: 5}}" in yaml.text
    assert (
        yaml.rotate("--due").succeeded().out
        == "nothing is due: no max_age has passed (an account without one is never due)\n"
    )
    assert yaml.text.count("rotation") == 1


def test_the_pipelines_own_accounts_have_one_rotation(yaml: Yaml) -> None:
    yaml.path.write_text(ORGANISATION.read_text(encoding="utf-8"), encoding="utf-8")
    done = yaml.rotate("svc-ciaccess-writer").succeeded()
    assert "svc-ciaccess-reader → svc-ciaccess-reader-b" in done.out
    assert "svc-ciaccess-writer → svc-ciaccess-writer-b" in done.out
    declared = load(yaml.path).pipeline
    assert declared is not None
    assert declared.rotation.count == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "choose what to rotate"),
        (("svc-app", "--all"), "choose what to rotate"),
        (("--all", "--due"), "choose what to rotate"),
        (("svc-nope",), 'account "svc-nope" is not declared. Declared accounts: svc-app'),
        (("--all", "--emergency"), "--emergency needs the names"),
        (("svc-app", "--emergency"), "nothing was rotated: the environment lacks NEXUS_USERNAME"),
    ],
)
def test_what_it_refuses_changes_nothing(
    yaml: Yaml, words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KNOWN:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    done = yaml.rotate(*words)
    assert done.code in (1, 3)
    assert said in done.err
    assert yaml.text == GOOD


def test_a_file_with_faults_is_refused_as_everywhere(yaml: Yaml) -> None:
    yaml.path.write_text(edited(("version: 1", "version: 2")), encoding="utf-8")
    done = yaml.rotate("svc-app")
    assert done.code == 1
    assert "version: 2 is not allowed" in done.err


def test_somebody_who_edits_at_the_same_time_loses_nothing(
    yaml: Yaml, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = edited(("purpose: Applications", "purpose: Others"))

    def meanwhile(target: Path, content: bytes, suffix: str) -> Path:
        yaml.path.write_text(other, encoding="utf-8")
        return write_beside(target, content, suffix)

    monkeypatch.setattr(count_up, "write_beside", meanwhile)
    done = yaml.rotate("svc-app")
    assert done.code == 1
    assert "the file changed meanwhile" in done.err
    assert yaml.text == other
    assert len(list(yaml.path.parent.iterdir())) == 2, "no scratch file is left"


def test_a_stack_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    done = ciaccess(capsys, "rotate", "svc-app", "--stack", "nope")
    assert done.code == 1
    assert "there is no stack 'nope'" in done.err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    done = ciaccess(capsys, "rotate", "--help")
    assert done.code == 0
    assert "--emergency" in done.out
    assert "Examples" in done.out


def test_json_and_text_agree_on_what_is_next(yaml: Yaml) -> None:
    told = json.loads(yaml.rotate("svc-app", "--dry-run", "--json").out)
    assert told["next"] == "Dry run: nothing was changed. To rotate, run again without --dry-run"
    assert told["dry_run"] is True


def test_a_former_account_is_rotated_by_its_own_entry(yaml: Yaml) -> None:
    until = today().isoformat()
    rotation = "rotation: {count: 2, max_age: 30d}"
    entry = f"    formerly:\n      svc-old: {{until: {until}, {rotation}}}   # renamed\n"
    purpose = "    purpose: Applications\n"
    yaml.path.write_text(edited((purpose, purpose + entry)), encoding="utf-8")
    done = yaml.rotate("svc-old").succeeded()
    assert done.out.splitlines()[0] == "svc-old: rotation 2 → 3, alternate, svc-old-b → svc-old"
    counted = f"rotation: {{count: 3, max_age: 30d, date: {until}}}}}   # renamed"
    assert counted in yaml.text
    yaml.rotate("svc-app").succeeded()
    assert counted in yaml.text, "its successor's rotation is another one"
    found = load(yaml.path).accounts
    assert (found["svc-old"].rotation.count, found["svc-app"].rotation.count) == (3, 2)
    assert (
        yaml.rotate("--due").succeeded().out
        == "nothing is due: no max_age has passed (an account without one is never due)\n"
    )


def test_a_former_account_whose_day_is_over_is_none_to_rotate(yaml: Yaml) -> None:
    purpose = "    purpose: Applications\n"
    entry = "    formerly: {svc-old: {until: 2026-01-31, rotation: 1}}\n"
    yaml.path.write_text(edited((purpose, purpose + entry)), encoding="utf-8")
    done = yaml.rotate("svc-old")
    assert done.code == 1
    assert 'account "svc-old" is not declared. ' in done.err
