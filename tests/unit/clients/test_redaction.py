"""No secret in a log record, an error's text, or a repr, whatever went wrong."""

from __future__ import annotations

import base64
import io
import logging
import traceback
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from ciaccess.clients.errors import ApiError, one_line
from ciaccess.clients.nexus import Nexus
from ciaccess.clients.redaction import RedactingFilter, conceal, redact
from tests.support.servers.scripted_server import Reply, ScriptedServer, in_json, page, plain
from tests.unit.clients.conftest import QUICK
from tests.unit.clients.nexus_objects import REST, USER, USERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = 'c4n&ry "pa/ss" ü\\x'
ADMIN_SECRET = "admin-c4nary-password"
SPELLINGS = (
    SECRET,
    quote(SECRET, safe=""),
    SECRET.replace("\\", "\\\\").replace('"', '\\"'),
    base64.b64encode(SECRET.encode()).decode(),
    base64.b64encode(f"u:{SECRET}".encode()).decode(),
    ADMIN_SECRET,
    base64.b64encode(f"admin:{ADMIN_SECRET}".encode()).decode(),
)


@pytest.fixture
def records() -> Iterator[io.StringIO]:
    """Return the text of every record of the process, at its most talkative, through a handler of our own."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


def echoing(status: int) -> list[Reply]:
    """Return answers that give away what was sent, in each of Nexus's shapes."""
    return [
        in_json({"id": "*", "message": f"no good: {SECRET} {ADMIN_SECRET}"}, status),
        in_json([{"id": "PARAMETER password", "message": SECRET}], status),
        plain(f"ERROR: (ID 1) java.lang.IllegalStateException: {SECRET}", status),
        page(f"No {SECRET}", status),
    ]


REPLIES = [
    *echoing(400),
    *echoing(500),
    *echoing(404),
    page(f"hello {SECRET}"),
    Reply(200, SECRET.encode(), "application/json"),
    in_json({"userId": SECRET, "firstName": [SECRET]}),
    Reply(302, headers={"Location": f"https://u:{quote(SECRET, safe='')}@elsewhere.example/"}),
    Reply(reset=True),
    Reply(200, b"x", delay_seconds=0.7),
    Reply(429, headers={"Retry-After": SECRET.encode("ascii", "ignore").decode()}),
]


@pytest.mark.parametrize("reply", REPLIES, ids=range(len(REPLIES)))
def test_no_password_is_in_a_record_an_error_or_a_repr(
    server: ScriptedServer, records: io.StringIO, reply: Reply
) -> None:
    nexus = Nexus(server.url, "admin", ADMIN_SECRET, options=QUICK)
    for route in (f"POST {USERS}", f"PUT {USERS}/u/change-password", f"GET {REST}/status", f"GET {USERS}"):
        server.answers(route, reply)
    calls: list[Callable[[], object]] = [
        lambda: nexus.users.create(USER, SECRET),
        lambda: nexus.users.change_password("u", SECRET),
        lambda: nexus.users.accepts("u", SECRET),
        nexus.users.all,
    ]
    shown = [repr(nexus), repr(nexus.users), repr(vars(nexus))]
    for call in calls:
        try:
            call()
        except ApiError as error:
            shown += [str(error), repr(error), "".join(traceback.format_exception(error))]
            logging.getLogger("test").exception("it failed")
    nexus.close()
    text = records.getvalue() + "\n".join(shown)
    assert "Starting new HTTP connection" in text, "urllib3's own records are among them"
    for spelling in SPELLINGS:
        assert spelling not in text


def test_a_concealed_secret_is_taken_out_of_arguments_and_tracebacks(records: io.StringIO) -> None:
    conceal("planted-secret-1")
    log = logging.getLogger("test")
    log.warning("%s and %r", "planted-secret-1", {"token": "planted-secret-1"})
    log.warning("too few: %s %s", *["planted-secret-1"])
    try:
        int("planted-secret-1")
    except ValueError:
        log.exception("failed", stack_info=True)
    text = records.getvalue()
    assert "planted-secret-1" not in text
    assert "*** and {'token': '***'}" in text
    assert "invalid literal for int() with base 10: '***'" in text


def test_an_innocent_record_keeps_its_arguments() -> None:
    conceal("planted-secret-2")
    record = logging.getLogRecordFactory()("n", logging.INFO, "f", 1, "%s %d", ("a", 1), None)
    assert record.args == ("a", 1)


def test_the_filter_redacts_what_is_made_elsewhere() -> None:
    conceal("planted-secret-3")
    record = logging.LogRecord("n", logging.INFO, "f", 1, "x planted-secret-3", (), None)
    assert RedactingFilter().filter(record)
    assert record.getMessage() == "x ***"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Basic abc=", "Authorization: Basic ***"),
        ("{'PRIVATE-TOKEN': 'glpat-1'}", "{'PRIVATE-TOKEN': '***'}"),
        ("{'X-Vault-Token': b'hvs.1'}", "{'X-Vault-Token': b'***'}"),
        ("https://user:word@host/x", "https://***@host/x"),
        ("https://host/user@host", "https://host/user@host"),
    ],
)
def test_credentials_that_nobody_concealed_are_known_by_their_place(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_the_longer_of_two_secrets_is_concealed_whole() -> None:
    conceal("prefix-secret")
    conceal("prefix-secret-and-more")
    assert redact("<prefix-secret-and-more>") == "<***>"


@pytest.mark.parametrize("short", ["", "a", "abc"])
def test_a_text_too_short_to_be_told_from_words_is_left(short: str) -> None:
    conceal(short)
    assert redact("abcabc") == "abcabc"


def test_secrets_that_overlap_or_contain_one_another_are_hidden_whole() -> None:
    for secret in ("over-lap-1", "lap-1-behind", "lap-1", "in-over-lap-1-in"):
        conceal(secret)
    assert redact("a over-lap-1-behind z") == "a *** z"
    assert redact("in-over-lap-1-in") == "***"
    assert redact("lap-1lap-1 lap-1") == "****** ***"
    assert redact("lap-2 over-lap") == "lap-2 over-lap"


@pytest.mark.parametrize("before", ["", "x", "ü" * 40])
def test_a_secret_is_found_wherever_it_stands(before: str) -> None:
    conceal("stands-anywhere")
    for after in ("", "stand", "."):
        assert redact(f"{before}stands-anywhere{after}") == f"{before}***{after}"


def test_of_a_long_text_the_beginning_is_redacted_and_no_half_secret_is_shown() -> None:
    conceal("hunter22-and-more")
    for blanks in range(64 * 1024 - 10, 64 * 1024 + 2):
        assert "hunter" not in one_line(f"{' ' * blanks}hunter22-and-more" + "x" * 20_000)
    assert one_line("hunter22-and-more " + "y" * 40_000_000).startswith("*** yyy")
