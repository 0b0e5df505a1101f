"""The kinds of resource, one a file, by their tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provider.kinds.gitlab_group_variable import GitLabGroupVariable
from provider.kinds.nexus_content_selector import NexusContentSelector
from provider.kinds.nexus_privilege import NexusPrivilege
from provider.kinds.nexus_role import NexusRole
from provider.kinds.nexus_user import NexusUser
from provider.kinds.password import Password
from provider.kinds.service_account import ServiceAccount
from provider.kinds.vault_preconditions import VaultPreconditions

if TYPE_CHECKING:
    from provider.kinds.kind import Kind

KINDS: dict[str, type[Kind]] = {
    kind.token: kind
    for kind in (
        Password,
        NexusContentSelector,
        NexusPrivilege,
        NexusRole,
        NexusUser,
        GitLabGroupVariable,
        VaultPreconditions,
        ServiceAccount,
    )
}
