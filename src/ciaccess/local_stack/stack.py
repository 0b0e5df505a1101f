"""Starting, stopping and looking at the local stack as one thing.

A service that runs is left alone; one that was killed is started again on its data; a port in
use is reported, and for a new stack another one is chosen.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from hvac.exceptions import VaultError

from ciaccess.atomic_file import hold_lock, write_private
from ciaccess.engine.settings import local_addresses_file
from ciaccess.environment import ROOT, local_credentials_script, state_directory
from ciaccess.local_stack import nexus_bundle, nexus_server, places, processes, seed, vault_server
from ciaccess.local_stack.places import SERVICES, Record
from ciaccess.local_stack.processes import StackError, Starting

if TYPE_CHECKING:
    from ciaccess.access import Access

# The usual port of each listener, and its name in messages.
_LISTENERS = {
    "vault": {"vault": (18200, "Vault")},
    "nexus": {
        "nexus": (18081, "Nexus"),
        "nexus_push": (18443, "Nexus's push registry"),
        "nexus_pull": (18444, "Nexus's pull registry"),
    },
    "gitlab": {"gitlab": (18929, "GitLab")},
}
_STATE = ("*/ciaccess/local", "*/ciaccess/local.json*", "locks/*/ciaccess/local")
# Vault answers this one sealed or not, and the other only where it is unsealed and leads.
_READY_PATH = {
    "vault": "/v1/sys/seal-status",
    "nexus": "/service/rest/v1/status",
    "gitlab": "/.well-known/openid-configuration",
}
_ACTIVE_PATH = "/v1/sys/health"
_ANSWER_SECONDS = 5


@dataclass(frozen=True)
class Status:
    """A service as it is now: `state` is running, sealed, unresponsive, killed or stopped.

    `registries` are the addresses at which Nexus takes and serves images.
    """

    service: str
    state: str
    address: str
    pid: int | None
    registries: dict[str, str] = field(default_factory=dict)


def choose_nexus(version: str | None) -> Record:
    """Return the record of a stack with this version of Nexus ("" for the simulator).

    A stack keeps the Nexus it has, whose objects its Pulumi state describes.
    """
    record = Record.load()
    if version is None or version == record.nexus:
        return record
    if version:
        nexus_bundle.check(version)
    if record.ports:
        has = f"Nexus {record.nexus}" if record.nexus else "the simulator of Nexus"
        raise StackError(
            f"start Nexus {version}: the local stack has {has}, and its Pulumi state describes what is in it. "
            "Start over: ./ciaccess local reset --yes"
        )
    record.nexus = version
    return record


def _choose_vault(record: Record) -> None:
    """Set the program of a new stack's Vault server; another one could not read an old one's data."""
    wanted = vault_server.choice()
    if wanted not in {"", "vault", "bao"} and not shutil.which(wanted):
        raise StackError(f"start {wanted}: there is no such program. Allowed: vault, bao, or the path of one")
    if not record.ports:
        record.vault = wanted or vault_server.default()
    elif wanted not in {"", record.vault}:
        raise StackError(
            f"start {wanted}: the local stack has {record.vault}, and its data cannot be read by another server. "
            "Start over: ./ciaccess local reset --yes"
        )


def start(access: Access, *, any_ports: bool = False, nexus: str | None = None) -> list[str]:
    """Start what does not run, seed it, and return what is worth saying.

    A new stack listens on the usual ports, or with `any_ports` on whichever are free; an old one on its own. `nexus` is
    as `choose_nexus` takes it.
    """
    with hold_lock(places.folder().parent / "local.lock"):
        record = choose_nexus(nexus)
        _choose_vault(record)
        reason = _choose_ports(record, any_ports=any_ports)
        for service in SERVICES:
            if not _runs(record, service):
                if service in record.pids:
                    reason.append(f"{service} had stopped; started again with its data")
                _spawn(record, service)
        try:
            with ThreadPoolExecutor(len(SERVICES)) as pool:
                list(pool.map(lambda service: _await(record, service), SERVICES))
            vault_server.enable_kv(record.url("vault"), access.vault.kv.mount)
            seed.seed_nexus(access, record)
            seed.seed_gitlab(access, record)
        except (requests.RequestException, VaultError) as error:
            raise StackError(
                f"seed the local stack: a service does not do it ({type(error).__name__}). "
                f"Look into {places.folder() / 'logs'}, and run this again"
            ) from None
        _publish(record)
        return reason


def stop_all() -> list[str]:
    """Stop what runs; return the names of the services that did."""
    with hold_lock(places.folder().parent / "local.lock"):
        record = Record.load()
        stopped = [
            service for service in reversed(SERVICES) if service in record.pids and _stop(record, service)
        ]
        record.pids.clear()
        if record.ports:
            record.save()
        return stopped


def status() -> list[Status]:
    """Return each service as it is now."""
    record = Record.load()
    return [_status(record, service) for service in SERVICES]


def reset() -> None:
    """Stop all services and delete data, credentials, logs, and the stack's Pulumi state."""
    stop_all()
    shutil.rmtree(places.folder(), ignore_errors=True)
    _forget_state(state_directory() / "state")


def _forget_state(backend: Path) -> None:
    """Delete the engine's files of the stack `local`, not those of another stack beside it."""
    if all(file.name == "local.json" for file in backend.glob(".pulumi/stacks/**/*.json")):
        shutil.rmtree(backend, ignore_errors=True)
        return
    for pattern in _STATE:
        for place in list((backend / ".pulumi").glob(pattern)):
            if place.is_dir():
                shutil.rmtree(place, ignore_errors=True)
            else:
                place.unlink(missing_ok=True)


