"""The kinds of resource by token."""

from __future__ import annotations

from ciaccess.provider.kinds.gitlab_group_variable import GitLabGroupVariable
from ciaccess.provider.kinds.kind import Kind
from ciaccess.provider.kinds.nexus_content_selector import NexusContentSelector
from ciaccess.provider.kinds.nexus_privilege import NexusPrivilege
from ciaccess.provider.kinds.nexus_role import NexusRole
from ciaccess.provider.kinds.nexus_user import NexusUser
from ciaccess.provider.kinds.service_account import ServiceAccount
from ciaccess.provider.kinds.vault_preconditions import VaultPreconditions

KINDS: dict[str, type[Kind]] = {
    kind.token: kind
    for kind in (
        NexusContentSelector,
        NexusPrivilege,
        NexusRole,
        NexusUser,
        GitLabGroupVariable,
        VaultPreconditions,
        ServiceAccount,
    )
}
