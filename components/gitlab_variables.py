"""The CI/CD variables of one GitLab group, such as VAULT_ADDR of group 9.

Owns the variables named in access.yaml, each in its environment scope. Leaves alone every other variable of
the group, and the variables of its subgroups and projects, which may shadow these (the drift job says so).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pulumi

from components.resources import GroupVariable

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.access.model.models import Variable


@dataclass(frozen=True)
class GitLabVariablesArgs:
    """What GitLabVariables needs: the group's id, which survives a rename of its path, and its variables by key."""

    group_id: int
    variables: dict[str, Variable]
    adopted: frozenset[str]

    @classmethod
    def of(cls, access: Access, group: str) -> Self:
        """Take a group's arguments from access.yaml, `group` being its full path."""
        variables = access.variables_of(group)
        adopted = frozenset(key for key, variable in variables.items() if access.adopts(variable))
        return cls(access.gitlab.groups[group].id, variables, adopted)


class GitLabVariables(pulumi.ComponentResource):
    """A group's variables as one thing."""

    def __init__(
        self, name: str, args: GitLabVariablesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("ciaccess:index:GitLabVariables", name, None, opts)
        for key, variable in args.variables.items():
            GroupVariable(
                f"{name}-variable-{key}",
                group=str(args.group_id),
                key=key,
                value=variable.value,
                environment_scope=variable.environment_scope,
                protected=variable.protected,
                masked=variable.masked,
                raw=variable.raw,
                variable_type=variable.variable_type,
                description=variable.description or "",
                adopt=key in args.adopted,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"group": args.group_id, "keys": sorted(args.variables)})
