"""The GitLab simulator as a process of its own, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from tests.support.servers.simulator import ROOT, SimulatorProcess, free_port

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ROOT", "GitlabProcess", "start_gitlab"]


@dataclass
class GitlabProcess(SimulatorProcess):
    """A simulator on `data`; `url` is its address and, unless told otherwise, its issuer."""

    MODULE: ClassVar[str] = "simulators.gitlab"
    READY_PATH: ClassVar[str] = "/.well-known/openid-configuration"

    tier: str = "free"
    external_url: str | None = None
    root_token: str = field(repr=False, default="")

    def options(self) -> list[str]:
        """Return the tier, and the external address if it is another."""
        return ["--tier", self.tier, *(["--external-url", self.external_url] if self.external_url else [])]

    def credentials(self) -> dict[str, Any]:
        """Return root's token as a header."""
        return {"headers": {"PRIVATE-TOKEN": self.root_token}}

    def on_ready(self) -> None:
        """Learn root's token."""
        self.root_token = (self.data / "root-token").read_text(encoding="ascii")

    def seed(self, **things: list[dict[str, Any]]) -> dict[str, Any]:
        """Make groups, projects, users, tokens; return `{groups: {path: id}, projects: …, tokens: {name: token}}`."""
        return dict(self.control("POST", "seed", things))

    def mint(self, project: str | int, ref: str = "main", **options: Any) -> str:
        """Return an id_token of a job; `options` as /simulator/id_token takes them, the audience is `url` by default."""
        return str(self.mint_with_claims(project, ref, **options)["id_token"])

    def mint_with_claims(self, project: str | int, ref: str = "main", **options: Any) -> dict[str, Any]:
        """Return `{id_token, claims}`."""
        return dict(
            self.control("POST", "id_token", {"project": project, "ref": ref, "audience": self.url} | options)
        )


def start_gitlab(tmp_path: Path, tier: str = "free", external_url: str | None = None) -> GitlabProcess:
    """Start a simulator with its data under `tmp_path/gitlab`, on a free port."""
    gitlab = GitlabProcess(tmp_path / "gitlab", free_port(), tier, external_url)
    gitlab.start()
    return gitlab