def record() -> Record:
    """Return the record of a stack that was started."""
    found = Record.load()
    if not found.ports:
        raise StackError("the local stack is not started. Start it: ./ciaccess local start")
    return found


def _runs(record: Record, service: str) -> bool:
    pid = record.pids.get(service)
    return pid is not None and processes.is_ours(pid, places.data_folder(service))


def _choose_ports(record: Record, *, any_ports: bool) -> list[str]:
    reason = []
    for service, listeners in _LISTENERS.items():
        if _runs(record, service):
            continue
        for listener, (usual, name) in listeners.items():
            if listener in record.ports:
                if not processes.port_is_free(record.ports[listener]):
                    raise StackError(
                        f"start {service}: port {record.ports[listener]}, where it listened before, is taken by another "
                        "process. Free it, or start afresh: ./ciaccess local reset --yes"
                    )
                continue
            port = processes.free_port() if any_ports else usual
            if not processes.port_is_free(port):
                port = processes.free_port()
                reason.append(f"port {usual} is in use; {name} listens on {port}")
            record.ports[listener] = port
    record.save()
    return reason


def _stop(record: Record, service: str) -> bool:
    pid, data = record.pids[service], places.data_folder(service)
    if service == "nexus" and record.nexus:
        return processes.stop(pid, data, nexus_server.STOP_SECONDS)
    return processes.stop(pid, data)


def _spawn(record: Record, service: str) -> None:
    data = places.data_folder(service)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    if service == "vault":
        command = vault_server.command(record.vault, record.ports["vault"])
    elif service == "nexus" and record.nexus:
        places.make_credential("nexus-password")
        places.log_file(service).unlink(missing_ok=True)  # so that an error in it is of this start
        command, environment = nexus_server.launch(record.nexus, data, record.ports["nexus"])
    elif service == "nexus":
        password = places.make_credential("nexus-password")
        command = _simulator(service, record, "--admin-password-file", password)
    else:
        token = places.make_credential("gitlab-token", "glpat-")
        command = _simulator(service, record, "--root-token-file", token)
    record.pids[service] = processes.spawn(command, places.log_file(service), environment)
    record.save()


def _simulator(service: str, record: Record, option: str, credential: Path) -> list[str]:
    place = ["--data", str(places.data_folder(service)), "--port", str(record.ports[service])]
    return [sys.executable, "-m", f"simulators.{service}", *place, option, str(credential)]


def _await(record: Record, service: str) -> None:
    url = record.url(service)
    starting = Starting(service, record.pids[service], places.data_folder(service), places.log_file(service))
    is_real_nexus = service == "nexus" and bool(record.nexus)
    if is_real_nexus:
        starting = replace(starting, seconds=nexus_server.START_SECONDS, last_error=nexus_server.last_error)
    processes.wait_ready(starting, lambda: _answers(url + _READY_PATH[service]))
    if service == "vault":
        vault_server.open_up(url)
        processes.wait_ready(starting, lambda: _answers(url + _ACTIVE_PATH))
    elif is_real_nexus:
        nexus_server.set_password(url, places.read_credential("nexus-password"))


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=_ANSWER_SECONDS).ok
    except requests.RequestException:
        return False


def _status(record: Record, service: str) -> Status:
    address, registries = "", {}
    if service in record.ports:
        address = record.url(service)
        addresses = record.addresses()
        registries = {kind: addresses[f"{kind}_registry"] for kind in ("push", "pull") if service == "nexus"}
    pid = record.pids.get(service)
    if not _runs(record, service):
        return Status(service, "stopped" if pid is None else "killed", address, None, registries)
    if not _answers(address + _READY_PATH[service]):
        state = "unresponsive"
    elif service == "vault" and not _answers(address + _ACTIVE_PATH):
        state = "sealed"
    else:
        state = "running"
    return Status(service, state, address, pid, registries)


def environment() -> dict[str, str]:
    """Return the variables for `pulumi` on a started stack: Vault's token, the rest by file."""
    started = record()
    try:
        token = places.read_credential("vault-token")
    except FileNotFoundError:
        raise StackError(
            "the local stack did not finish starting. Start it: ./ciaccess local start"
        ) from None
    return {**_named_credentials(started), "VAULT_TOKEN": token}


def _named_credentials(record: Record) -> dict[str, str]:
    return {
        "VAULT_ADDR": record.url("vault"),
        "NEXUS_URL": record.url("nexus"),
        "GITLAB_URL": record.url("gitlab"),
        "NEXUS_USERNAME": "admin",
        "NEXUS_PASSWORD_FILE": str(places.credential_file("nexus-password")),
        "GITLAB_TOKEN_FILE": str(places.credential_file("gitlab-token")),
    }


def _publish(record: Record) -> None:
    """Say where the stack listens, for the stack settings, and how `pulumi` gets in, for the shell.

    The shell lines name each credential by its file, never by its value.
    """
    published = record.addresses() | ({"access": record.access_file} if record.nexus else {})
    write_private(local_addresses_file(), json.dumps(published, indent=2) + "\n")
    lines = [f"export {name}={shlex.quote(value)}" for name, value in _named_credentials(record).items()]
    # pulumi-vault knows no VAULT_TOKEN_FILE.
    lines.append(f'export VAULT_TOKEN="$(cat {shlex.quote(str(places.credential_file("vault-token")))})"')
    write_private(local_credentials_script(), "\n".join(lines) + "\n")
