"""The end of `make up`: what was made, where it is, and commands to try, with real values."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING

from ciaccess.local_stack.places import Record, credential_file

if TYPE_CHECKING:
    from ciaccess.access import Access

_COMMAND_CHARACTERS = 50


def first_steps(access: Access, account: str, record: Record) -> str:
    """Return the text: `account` is the one that was proved."""
    addresses = record.addresses()
    server = PurePath(record.vault).name
    secret = f"{access.vault.kv.mount}/{access.vault.kv.prefix}/{account}"
    commands = (
        ('eval "$(make -s env)"', f"pulumi, {server} and the credentials in this shell; then:"),
        (f"{server} kv get {secret}", "the secret that a job reads"),
        ("./ciaccess access --by account", "what each account may do"),
        ("./ciaccess access --format html > access.html", "all of that as a page for a browser"),
        ("$EDITOR config/access.yaml; ./ciaccess validate", "change something; every mistake at once"),
        ("pulumi preview --stack local --diff", "what would change; `pulumi up` applies it"),
        ("./ciaccess drift --stack local --html drift.html", "manual changes in these systems, as a page"),
        ("./ciaccess local status", "what runs and where; `make down` stops it"),
    )
    systems = (
        ("OpenBao" if server == "bao" else "Vault", addresses["vault"], f"token in {_shown('vault-token')}"),
        ("Nexus", addresses["nexus"], f"user admin, password in {_shown('nexus-password')}"),
        ("  pushes", addresses["push_registry"], "registry for docker push"),
        ("  pulls", addresses["pull_registry"], "registry for docker pull"),
        ("GitLab", addresses["gitlab"], f"token in {_shown('gitlab-token')}"),
    )
    lines = [
        f"Made from config/{record.access_file}:",
        f"  {len(access.accounts)} accounts, each a Nexus user with a role, and a secret in Vault",
        f"  JWT roles with which jobs log in to Vault: {', '.join(access.vault.roles)}",
        "  the variables of the GitLab group, with which jobs find Vault",
        "In:",
        *(f"  {name:10}{address:25}{login}" for name, address, login in systems),
        "Try next:",
        *(f"  {command:{_COMMAND_CHARACTERS}}{purpose}" for command, purpose in commands),
    ]
    return "\n".join(lines)


def _shown(name: str) -> str:
    return os.path.relpath(credential_file(name))
