from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests
from gitlab.exceptions import GitlabHttpError

from tests.support.servers.gitlab import ROOT, GitlabProcess, start_gitlab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import gitlab

    Client = Callable[..., gitlab.Gitlab]
    Ask = Callable[..., requests.Response]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[GitlabProcess]:
    """Return a simulator of the test's own, for what would disturb others."""
    process = start_gitlab(tmp_path)
    process.seed(groups=[{"path": "orchestrator", "id": 9}], projects=[{"path": "orchestrator/executor"}])
    yield process
    process.stop()


def test_everything_answered_outlives_a_killed_process(own: GitlabProcess, client: Client) -> None:
    group = client(own).groups.get(9)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: group.variables.create({"key": f"K{n}", "value": str(n)}), range(40)))
    token = own.mint("orchestrator/executor")
    keys = requests.get(f"{own.url}/oauth/discovery/keys", timeout=60).json()
    seeded = own.seed(tokens=[{"name": "ann"}])["tokens"]["ann"]
    own.kill()
    own.start()
    assert len(client(own).groups.get(9).variables.list(get_all=True)) == 40
    assert requests.get(f"{own.url}/oauth/discovery/keys", timeout=60).json() == keys
    assert own.mint("orchestrator/executor") != token
    acting = client(own, private_token=seeded)
    acting.auth()
    assert acting.user is not None
    assert acting.user.username == "ann"


def test_seeding_again_changes_nothing_and_gives_the_same_answer(own: GitlabProcess) -> None:
    wanted: dict[str, list[dict[str, Any]]] = {
        "groups": [{"path": "orchestrator", "id": 9}, {"path": "orchestrator/deep"}],
        "projects": [{"path": "orchestrator/deep/p", "id": 77, "protected_branches": ["main"]}],
        "tokens": [{"name": "bot", "kind": "project", "project": "orchestrator/deep/p", "role": "developer"}],
    }
    first = own.seed(**wanted)
    assert first == own.seed(**wanted)
    assert (first["groups"]["orchestrator"], first["projects"]["orchestrator/deep/p"]) == (9, 77)


def test_seeding_half_a_thing_leaves_nothing(own: GitlabProcess, ask: Ask) -> None:
    with pytest.raises(RuntimeError, match="409"):
        own.seed(groups=[{"path": "new"}, {"path": "orchestrator", "id": 10}])
    assert ask(own, "GET", "/groups/new").status_code == 404


def test_secrets_lie_in_files_that_only_the_owner_reads_and_never_in_the_log(
    own: GitlabProcess, ask: Ask
) -> None:
    body = {"key": "K", "value": "planted-secret"}
    ask(own, "POST", "/groups/9/variables", json=body)
    for path in own.data.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name
    assert own.root_token.encode() not in (own.data / "gitlab.sqlite3").read_bytes()
    log = own.log.read_text(encoding="utf-8")
    assert own.root_token not in log
    assert "planted-secret" not in log


def test_only_the_loopback_address_is_listened_on(own: GitlabProcess) -> None:
    wildcard = "00000000:"
    with open("/proc/net/tcp", encoding="ascii") as table:  # noqa: PTH123 no path of ours
        listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
    port = f"{own.port:04X}"
    assert f"0100007F:{port}" in listening
    assert f"{wildcard}{port}" not in listening


def test_root_has_the_token_of_the_file_that_is_given(tmp_path: Path, ask: Ask) -> None:
    own = start_gitlab(tmp_path)
    old = own.root_token
    own.stop()
    given = tmp_path / "token"
    given.write_text("glpat-given\n", encoding="ascii")
    words = ["--data", str(own.data), "--port", str(own.port), "--root-token-file", str(given)]
    own.process = subprocess.Popen([sys.executable, "-m", "simulators.gitlab", *words], cwd=ROOT)
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                assert ask(own, "GET", "/user", token="glpat-given").status_code == 200
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        assert ask(own, "GET", "/user", token=old).status_code == 401, "the old one ends"
    finally:
        own.stop()


@pytest.mark.parametrize(
    "key", ["ключ", "a/b", "../../groups", "a b", "%2e%2e", "k;DROP TABLE variables", "K'--"]
)
def test_a_hostile_key_is_found_nowhere_and_harms_nothing(
    free: GitlabProcess, place: str, client: Client, key: str
) -> None:
    group = client(free).groups.get(place)
    group.variables.create({"key": "K", "value": "v"})
    with pytest.raises(GitlabHttpError, match="404 GroupVariable Not Found"):
        client(free).http_delete(f"/groups/{group.id}/variables/{quote(key, safe='')}")
    assert [variable.key for variable in group.variables.list(get_all=True)] == ["K"]


def test_a_key_of_two_dots_reaches_the_group_itself_through_python_gitlab(
    own: GitlabProcess, client: Client, ask: Ask
) -> None:
    """A client has to refuse such a key itself: urllib3 resolves the dots before the server sees them."""
    client(own).groups.get(9).variables.delete("..")
    assert ask(own, "GET", "/groups/9").status_code == 404


