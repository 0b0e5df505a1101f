"""The GitLab tokens of the pipeline, which only people can make: their scopes and purposes."""

from __future__ import annotations

from dataclasses import dataclass

from ciaccess.access.desired import pipeline_identities


@dataclass(frozen=True)
class Token:
    """A token of GitLab: the scopes it must have, those it must not, and what it is made for."""

    needs: frozenset[str]
    lacks: frozenset[str]
    purpose: str
    # False for a token that must not read a group's variables, whatever its scopes.
    reads_variables: bool = True


TOKENS = {
    pipeline_identities.GITLAB_READER: Token(
        frozenset({"read_api"}), frozenset({"api"}), "group access token, Owner, read_api"
    ),
    pipeline_identities.GITLAB_NOTES: Token(
        frozenset({"api"}),
        frozenset(),
        "project access token of ciaccess, Reporter, api",
        reads_variables=False,
    ),
    pipeline_identities.GITLAB_WRITER: Token(
        frozenset({"api"}), frozenset(), "group access token, Owner, api"
    ),
}
