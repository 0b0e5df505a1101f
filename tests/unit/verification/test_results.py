"""From tries to a verdict, JSON and JUnit; what an error of Vault's means."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from ciaccess.cli.terminal import output
from ciaccess.clients.errors import ApiError, UnreachableError, error_class
from ciaccess.clients.redaction import conceal
from ciaccess.verification.logins import refusal
from ciaccess.verification.results import Check, Outcome, Report, Result, Verdict
from ciaccess.verification.tables import show

MUST_WORK = Check("svc-a", "read", "read raw-dev")
MUST_NOT = Check("svc-a", "upload", "upload raw-prod", allowed=False)


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (MUST_WORK.succeed("200"), Outcome.WORKED),
        (MUST_WORK.refuse("403"), Outcome.WRONG),
        (MUST_NOT.refuse("403"), Outcome.REFUSED),
        (MUST_NOT.succeed("201"), Outcome.WRONG),
        (MUST_WORK.fail("400"), Outcome.WRONG),
        (MUST_NOT.not_checked("503"), Outcome.NOT_LOOKED),
    ],
)
def test_an_outcome_is_what_came_beside_what_must_come(result: Result, outcome: Outcome) -> None:
    assert result.outcome is outcome


def test_what_nobody_could_look_at_outweighs_what_is_wrong() -> None:
    good, wrong, unseen = MUST_WORK.succeed("200"), MUST_NOT.succeed("201"), MUST_WORK.not_checked("503")
    assert Report((good,)).verdict is Verdict.AS_IT_MUST_BE
    assert Report((good, wrong)).verdict is Verdict.WRONG
    assert Report((good, wrong, unseen)).verdict is Verdict.COULD_NOT_LOOK
    assert (Verdict.AS_IT_MUST_BE, Verdict.WRONG, Verdict.COULD_NOT_LOOK) == (0, 2, 3)


@pytest.mark.parametrize("result", [MUST_WORK.refuse("403"), MUST_WORK.succeed("200 OK")])
def test_what_failed_may_not_be_applied_yet(result: Result, capsys: pytest.CaptureFixture[str]) -> None:
    show(Report((result,)), output())
    asks = "Is access.yaml newer than the last `pulumi up`?" in capsys.readouterr().out
    assert asks is (result.outcome is Outcome.WRONG)


def test_json_has_each_try_and_the_counts() -> None:
    report = Report((MUST_WORK.succeed("200 OK"), MUST_NOT.succeed("201 Created")), ("a remark",))
    found = json.loads(json.dumps(report.as_json()))
    assert found["verdict"] == "wrong"
    assert found["counts"] == {"worked": 1, "refused": 0, "wrong": 1, "could not look": 0}
    assert found["results"][1] == {
        "subject": "svc-a",
        "kind": "upload",
        "title": "upload raw-prod",
        "allowed": False,
        "outcome": "wrong",
        "said": "201 Created",
    }
    assert found["remarks"] == ["a remark"]


def test_junit_fails_what_is_wrong_and_errs_where_nobody_could_look() -> None:
    said = "<odd> & \x1b[31mred\ud800"
    report = Report((MUST_WORK.succeed("200"), MUST_NOT.succeed(said), MUST_WORK.not_checked("503")))
    suites = ET.fromstring(report.as_junit())  # noqa: S314 our own text
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("3", "1", "1")
    passed, failed, erred = suites.iter("testcase")
    assert list(passed) == []
    assert failed.get("classname") == "svc-a"
    assert failed[0].tag == "failure"
    assert "upload raw-prod: must be refused; <odd> &" in str(failed[0].get("message"))
    assert erred[0].tag == "error"


def test_what_a_system_said_is_one_line_without_secrets() -> None:
    conceal("a-long-password")
    assert MUST_WORK.fail("first\nsecond a-long-password").reason == "first second ***"


@pytest.mark.parametrize(
    ("status", "said", "outcome"),
    [
        (400, 'role "x" could not be found', Outcome.REFUSED),
        (400, "error validating token: invalid audience (aud) claim", Outcome.REFUSED),
        (403, "permission denied", Outcome.REFUSED),
        (400, "error verifying token signature: fetching keys oidc: connection refused", Outcome.NOT_LOOKED),
        (400, "error configuring token validator: keyset configuration error: Get …", Outcome.NOT_LOOKED),
        (429, "rate limit", Outcome.NOT_LOOKED),
        (500, "internal error", Outcome.NOT_LOOKED),
        (503, "Vault is sealed", Outcome.NOT_LOOKED),
    ],
)
def test_vault_refuses_or_gives_no_answer(status: int, said: str, outcome: Outcome) -> None:
    error: ApiError = error_class(status)("log in", said, "Run again.", system="Vault", status=status)
    assert refusal(MUST_NOT, error).outcome is outcome
    assert said.rstrip("…")[:40] in refusal(MUST_NOT, error).reason


def test_a_vault_that_is_not_there_gives_no_answer() -> None:
    error = UnreachableError("log in", "Vault is not reachable", "Start it.", system="Vault")
    assert refusal(MUST_NOT, error).outcome is Outcome.NOT_LOOKED
