"""A session of an adoption: the stack's settings, credentials, systems, and runs of the engine.

Owns the scratch files: the import file, and settings with an access.yaml that has `adopt: true`, so that the engine lists
the declared objects without refusing existing ones. They contain no secret, and are deleted from the state directory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ruamel.yaml import YAML

from ciaccess.access import load
from ciaccess.access.desired.state import Desired
from ciaccess.adoption.importing import ADOPTED, adopted_paths, foundation, import_file, targets
from ciaccess.adoption.inventory import Systems
from ciaccess.adoption.lost_rights import lost_rights
from ciaccess.adoption.plan import Plan, PlannedAction, make_plan
from ciaccess.adoption.verifying import Change, changes_in
from ciaccess.cli.local_credentials import use_local_credentials
from ciaccess.cli.terminal import write_file
from ciaccess.clients.connect import gitlab_client, nexus_client
from ciaccess.clients.credentials import KNOWN, check_address, require
from ciaccess.clients.vault.client import Vault
from ciaccess.engine import pulumi_cli
from ciaccess.engine.declared import Declared, declared_by
from ciaccess.engine.preconditions import check_vault
from ciaccess.engine.settings import CONFIG_FOLDER, StackSettings, claim
from ciaccess.environment import state_directory
from ciaccess.errors import CommandError


def connect(vault: str, nexus: str, gitlab: str) -> Systems:
    """Return the systems at these addresses, with the environment's credentials.

    Raises:
        CredentialsError: some are missing, or an address is invalid or not the environment's.
    """
    check_address("VAULT_ADDR", vault)
    found = require("VAULT_TOKEN", "NEXUS_USERNAME", "NEXUS_PASSWORD", "GITLAB_TOKEN")
    return Systems(
        vault=Vault(vault, found["VAULT_TOKEN"]),
        nexus=nexus_client(nexus),
        nexus_url=nexus,
        gitlab=gitlab_client(gitlab),
    )


class Session:
    """A stack that adopts; `folder` is for the scratch files."""

    def __init__(self, stack: str, settings_file: Path | None, folder: Path) -> None:
        """Read the stack's settings and YAML.

        Raises:
            CommandError: they are invalid.
        """
        self._stack = stack
        self._folder = folder
        # Resources in the state: the preconditions expect their paths in Vault.
        self._own: set[Declared] = set()
        self._is_settled = True
        settings = StackSettings.of_stack(stack, settings_file)
        self._settings_file = settings_file or CONFIG_FOLDER / f"Pulumi.{stack}.yaml"
        self.access_file = settings.access_file
        self.access = load(settings.access_file, settings.addresses)
        self._desired = Desired.of(self.access)
        use_local_credentials(stack, settings_file)
        require(*KNOWN)
        check_vault(self.access)
        self._systems = connect(self.access.vault.address, self.access.nexus.url, self.access.gitlab.url)

    def plan(self) -> Plan:
        """Return the plan of the declared objects. Writes nothing."""
        preview = pulumi_cli.preview("--show-sames", *self._stack_options(self._settings_with_adopt()))
        found = make_plan(
            declared_by(preview),
            self._desired,
            self._systems,
            self.access.owner,
            claim(self._stack),
        )
        self._own = {each for each in found.declared if each.is_in_state}
        return found

    def lost_rights(self, plan: Plan) -> dict[str, str]:
        """Return the rights that users of Nexus would lose once the plan's objects are as declared."""
        return lost_rights(plan, self._desired, self._systems.nexus)

    def take_into_state(self, plan: Plan) -> None:
        """Import the plan's adopted objects. Writes to no system, and continues an interrupted run.

        Raises:
            CommandError: the engine failed; its output is above.
        """
        adopted = plan.of(PlannedAction.ADOPTED)
        if not adopted:
            return
        there = {each.urn for each in self._own}
        if not there.issuperset(foundation(plan)):
            self._up(foundation(plan))
        words = ("--generate-code=false", "--protect=false", "--yes", "--skip-preview", "--suppress-outputs")
        self._run("import", "--file", str(self.write_import_file(plan)), *words)
        self._own |= {step.resource for step in adopted}

    def write_import_file(self, plan: Plan, path: Path | None = None) -> Path:
        """Write the engine's import file, by default to the scratch folder, and return its path."""
        path = path or self._folder / "import.json"
        write_file(path, json.dumps(import_file(plan), indent=2))
        return path

    def settle(self, plan: Plan) -> None:
        """Record the adopted paths in the state, so that the next `up` accepts them. Writes to no system.

        Raises:
            CommandError: the engine failed; its output is above.
        """
        if not self._is_settled:
            self._up(foundation(plan))

    def bring_in_line(self, plan: Plan) -> None:
        """Update and create the plan's objects, and no others.

        Raises:
            CommandError: the engine failed; its output is above.
        """
        self._up(self._targets(plan))

    def changes(self, plan: Plan, *, all_made: bool = False) -> dict[str, Change]:
        """Return the changes that the engine would make to the plan's objects.

        It refreshes them, unless some are still to be created: the engine refuses to refresh those.
        """
        refresh = ("--refresh",) if all_made or not plan.of(PlannedAction.MADE) else ()
        words = (*refresh, *self._stack_options(self._settings_file), *targets(self._targets(plan)))
        found = changes_in(pulumi_cli.preview(*words, variables=self._adopted_variables()))
        self._is_settled = not any(each.is_precondition and each.urn in found for each in plan.declared)
        steps = {step.resource.urn for step in plan.steps}
        return {urn: change for urn, change in found.items() if urn in steps}

    def _up(self, urns: Iterable[str]) -> None:
        words = ("--yes", "--skip-preview", "--suppress-outputs", *targets(urns))
        self._run("up", *words, variables=self._adopted_variables())

    def _adopted_variables(self) -> dict[str, str]:
        return {ADOPTED: adopted_paths(self._own)}

    def _targets(self, plan: Plan) -> list[str]:
        chosen = plan.of(PlannedAction.ADOPTED, PlannedAction.MADE, PlannedAction.IN_STATE)
        parents = sorted({step.resource.parent for step in chosen} - {""})
        return list(dict.fromkeys([*foundation(plan), *parents, *(step.resource.urn for step in chosen)]))

    def _run(self, verb: str, *words: str, variables: dict[str, str] | None = None) -> None:
        done = pulumi_cli.run(
            verb, *words, *self._stack_options(self._settings_file), variables=variables, aside=True
        )
        if done:
            raise CommandError(
                f"pulumi {verb} failed; its output is above. Objects adopted before stay in the state: fix the cause and run "
                "the same command again"
            )

    def _stack_options(self, settings: Path) -> tuple[str, ...]:
        return ("--stack", self._stack, "--config-file", str(settings))

    def _settings_with_adopt(self) -> Path:
        """Return settings whose YAML adopts all objects."""
        yaml = YAML()
        declared = yaml.load(self.access_file)
        _remove_key(declared, "adopt")
        declared["adopt"] = True
        settings = yaml.load(self._settings_file)
        settings.setdefault("config", {})["ciaccess:access"] = str(self._folder / "access.yaml")
        for name, content in (("access.yaml", declared), ("settings.yaml", settings)):
            with (self._folder / name).open("w", encoding="utf-8") as file:
                yaml.dump(content, file)
        return self._folder / "settings.yaml"


@contextmanager
def session(stack: str, settings_file: Path | None) -> Iterator[Session]:
    """Return a session; delete its scratch files afterwards."""
    parent = state_directory()
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="adopt-", dir=parent) as folder:
        yield Session(stack, settings_file, Path(folder))


def _remove_key(value: Any, key: str) -> None:
    if isinstance(value, dict):
        value.pop(key, None)
        for item in value.values():
            _remove_key(item, key)
