"""An upload that meets a 5xx or a cut connection: what is stored decides, and what may be stored is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access import load
from ciaccess.clients.artifacts import Artifact
from ciaccess.clients.errors import UnreachableError
from ciaccess.clients.http.session import HttpOptions
from ciaccess.clients.vault.secret import Credentials
from ciaccess.verification.operations import Location
from ciaccess.verification.places import Places, Uploaded
from tests.support.access.access import ORGANISATION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers.nexus import NexusProcess

RAW = Location("raw", "dev", "raw-dev")
PATH = "/repository/raw-dev"


@pytest.fixture
def places(own: NexusProcess) -> Iterator[Places]:
    own.add_repository("raw", "raw-dev")
    found = Places(
        load(ORGANISATION, {"nexus": own.url}), HttpOptions(backoff_seconds=0.01, down_seconds=0.1)
    )
    yield found
    found.close()


def upload(places: Places, own: NexusProcess, auth: tuple[str, str] | None = None) -> tuple[Artifact, bool]:
    artifact = Artifact("ciaccess-verify-1", RAW.folder)
    credentials = Credentials(*(auth or own.administrator()))
    return artifact, places.upload(RAW, artifact, credentials).worked


@pytest.mark.parametrize(
    ("fault", "sent"),
    [
        ({"status": 500}, 2),
        ({"status": 500, "handled": True}, 1),
        ({"status": 0, "cut": "before"}, 2),
    ],
    ids=str,
)
def test_an_upload_is_repeated_only_if_nothing_is_stored(
    own: NexusProcess, places: Places, fault: dict[str, Any], sent: int
) -> None:
    own.forget_requests()
    own.fail_next(method="PUT", path=PATH, **fault)
    artifact, worked = upload(places, own)
    assert worked
    assert own.requests()[f"PUT {PATH}"] == sent
    assert places.uploaded == [Uploaded(RAW, artifact)]
    assert places.remove(places.uploaded[0], Credentials(*own.administrator())).worked


def test_an_upload_whose_answer_was_cut_counts_where_each_file_is_written_once(
    own: NexusProcess, places: Places
) -> None:
    """The transport sends a PUT again, which such a repository refuses."""
    own.add_repository("raw", "raw-once", storage={"writePolicy": "ALLOW_ONCE"})
    own.fail_next(0, method="PUT", path="/repository/raw-once", cut="after")
    once = Location("raw", "uat", "raw-once")
    artifact = Artifact("ciaccess-verify-1", once.folder)
    assert places.upload(once, artifact, Credentials(*own.administrator())).worked


def test_an_upload_that_never_gets_an_answer_stays_remembered(own: NexusProcess, places: Places) -> None:
    own.fail_next(0, 99, method="PUT", path=PATH, cut="before")
    with pytest.raises(UnreachableError):
        upload(places, own)
    assert [each.location for each in places.uploaded] == [RAW]


def test_a_refused_upload_is_not_remembered(own: NexusProcess, places: Places) -> None:
    _, worked = upload(places, own, own.add_user("nobody", "nx-anonymous"))
    assert not worked
    assert places.uploaded == []
