"""The CI/CD variables of one GitLab group, such as VAULT_ADDR of group 9.

Owns the variables named in access.yaml, each in its environment scope. Leaves alone every other variable of
the group, and the variables of its subgroups and projects, which may shadow these (`drift` reports that).
"""

from __future__ import annotations

import pulumi

from ciaccess.access.desired.state import DesiredGroup
from components.resources import GroupVariable


class GitLabVariables(pulumi.ComponentResource):
    """The variables of a group; the group is identified by its id, which survives a rename."""

    def __init__(self, name: str, group: DesiredGroup, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ciaccess:index:GitLabVariables", name, None, opts)
        for key, variable in group.variables.items():
            child = pulumi.ResourceOptions(parent=self)
            GroupVariable(f"{name}-variable-{key}", variable, adopt=key in group.adopted, opts=child)
        self.register_outputs({"group": group.identity, "keys": sorted(group.variables)})
