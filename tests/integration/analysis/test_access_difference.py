"""`./ciaccess access --diff`: against real revisions of a real repository."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from ciaccess.cli.revisions import content_at
from ciaccess.errors import CommandError
from tests.support.access.organisation import ORGANISATION, edited
from tests.support.cli.commands import ciaccess

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.project.project import Done

Capture = pytest.CaptureFixture[str]
BENCH = ("    purpose: Bench\n    push: [yum]", "    purpose: Bench\n    push: [yum, npm]")


@dataclass
class Checkout:
    """A repository whose first commit, tagged `start`, has the organisation's YAML under config/."""

    folder: Path

    @property
    def file(self) -> Path:
        """Return the YAML."""
        return self.folder / "config" / "access.yaml"

    def git(self, *words: str) -> None:
        """Run git as somebody."""
        who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *words], cwd=self.folder, check=True, capture_output=True)

    def commit(self, name: str) -> None:
        """Commit everything, and tag it."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", name)
        self.git("tag", name)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path / "check out")
    made.file.parent.mkdir(parents=True)
    made.git("init", "-q")
    made.commit("before")
    made.file.write_bytes(ORGANISATION.read_bytes())
    made.commit("start")
    return made


def compare(capsys: Capture, checkout: Checkout, revision: str, *words: str) -> Done:
    return ciaccess(capsys, "access", "--file", str(checkout.file), "--diff", revision, *words)


def test_no_difference_exits_with_0(capsys: Capture, checkout: Checkout) -> None:
    done = compare(capsys, checkout, "start")
    assert (done.code, done.out) == (0, "No account or job gains or loses access.\n\nCompared with: start\n")
    assert compare(capsys, checkout, "start", "--json").json() == {
        "compared_with": "start",
        "gains": [],
        "losses": [],
    }


def test_a_difference_exits_with_2_and_says_who_gains_and_who_loses(
    capsys: Capture, checkout: Checkout
) -> None:
    edited(checkout.file.parent, BENCH, ("        - svc-fsdb\n", ""))
    done = compare(capsys, checkout, "HEAD")
    assert done.code == 2
    assert done.out.splitlines() == [
        "1 gain, 1 loss.",
        "",
        "Who gains",
        "  + svc-bench may now push npm in npm-dev",
        "",
        "Who loses",
        "  - jobs of orchestrator/* lose secret svc-fsdb",
        "",
        "Compared with: HEAD",
    ]


def test_a_committed_change_is_compared_with_the_commit_before(capsys: Capture, checkout: Checkout) -> None:
    edited(checkout.file.parent, BENCH)
    checkout.commit("change")
    assert compare(capsys, checkout, "change").code == 0
    (gain,) = compare(capsys, checkout, "HEAD~1", "--json").json()["gains"]
    assert gain == {"subject": "svc-bench", "sentence": "svc-bench may now push npm in npm-dev", "risks": []}


def test_marks_stand_with_the_sentence_in_every_format(capsys: Capture, checkout: Checkout) -> None:
    edited(checkout.file.parent, ("token_ttl: 10m", "token_ttl: 1h"))
    sentence = "a Vault token of role nexus-ci is now valid for 60 min, before 10 min"
    table = compare(capsys, checkout, "start").out
    assert f"+ {sentence}  [longer ttl]" in table
    assert "1 gain, 0 losses. Look twice: longer ttl." in table
    assert f"- {sentence} **⚠ longer ttl**" in compare(capsys, checkout, "start", "--format", "markdown").out
    assert compare(capsys, checkout, "start", "--json").json()["gains"][0]["risks"] == ["longer ttl"]
    page = compare(capsys, checkout, "start", "--format", "html").out
    assert '<strong class="mark">longer ttl</strong>' in page
    assert "svc-deployer" in page, "the page shows what comes of the change, too"


def test_the_riskiest_gain_comes_first(capsys: Capture, checkout: Checkout) -> None:
    edited(checkout.file.parent, BENCH, ("token_ttl: 10m", "token_ttl: 1h"))
    lines = [line for line in compare(capsys, checkout, "start").out.splitlines() if line.startswith("  + ")]
    assert "longer ttl" in lines[0]


@pytest.mark.parametrize(
    ("revision", "text"),
    [
        ("nowhere", "look up revision 'nowhere': git does not know it here. Fetch it first"),
        ("--output=/tmp/x", "look up revision '--output=/tmp/x'"),
        ("", "look up revision ''"),
        ("before", "read access.yaml of 'before': it was not there then"),
        ("broken", "compare with 'broken': the YAML of then is refused"),
    ],
)
def test_a_revision_that_cannot_be_compared_says_why(
    capsys: Capture, checkout: Checkout, revision: str, text: str
) -> None:
    checkout.file.write_text("version: 2\n", encoding="utf-8")
    checkout.commit("broken")
    checkout.file.write_bytes(ORGANISATION.read_bytes())
    done = compare(capsys, checkout, revision)
    assert (done.code, done.out) == (1, "")
    assert text in done.err


def test_a_file_outside_any_repository_says_so(capsys: Capture, tmp_path: Path) -> None:
    done = ciaccess(capsys, "access", "--file", str(edited(tmp_path)), "--diff", "HEAD")
    assert done.code == 1
    assert "look up revision 'HEAD'" in done.err


def test_a_file_outside_any_checkout_says_so(tmp_path: Path) -> None:
    file = tmp_path / "access.yaml"
    file.write_bytes(ORGANISATION.read_bytes())
    with pytest.raises(CommandError, match="is not in a git checkout"):
        content_at("HEAD", file)
