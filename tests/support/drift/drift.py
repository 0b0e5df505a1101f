"""What the tests of drift do: look, change something behind the program's back, and do by hand what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.project.project import Project

DRIFT, CLEAN, COULD_NOT_LOOK, ERROR = 2, 0, 3, 1
GROUP = "api/v4/groups/9"


@dataclass(frozen=True)
class Looked:
    """What `./ciaccess drift --json` ended with."""

    code: int
    report: dict[str, Any]
    err: str

    @property
    def found(self) -> set[tuple[str, str]]:
        """Return each finding's id and object."""
        return {(finding["id"], finding["object"]) for finding in self.report["findings"]}

    def finding(self, identity: str) -> dict[str, Any]:
        """Return the one finding of a class."""
        (only,) = [finding for finding in self.report["findings"] if finding["id"] == identity]
        return dict(only)


@dataclass(frozen=True)
class Change:
    """A change out of band, and the findings (id, object) that must come of it."""

    make: Callable[[Project], object]
    findings: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """Return its findings' ids."""
        return " and ".join(f"{identity} {subject}" for identity, subject in self.findings)


def change(make: Callable[[Project], object], *findings: tuple[str, str]) -> Change:
    """Return a change."""
    return Change(make, findings)


def look(project: Project, *words: str) -> Looked:
    """Run `./ciaccess drift --json`."""
    done = project.ciaccess("drift", "--stack", "local", "--json", *words)
    assert "Traceback" not in done.text, done.text
    assert done.out.startswith("{"), done.text
    return Looked(done.code, done.json(), done.err)


def do_by_hand(project: Project, looked: Looked) -> None:
    """Run the commands that the findings name for people; where none is, remove the object as its owner would."""
    for finding in looked.report["findings"]:
        if finding["by_hand"]:
            done = project.run("sh", "-ec", finding["by_hand"])
            assert done.code == 0, f"{finding['by_hand']}\n{done.text}"
        elif finding["repair"] == "by hand":
            remove_object(project, finding)


# What may be somebody else's, so that no command takes it away, by the finding's class.
_OF_VAULT = {
    "vault.policy.undeclared": "sys/policies/acl/",
    "vault.role.undeclared": "auth/jwt/role/",
    "vault.auth.role": "",
}
_OF_NEXUS = {"user": "users", "role": "roles", "privilege": "privileges"}


def remove_object(project: Project, finding: dict[str, Any]) -> None:
    """Delete what a finding without a command is about."""
    kind, _, name = finding["object"].rpartition(" ")
    if finding["id"] in _OF_VAULT:
        project.vault().delete(f"{_OF_VAULT[finding['id']]}{name}")
    else:
        nexus(project, "DELETE", f"{_OF_NEXUS[kind]}/{name}")


def repair(project: Project) -> Looked:
    """Repair everything: by the engine, by hand, and by the engine what came to light then; return the last look."""
    looked = look(project, "--repair", "--yes")
    if looked.code == DRIFT:
        do_by_hand(project, looked)
        looked = look(project, "--repair", "--yes")
    return looked


def nexus(project: Project, method: str, path: str, **options: Any) -> Any:
    """Ask Nexus's security API; return its JSON."""
    answer = project.nexus(method, f"security/{path}", **options)
    assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


def user_of(project: Project, account: str) -> dict[str, Any]:
    """Return a user as Nexus has it."""
    return next(row for row in nexus(project, "GET", "users?source=default") if row["userId"] == account)


def put_user(account: str, **fields: Any) -> Callable[[Project], object]:
    """Change fields of a user."""
    return lambda project: nexus(
        project, "PUT", f"users/{account}", json={**user_of(project, account), **fields}
    )


def add_user(user_id: str, *roles: str) -> Callable[[Project], object]:
    """Make a user."""
    person = {"firstName": "By", "lastName": "Hand", "emailAddress": "by@hand.test", "status": "active"}
    body = {"userId": user_id, **person, "password": "by-hand", "roles": roles}
    return lambda project: nexus(project, "POST", "users", json=body)


def set_password(account: str, password: str = "by-hand") -> Callable[[Project], object]:
    """Change a user's password in Nexus."""
    options = {"data": password, "headers": {"Content-Type": "text/plain"}}
    return lambda project: nexus(project, "PUT", f"users/{account}/change-password", **options)


def put_role(role: str, edit: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Project], object]:
    """Change a role by what `edit` returns for it."""

    def make(project: Project) -> None:
        found = nexus(project, "GET", f"roles/{role}")
        nexus(project, "PUT", f"roles/{role}", json={**found, **edit(found)})

    return make


def put_object(path: str, **fields: Any) -> Callable[[Project], object]:
    """Change fields of a content selector, by its path."""
    return lambda project: nexus(project, "PUT", path, json={**nexus(project, "GET", path), **fields})


def put_privilege(name: str, **fields: Any) -> Callable[[Project], object]:
    """Change fields of a privilege on a content selector."""

    def make(project: Project) -> None:
        found = {**nexus(project, "GET", f"privileges/{name}"), **fields}
        nexus(project, "PUT", f"privileges/repository-content-selector/{name}", json=found)

    return make


def put_secret(account: str, **fields: str) -> Callable[[Project], object]:
    """Write a new version of a secret; fields that are not given stay."""

    def make(project: Project) -> None:
        project.vault().write_data(
            f"secret/data/nexus/{account}", data={"data": {**project.secret(account), **fields}}
        )

    return make


def vault_write(path: str, **fields: Any) -> Callable[[Project], object]:
    """Write to a path of Vault."""
    return lambda project: project.vault().write_data(path, data=fields)


def vault_update(path: str, **fields: Any) -> Callable[[Project], object]:
    """Change fields of what is at a path of Vault, as one does who reads it, edits it and writes it back."""

    def make(project: Project) -> None:
        found: Any = project.vault().read(path)
        project.vault().write_data(path, data={**found["data"], **fields})

    return make


def put_variable(key: str, **fields: Any) -> Callable[[Project], object]:
    """Change fields of the group's variable."""

    def make(project: Project) -> None:
        assert project.gitlab("PUT", f"{GROUP}/variables/{key}", json=fields).ok

    return make


def add_variable(place: str, key: str, **fields: Any) -> Callable[[Project], object]:
    """Make a variable of a group or project, such as `groups/9`."""

    def make(project: Project) -> None:
        body = {"key": key, "value": "by-hand-value", **fields}
        answer = project.gitlab("POST", f"api/v4/{place}/variables", json=body)
        assert answer.ok, answer.text

    return make


def several(*makes: Callable[[Project], object]) -> Callable[[Project], object]:
    """Do several things as one change."""
    return lambda project: [make(project) for make in makes]
