"""The claims that analysis.job tells of a job are those that GitLab puts into its id_token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.analysis.admission import UNKNOWN, Outcome
from ciaccess.analysis.job import Job, verdicts
from tests.support.access.organisation import organisation
from tests.support.servers.gitlab import GitlabProcess, start_gitlab

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = "orchestrator/tools/executor"
# Claims of newer versions, or of some users and jobs only.
SOMETIMES = {"groups_direct", "job_config", "job_source", "user_identities"}


@pytest.fixture(scope="module")
def gitlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitlabProcess]:
    process = start_gitlab(tmp_path_factory.mktemp("gitlab"), external_url="https://gitlab.shared.cwiq.io")
    process.seed(
        groups=[{"path": "orchestrator"}, {"path": "orchestrator/tools"}],
        projects=[{"path": PROJECT, "protected_branches": ["main"], "protected_tags": ["v*"]}],
    )
    yield process
    process.stop()


@pytest.mark.parametrize(
    ("asked", "job"),
    [
        ({"ref": "main"}, Job(PROJECT, "main", protected=True)),
        ({"ref": "feature/x"}, Job(PROJECT, "feature/x")),
        ({"ref": "v1", "ref_type": "tag"}, Job(PROJECT, "v1", tag=True, protected=True)),
        ({"ref": "x1", "ref_type": "tag"}, Job(PROJECT, "x1", tag=True)),
        (
            {"ref": "main", "pipeline_source": "schedule"},
            Job(PROJECT, "main", protected=True, source="schedule"),
        ),
        ({"ref": "main", "ref_type": "merge_request"}, Job(PROJECT, "main", source="merge_request_event")),
        ({"ref": "main", "environment": "prod"}, Job(PROJECT, "main", protected=True, environment="prod")),
    ],
)
def test_a_job_has_the_claims_of_its_id_token(gitlab: GitlabProcess, asked: dict[str, Any], job: Job) -> None:
    """What is told offline is equal, what is not known is there, and what is said to be missing is missing."""
    access = organisation()
    audience = access.vault.roles["nexus-ci"].bound_audiences[0]
    minted = gitlab.mint_with_claims(PROJECT, audience=audience, **asked)["claims"]
    told = job.token(access, access.vault.roles["nexus-ci"])
    known = {name: value for name, value in told.items() if value is not UNKNOWN}
    assert known == {name: minted[name] for name in known}
    assert told.keys() - minted.keys() <= SOMETIMES
    assert minted.keys() - told.keys() <= {"iat", "nbf", "exp", "jti"} | {
        name for name in minted if name.startswith("job_")
    }


def test_a_minted_token_is_decided_as_the_job_it_is_of(gitlab: GitlabProcess) -> None:
    access = organisation()
    minted = gitlab.mint_with_claims(PROJECT, audience="https://gitlab.shared.cwiq.io")["claims"]
    (whole,) = verdicts(access, Job(claims=minted, whole=True))
    (told,) = verdicts(access, Job(PROJECT, "main"))
    assert whole.outcome is told.outcome is Outcome.ADMITTED
    (refused,) = verdicts(access, Job(claims=minted, whole=True, audience="vault"))
    assert refused.outcome is Outcome.REFUSED
