"""The page of the measured figures: what is met and what is not, what was not measured, and what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from tests.bench import operations as named
from tests.bench.measuring import Cost, by_question, logged
from tests.bench.plot import drawing
from tests.bench.report import most_real, number, page
from tests.bench.results import SIMULATOR, Results, servers
from tests.bench.targets import COMMANDS, targets, targets_on_a_real_server

if TYPE_CHECKING:
    from pathlib import Path

REAL = "Nexus 3.71.0"
ASKED = {"vault": 20, "nexus lists": 4, "nexus logins": 10, "nexus reads": 1, "nexus writes": 0, "gitlab": 3}


def run(seconds: float, vault: int = 20, logins: int = 10, **others: float) -> dict[str, Cost | float]:
    asked = {**ASKED, "vault": vault, "nexus logins": logins}
    walls = dict.fromkeys(COMMANDS, seconds) | others
    return {name: Cost(wall, wall * 2, 512.4, asked) for name, wall in walls.items()} | {named.STATE: 6.01}


@pytest.fixture
def results() -> Results:
    results = Results({})
    results.keep(8, 0, [run(0.4)])
    results.keep(100, 0, [run(1.5, vault=120, logins=102)])
    results.keep(1000, 0, [run(7.5, vault=1020, logins=1002, **{named.FIRST_UP: 91.0})])
    return results


def verdicts(results: Results) -> dict[str, str]:
    return {target.text: target.verdict for target in targets(results)}


def test_a_target_is_met_not_met_or_not_measured(results: Results) -> None:
    found = verdicts(results)
    assert found["1,000 accounts: drift, clean"] == "met"
    assert found["1,000 accounts: up, from nothing"] == "**not met**"
    assert found["1,000 accounts, 20 ms a request: drift, clean"] == "not measured"
    assert found["8 accounts: preview with refresh, Vault is down: until it is reported"] == "not measured"
    assert found["growth from 100 to 1,000 accounts, of any command"] == "**not met**"


def test_requests_are_counted_for_each_further_account(results: Results) -> None:
    found = {target.text: target.measured for target in targets(results)}
    assert found[f"requests to Vault for each further account: {named.PREVIEW}"] == 1.0
    assert found[f"logins in Nexus for each further account: {named.DRIFT}"] == 1.0
    assert found[f"lists of Nexus, any number of accounts: {named.DRIFT}"] == 4


def test_the_page_has_every_figure_and_its_date_and_machine(results: Results) -> None:
    text = page({SIMULATOR: results, REAL: results})
    cell = results.cell(1000)
    for words in (
        f"Measured {cell['date']} on {cell['machine']}; runs: 1. State: 6.01 MB.",
        "| drift, clean | 7.50 | - | 15.0 | 512 | 1,020 | 4 | 1,002 | 1 | 0 | 3 |",
        "| 1,000 accounts: up, from nothing | 90 s | 91.0 s | **not met** |",
        "## On a real Nexus 3.71.0",
        "| 1,000 accounts: up, from nothing | 25 s | 91.0 s | **not met** |",
        "| 1,000 | up, from nothing | 91.0 | 117 | 489 |",
        "| 1,000 | destroy | 7.50 | 215 | - |",
        "## Where the time goes",
        "| drift, clean | 1.50 | 7.50 | 5.00 |",
    ):
        assert words in text


def test_a_page_of_nothing_says_that_nothing_was_measured() -> None:
    assert set(verdicts(Results({})).values()) == {"not measured"}
    assert {each.verdict for each in targets_on_a_real_server(Results({}))} == {"not measured"}
    assert "## 8 accounts" not in page({SIMULATOR: Results({})})
    ET.fromstring(drawing(Results({})))  # noqa: S314 our own


def test_the_run_in_the_middle_is_kept_whole() -> None:
    results = Results({})
    results.keep(8, 20, [run(3.0), run(1.0, vault=99), run(2.0, vault=7)])
    cost = results.cost(8, named.DRIFT, 20)
    assert (cost["wall_seconds"], cost["requests"]["vault"]) == (2.0, 7)
    assert results.cell(8, 20)["runs"] == 3


def test_what_is_not_measured_again_stays(results: Results, tmp_path: Path) -> None:
    file = tmp_path / "performance.json"
    results.write(file)
    again = Results.of(file)
    again.keep(8, 0, [run(9.0)])
    again.write(file)
    assert Results.of(file).wall(8, named.DRIFT) == 9.0
    assert Results.of(file).cell(1000) == results.cell(1000)
    again.write(file, REAL)
    assert {server: found.cells for server, found in servers(file).items()} == {
        SIMULATOR: again.cells,
        REAL: again.cells,
    }


def test_the_drawing_is_of_a_real_server_if_one_was_measured(results: Results) -> None:
    assert most_real({SIMULATOR: Results({}), REAL: results}) is results
    assert most_real({SIMULATOR: results}) is results


def test_the_drawing_is_a_picture_with_a_line_for_each_measured_command(results: Results) -> None:
    root = ET.fromstring(drawing(results))  # noqa: S314 our own
    assert len(root.findall("{*}polyline")) == 6
    assert "prefers-color-scheme: dark" in drawing(results)


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0.256, "0.26"), (12.34, "12.3"), (1234.5, "1,234"), (0, "0.00")]
)
def test_a_figure_has_as_many_digits_as_are_worth_reading(value: float | None, text: str) -> None:
    assert number(value) == text


def test_requests_to_nexus_are_told_apart_by_what_they_ask() -> None:
    rest = "/service/rest/v1"
    routes: dict[str, Any] = {
        f"GET {rest}/security/users": 2,
        f"GET {rest}/security/roles/{{id}}": 3,
        f"GET {rest}/status": 4,
        f"PUT {rest}/security/users/{{userId}}": 5,
        "DELETE /simulator/requests": 1,
    }
    assert by_question(routes) == {"nexus lists": 2, "nexus logins": 4, "nexus reads": 3, "nexus writes": 5}


def test_requests_of_a_real_nexus_are_read_from_its_log() -> None:
    line = '127.0.0.1 - admin [29/Nov/2026:14:29:48 +0000] "GET /service/rest/v1/security/users?source=default HTTP/1.1" 200 - 2 1 "ciaccess" [qtp-1]'
    other = line.replace("GET", "POST").replace("?source=default", "")
    found = logged(f"{line}\n{line}\n{other}\nnonsense\n")
    assert by_question(found) == {"nexus lists": 2, "nexus logins": 0, "nexus reads": 0, "nexus writes": 1}
