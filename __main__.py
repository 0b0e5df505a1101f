"""The program of `pulumi up`: reads access.yaml and declares a component for each entry.

access/ validates the YAML before the first resource; the components and the plugin define how an object is
created. This file makes no decisions about content.
"""

from __future__ import annotations

import pulumi
import pulumi_vault

import components
from ciaccess.access import load
from ciaccess.access.desired.state import Desired
from ciaccess.clients.connect import accepted_vault
from ciaccess.clients.credentials import needed_credentials, require
from ciaccess.engine.failures import record
from ciaccess.engine.preconditions import check_vault
from ciaccess.engine.settings import NAMESPACE, StackSettings, file_of
from ciaccess.engine.trust_anchors import check_known_anchors
from ciaccess.errors import CiaccessError
from components.program import own_config, run
from components.resources import Provider


def declare() -> None:
    """Declare the stack's resources and outputs."""
    settings = StackSettings.of(own_config(NAMESPACE), file_of(pulumi.get_stack()))
    access = load(settings.access_file, settings.addresses)
    desired = Desired.of(access)
    require(*needed_credentials(is_preview=pulumi.runtime.is_dry_run()))
    check_vault(access)
    check_known_anchors(access)
    vault = accepted_vault(access)
    existing = frozenset(path for path in components.paths_to_adopt(desired) if vault.exists(path))
    providers = pulumi.ResourceOptions(
        providers=[
            pulumi_vault.Provider("vault", skip_child_token=True),
            Provider("ciaccess", nexus_url=access.nexus.url, gitlab_url=access.gitlab.url),
        ]
    )
    args = components.VaultJwtAuthArgs(desired, settings.protect, existing)
    auth = components.VaultJwtAuth("vault", args, providers)
    nexus = components.NexusAccess("nexus", desired, providers)
    owner = f"{pulumi.get_project()}/{pulumi.get_stack()}"
    waiting = pulumi.ResourceOptions.merge(providers, pulumi.ResourceOptions(depends_on=auth.ready))
    for account in desired.accounts.values():
        components.service_account(account, nexus, owner, waiting)
    for path, group in desired.groups.items():
        components.GitLabVariables(path, group, providers)
    pulumi.export("login_path", auth.login_path)
    pulumi.export("roles", {name: sorted(role.accounts) for name, role in access.vault.roles.items()})
    pulumi.export(
        "accounts", {account: desired.accounts[account].secret.api_path for account in access.accounts}
    )


if __name__ == "__main__":
    run(declare, CiaccessError, record)
