from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from gitlab.exceptions import GitlabCreateError, GitlabGetError, GitlabUpdateError

if TYPE_CHECKING:
    from collections.abc import Callable

    import gitlab
    from gitlab.v4.objects import Project

    from tests.support.servers.gitlab import GitlabProcess

    Client = Callable[..., gitlab.Gitlab]

REQUEST = {"title": "Add svc-new", "source_branch": "add", "target_branch": "main"}


@pytest.fixture
def gitlab_project(free: GitlabProcess, place: str, client: Client) -> Project:
    return client(free).projects.get(f"{place}/project")


def test_a_note_is_edited_in_place_and_found_again(gitlab_project: Project) -> None:
    request = gitlab_project.mergerequests.create(REQUEST)
    first = request.notes.create({"body": "<!-- ciaccess:prod --> plan 1"})
    request.notes.create({"body": "a human's words"})
    first.body = "<!-- ciaccess:prod --> plan 2"
    first.save()
    notes = request.notes.list(get_all=True, sort="asc")
    assert [note.body for note in notes] == ["<!-- ciaccess:prod --> plan 2", "a human's words"]
    assert notes[0].id == first.id
    assert notes[0].updated_at >= notes[0].created_at
    first.delete()
    assert len(request.notes.list(get_all=True)) == 1


def test_notes_come_newest_first_and_in_pages(gitlab_project: Project) -> None:
    request = gitlab_project.mergerequests.create(REQUEST)
    for number in range(30):
        request.notes.create({"body": str(number)})
    bodies = [note.body for note in request.notes.list(get_all=True)]
    assert bodies == [str(number) for number in reversed(range(30))]


@pytest.mark.parametrize("body", ["", "  \n", "x" * 1_000_001])
def test_a_note_without_text_or_with_too_much_is_refused(gitlab_project: Project, body: str) -> None:
    request = gitlab_project.mergerequests.create(REQUEST)
    with pytest.raises(GitlabCreateError) as caught:
        request.notes.create({"body": body})
    assert caught.value.response_code == 400


def test_a_note_of_the_greatest_length_is_kept_whole(gitlab_project: Project) -> None:
    request = gitlab_project.mergerequests.create(REQUEST)
    note = request.notes.create({"body": "é" * 1_000_000})
    assert len(request.notes.get(note.id).body) == 1_000_000


def test_a_note_is_edited_by_its_author_and_by_maintainers_alone(
    free: GitlabProcess, place: str, client: Client, gitlab_project: Project
) -> None:
    tokens = free.seed(
        tokens=[
            {"name": f"{role}-{place}", "user": f"{role}-{place}", "role": role, "group": place}
            for role in ("developer", "maintainer", "guest")
        ]
    )["tokens"]
    request = gitlab_project.mergerequests.create(REQUEST)
    note = request.notes.create({"body": "of root"})

    def notes_as(role: str) -> gitlab.v4.objects.ProjectMergeRequestNoteManager:
        acting = client(free, private_token=tokens[f"{role}-{place}"]).projects.get(gitlab_project.id)
        return acting.mergerequests.get(request.iid).notes

    with pytest.raises(GitlabUpdateError, match="403 Forbidden"):
        notes_as("developer").update(note.id, {"body": "x"})
    own = notes_as("developer").create({"body": "mine"})
    notes_as("developer").update(own.id, {"body": "still mine"})
    notes_as("maintainer").update(note.id, {"body": "edited"})
    assert notes_as("maintainer").get(note.id).author["username"] == "root"
    with pytest.raises(GitlabGetError, match="403 Forbidden"):
        notes_as("guest")


def test_a_second_open_merge_request_of_a_branch_is_refused(gitlab_project: Project) -> None:
    first = gitlab_project.mergerequests.create(REQUEST)
    with pytest.raises(GitlabCreateError, match="Another open merge request already exists") as caught:
        gitlab_project.mergerequests.create(REQUEST)
    assert caught.value.response_code == 409
    first.state_event = "close"
    first.save()
    assert gitlab_project.mergerequests.create(REQUEST).iid == first.iid + 1


def test_merge_requests_are_found_by_branch_and_state(gitlab_project: Project) -> None:
    gitlab_project.mergerequests.create(REQUEST)
    gitlab_project.mergerequests.create(REQUEST | {"source_branch": "other"})
    found = gitlab_project.mergerequests.list(source_branch="other", state="opened", get_all=True)
    assert [request.source_branch for request in found] == ["other"]
    assert gitlab_project.mergerequests.list(state="merged", get_all=True) == []


def test_an_issue_is_opened_found_by_label_and_search_edited_and_closed(gitlab_project: Project) -> None:
    issue = gitlab_project.issues.create({"title": "Drift in prod", "labels": ["drift", "prod"]})
    gitlab_project.issues.create({"title": "Something else", "description": "no drift word: DRIFTWOOD"})
    assert [
        found.iid for found in gitlab_project.issues.list(labels=["drift"], state="opened", get_all=True)
    ] == [1]
    assert [found.iid for found in gitlab_project.issues.list(labels="None", get_all=True)] == [2]
    assert [found.iid for found in gitlab_project.issues.list(search="driftwood", get_all=True)] == [2]
    issue.notes.create({"body": "seen again"})
    issue.description = "three findings"
    issue.add_labels = ["seen"]
    issue.remove_labels = ["prod"]
    issue.state_event = "close"
    issue.save()
    closed = gitlab_project.issues.get(1)
    assert (closed.state, closed.labels, closed.user_notes_count) == ("closed", ["drift", "seen"], 1)
    assert (closed.title, closed.description) == ("Drift in prod", "three findings")
    assert closed.closed_at
    assert [found.iid for found in gitlab_project.issues.list(state="opened", get_all=True)] == [2]
    closed.state_event = "reopen"
    closed.save()
    assert gitlab_project.issues.get(1).closed_at is None


def test_issues_and_merge_requests_are_numbered_apart(gitlab_project: Project) -> None:
    assert (
        gitlab_project.issues.create({"title": "t"}).iid
        == gitlab_project.mergerequests.create(REQUEST).iid
        == 1
    )


def test_a_deleted_issue_is_gone_and_its_number_is_not_used_again(gitlab_project: Project) -> None:
    gitlab_project.issues.create({"title": "t"}).delete()
    with pytest.raises(GitlabGetError, match="404 Not Found"):
        gitlab_project.issues.get(1)
    assert gitlab_project.issues.create({"title": "t"}).iid == 2


@pytest.mark.parametrize("title", ["", "  ", "x" * 256])
def test_a_title_that_gitlab_refuses_is_refused(gitlab_project: Project, title: str) -> None:
    with pytest.raises(GitlabCreateError) as caught:
        gitlab_project.issues.create({"title": title})
    assert caught.value.response_code == 400
