"""Whether the checkout is at the protected branch's tip: an older job can be restarted."""

from __future__ import annotations

from ciaccess.access import Access
from ciaccess.cli.revisions import git
from ciaccess.environment import ROOT
from ciaccess.errors import CommandError


def check_branch_tip(access: Access, token: str) -> None:
    """Refuse a checkout that is not at the tip of the pipeline's branch, or has changes.

    Raises:
        CommandError: it is not.
        ApiError: GitLab does not give the tip.
    """
    from ciaccess.clients.gitlab.project_settings import tip_of  # noqa: PLC0415 the clients are slow to import
    from ciaccess.clients.gitlab.variables import GitLab  # noqa: PLC0415 likewise

    pipeline = access.pipeline
    assert pipeline  # noqa: S101 an identity was found in it
    commit = _git("rev-parse", "HEAD")
    tip = tip_of(GitLab(access.gitlab.url, token), pipeline.project, pipeline.branch)
    if commit != tip:
        raise CommandError(
            f"the checkout is at {commit}, and {pipeline.branch} of {pipeline.project} at {tip}: nothing was run. "
            "Start the job of the newest pipeline"
        )
    if changed := _git("status", "--porcelain", "--untracked-files=no"):
        raise CommandError(f"the checkout differs from {commit}, and nothing was run:\n{changed}")


def _git(*words: str) -> str:
    done = git(ROOT, *words)
    if done.returncode:
        raise CommandError(f"git {words[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace").strip()
