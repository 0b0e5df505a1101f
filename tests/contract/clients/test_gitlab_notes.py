"""The preview's note on a merge request: one for each stack, edited in place, whoever else writes there."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from ciaccess.clients.errors import ForbiddenError, NotFoundError, UnauthorizedError
from ciaccess.clients.gitlab.marked import MOST_CHARACTERS, MergeRequestNotes
from ciaccess.clients.gitlab.variables import GitLab
from ciaccess.clients.http.session import HttpOptions
from ciaccess.report.page import Finding, Page, Section
from ciaccess.review.note import marker, text_of, update_note
from tests.support.servers.gitlab import GitlabProcess, start_gitlab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import gitlab
    from gitlab.v4.objects import ProjectMergeRequest

PROJECT = "orchestrator/ciaccess"
MARK = marker("ciaccess", "prod")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitlabProcess]:
    process = start_gitlab(tmp_path_factory.mktemp("gitlab"))
    process.seed(groups=[{"path": "orchestrator"}], projects=[{"path": PROJECT}])
    yield process
    process.stop()


@pytest.fixture
def root(simulator: GitlabProcess) -> gitlab.Gitlab:
    return GitLab(simulator.url, simulator.root_token).api()


@pytest.fixture
def request_(root: gitlab.Gitlab) -> ProjectMergeRequest:
    """Return a new merge request, as the administrator sees it."""
    branch = uuid.uuid4().hex
    fields = {"title": "t", "source_branch": branch, "target_branch": "main"}
    return root.projects.get(PROJECT).mergerequests.create(fields)


@pytest.fixture
def notes_by(simulator: GitlabProcess, request_: ProjectMergeRequest) -> Callable[..., MergeRequestNotes]:
    """Return a maker of the merge request's notes as a new bot's token, or another one, sees them."""

    def make(token: str = "", scope: str = "api") -> MergeRequestNotes:
        name = f"bot-{uuid.uuid4().hex[:8]}"
        bot = {"name": name, "kind": "project", "project": PROJECT, "role": "developer", "scopes": [scope]}
        used = token or simulator.seed(tokens=[bot])["tokens"][name]
        client = GitLab(simulator.url, used, options=HttpOptions(backoff_seconds=0.02))
        return MergeRequestNotes(client, PROJECT, request_.iid)

    return make


def bodies(request: ProjectMergeRequest) -> list[str]:
    return [note.body for note in request.notes.list(get_all=True, sort="asc")]


def page(*texts: str) -> Page:
    return Page("Preview", "1 gain.", "plain", (Section("Who gains", findings=tuple(map(Finding, texts))),))


def test_a_note_is_created_then_edited_in_place_and_left_where_nothing_changed(
    notes_by: Callable[..., MergeRequestNotes], request_: ProjectMergeRequest
) -> None:
    notes = notes_by()
    first = text_of(page("svc-a may push"), MARK, "https://gitlab/job/1")
    assert update_note(notes, MARK, first) == "created"
    (written,) = request_.notes.list(get_all=True)
    again = text_of(page("svc-a may push"), MARK, "https://gitlab/job/2")
    assert update_note(notes, MARK, again) == "unchanged"
    assert bodies(request_) == [first]
    changed = text_of(page("svc-b may push"), MARK, "https://gitlab/job/3")
    assert update_note(notes, MARK, changed) == "edited"
    (edited,) = request_.notes.list(get_all=True)
    assert (edited.id, edited.body) == (written.id, changed)


def test_each_stack_has_a_note_of_its_own(
    notes_by: Callable[..., MergeRequestNotes], request_: ProjectMergeRequest
) -> None:
    notes = notes_by()
    for stack in ("prod", "prod-2", "prod"):
        mark = marker("ciaccess", stack)
        update_note(notes, mark, text_of(page(stack), mark, ""))
    assert len(bodies(request_)) == 2


def test_a_note_of_somebody_else_with_the_same_marker_is_left_alone(
    notes_by: Callable[..., MergeRequestNotes], request_: ProjectMergeRequest
) -> None:
    forged = f"{MARK}\nNothing changes."
    request_.notes.create({"body": forged})
    assert update_note(notes_by(), MARK, text_of(page("svc-a may push"), MARK, "")) == "created"
    assert bodies(request_)[0] == forged
    assert len(bodies(request_)) == 2


def test_a_note_that_only_quotes_the_marker_is_not_taken_for_it(
    notes_by: Callable[..., MergeRequestNotes], request_: ProjectMergeRequest
) -> None:
    notes = notes_by()
    notes.create(f"what is {MARK}?")
    assert notes.find(MARK) is None
    update_note(notes, MARK, text_of(page("svc-a may push"), MARK, ""))
    assert len(bodies(request_)) == 2


def test_the_note_is_found_behind_a_hundred_others(
    notes_by: Callable[..., MergeRequestNotes], request_: ProjectMergeRequest
) -> None:
    for number in range(101):
        request_.notes.create({"body": str(number)})
    notes = notes_by()
    text = text_of(page("svc-a may push"), MARK, "")
    assert [update_note(notes, MARK, text) for _ in range(2)] == ["created", "unchanged"]


def test_what_is_too_long_for_gitlab_is_cut_and_accepted(
    notes_by: Callable[..., MergeRequestNotes], request_: ProjectMergeRequest
) -> None:
    text = text_of(page(*(f"{number} {'x' * 2_000}" for number in range(600))), MARK, "https://gitlab/job/1")
    assert MOST_CHARACTERS * 0.99 < len(text) <= MOST_CHARACTERS
    assert update_note(notes_by(), MARK, text) == "created"
    (body,) = bodies(request_)
    assert "more, which do not fit here" in body
    assert body.endswith("(https://gitlab/job/1)")


def test_a_job_token_is_refused_with_the_token_that_it_takes(
    notes_by: Callable[..., MergeRequestNotes], simulator: GitlabProcess
) -> None:
    job = {"name": "job", "kind": "job", "project": PROJECT, "user": "root"}
    notes = notes_by(simulator.seed(tokens=[job])["tokens"]["job"])
    with pytest.raises(
        UnauthorizedError, match=r"project access token with scope api.*CI_JOB_TOKEN may not write"
    ):
        update_note(notes, MARK, "text\n")


def test_a_token_that_may_only_read_is_refused_with_the_token_that_it_takes(
    notes_by: Callable[..., MergeRequestNotes], request_: ProjectMergeRequest
) -> None:
    with pytest.raises(ForbiddenError, match=r"add a note to merge request '!\d+'.*403.*scope api"):
        update_note(notes_by(scope="read_api"), MARK, "text\n")
    assert not bodies(request_)


def test_a_merge_request_that_is_not_there_is_said(simulator: GitlabProcess) -> None:
    notes = MergeRequestNotes(GitLab(simulator.url, simulator.root_token), PROJECT, 999_999)
    with pytest.raises(NotFoundError, match="merge request '!999999'"):
        notes.find(MARK)
