"""The components of the stack, one a file: what is declared, in which order, under which parent.

Nothing here reads a file or asks a server: that is access/ before, and the provider plugin after. Everything is taken from
the desired state (access/desired/state).
"""

from components.gitlab_variables import GitLabVariables
from components.nexus_access import NexusAccess
from components.service_account import service_account
from components.vault_jwt_auth import VaultJwtAuth, VaultJwtAuthArgs, paths_to_adopt

__all__ = [
    "GitLabVariables",
    "NexusAccess",
    "VaultJwtAuth",
    "VaultJwtAuthArgs",
    "paths_to_adopt",
    "service_account",
]