@pytest.mark.parametrize(
    "identity", ["..", "a%2F..%2Fb", "%D0%BA", "0", "-1", "999999999999999999999", "1.5"]
)
def test_a_hostile_group_is_found_nowhere(free: GitlabProcess, ask: Ask, identity: str) -> None:
    answer = ask(free, "GET", f"/groups/{identity}/variables")
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/groups/%FF/variables", "/groups/a%00b", "/groups?search=%00"])
def test_what_is_no_text_is_a_bad_request(free: GitlabProcess, ask: Ask, path: str) -> None:
    assert ask(free, "GET", path).status_code == 400


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{", 400),
        ("application/json", b"[1]", 400),
        ("application/json", b'{"key": "K", "value": "\\ud800"}', 400),
        ("application/json", b'{"key": "K", "value": "a\\u0000"}', 400),
        ("application/json", b'{"key": "K", "value": "a \\\\u0000"}', 201),
        ("application/json", b"[" * 100_000, 400),
        ("application/x-www-form-urlencoded", b"key=K&value=%FF", 400),
        ("application/x-www-form-urlencoded", b"key=K&value=a%20b", 201),
        ("text/plain", b"key=K", 415),
        ("application/xml", b"<key/>", 415),
        ("multipart/form-data; boundary=b", b"nothing of that kind", 400),
    ],
)
def test_a_body_is_taken_in_three_forms_and_else_refused(
    free: GitlabProcess, place: str, ask: Ask, content_type: str, body: bytes, status: int
) -> None:
    headers = {"Content-Type": content_type}
    assert ask(free, "POST", f"/groups/{place}/variables", data=body, headers=headers).status_code == status


def test_a_form_as_curl_sends_it_is_taken(free: GitlabProcess, place: str, ask: Ask) -> None:
    form = {"key": (None, "K"), "value": (None, "a value"), "protected": (None, "true")}
    answer = ask(free, "POST", f"/groups/{place}/variables", files=form)
    assert (answer.status_code, answer.json()["value"], answer.json()["protected"]) == (201, "a value", True)


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("PUT", "/groups/1/variables", 405, {"error": "405 Not Allowed"}),
        ("POST", "/version", 405, {"error": "405 Not Allowed"}),
        ("OPTIONS", "/version", 405, {"error": "405 Not Allowed"}),
        ("GET", "/no/such/thing", 404, {"error": "404 Not Found"}),
        ("GET", "/groups?page=0", 400, {"error": "page does not have a valid value"}),
        ("GET", "/groups?page=x", 400, {"error": "page is invalid"}),
        ("GET", "/groups?per_page=0", 400, {"error": "per_page does not have a valid value"}),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    free: GitlabProcess, ask: Ask, method: str, path: str, status: int, said: dict[str, str]
) -> None:
    answer = ask(free, method, path)
    assert (answer.status_code, answer.json()) == (status, said)


def test_no_more_than_a_hundred_rows_come_at_once(free: GitlabProcess, ask: Ask) -> None:
    assert ask(free, "GET", "/groups?per_page=5000").headers["X-Per-Page"] == "100"


def test_the_next_requests_are_answered_with_a_fault(own: GitlabProcess, ask: Ask) -> None:
    own.fail_next(
        429, 2, headers={"Retry-After": "1"}, body={"message": "Retry later"}, path="/api/v4/groups"
    )
    assert ask(own, "GET", "/version").status_code == 200, "another path"
    answers = [ask(own, "GET", "/groups/9") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "1"
    own.fail_next(502, 5, body="<html>Bad Gateway</html>", headers={"Content-Type": "text/html"})
    assert ask(own, "GET", "/version").text == "<html>Bad Gateway</html>"
    own.control("DELETE", "faults")
    assert ask(own, "GET", "/version").status_code == 200


def test_a_late_answer_is_late_and_true(own: GitlabProcess, ask: Ask) -> None:
    own.fail_next(0, 1, delay_seconds=0.3)
    begun = time.monotonic()
    assert ask(own, "GET", "/version").status_code == 200
    assert time.monotonic() - begun >= 0.3


def test_an_answer_can_be_lost_after_the_request_took_effect(own: GitlabProcess, ask: Ask) -> None:
    own.fail_next(0, cut="after", method="POST")
    with pytest.raises(requests.ConnectionError):
        ask(own, "POST", "/groups/9/variables", json={"key": "K", "value": "v"})
    assert ask(own, "GET", "/groups/9/variables/K").json()["value"] == "v"


def test_requests_are_counted_by_route(own: GitlabProcess, client: Client) -> None:
    own.forget_requests()
    group = client(own).groups.get(9)
    group.variables.list(get_all=True)
    counted = own.requests()
    assert counted["GET /api/v4/groups/{id}"] == 1
    assert counted["GET /api/v4/groups/{id}/variables"] == 1


def test_one_write_costs_the_same_among_many(own: GitlabProcess, ask: Ask) -> None:
    def seconds_of_fifty(start: int) -> float:
        begun = time.perf_counter()
        for number in range(start, start + 50):
            ask(own, "POST", "/groups/9/variables", json={"key": f"K{number}", "value": "v"})
        return time.perf_counter() - begun

    first = seconds_of_fifty(0)
    for number in range(50, 1500, 50):
        seconds_of_fifty(number)
    last = min(seconds_of_fifty(1500), seconds_of_fifty(1550))
    assert last < 10 * first, "far from 30 times, which is what a write of the whole would cost"
