"""GitLab's `secrets: vault:`, read by the runner before the script: login and secret path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ciaccess.clients.credentials import ID_TOKEN
from ciaccess.consumers.lint.document import is_scalar, mapping_of
from ciaccess.consumers.lint.login_rules import Login, NamedRole
from ciaccess.consumers.lint.reading import Place
from ciaccess.consumers.lint.variables import fill_in, only_variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.consumers.lint.document import Mapping, Scalar, Value
    from ciaccess.consumers.lint.merging import Job
    from ciaccess.consumers.lint.variables import Values
    from ciaccess.consumers.lint.vocabulary import Vocabulary

ROLE_VARIABLE = "VAULT_AUTH_ROLE"
SERVER_VARIABLE = "VAULT_SERVER_URL"
PATH_VARIABLE = "VAULT_AUTH_PATH"
# GitLab's defaults.
USUAL_ENGINE = "kv-v2"
USUAL_PATH = "jwt"


@dataclass(frozen=True)
class NativeSecret:
    """An entry of `secrets:`; `at` is the scalar with the path, `token` is None if unknown.

    `engine` is the engine's mount, `kind` the scalar with its name, None where that is GitLab's default. `values` are the
    variables of the case that it is of.
    """

    variable: str
    at: Scalar
    engine: str
    kind: Scalar | None
    path: str
    field: str
    token: str | None
    roles: tuple[NamedRole, ...]
    is_file: bool
    values: Values

    @property
    def place(self) -> Place:
        """Return where its path is."""
        return Place.of(self.at)

    def is_of(self, words: Vocabulary) -> bool:
        """Report whether it reads, or tries to read, the secret of an account."""
        inside = f"/{self.path}/{self.field}/"
        return self.engine.strip("/") == words.kv_mount or f"/{words.kv_prefix}/" in inside

    def login(self) -> Login:
        """Return the login that the runner does for it."""
        return Login(self.place, self.roles, frozenset({self.token} if self.token else ()))


def native_secrets(job: Job, values: Values) -> Iterator[NativeSecret]:
    """Return the secrets of Vault that the runner reads for a job with these variables."""
    for name, given in mapping_of(job.body.get("secrets")).items():
        entry = mapping_of(given)
        if (found := _path(entry.get("vault"), values)) is None:
            continue
        at, engine, kind, path, field = found
        held = values.get(ROLE_VARIABLE) or ""
        role, origin = fill_in(held, values), held if is_scalar(held) else None
        named = NamedRole(role, Place.of(origin or at), origin)
        is_file = str(entry.get("file", "true")).lower() != "false"
        roles = (named,) if role and "$" not in role else ()
        yield NativeSecret(
            str(name), at, engine, kind, path, field, _token(entry, job), roles, is_file, values
        )


def _path(vault: Value, values: Values) -> tuple[Scalar, str, Scalar | None, str, str] | None:
    """Return scalar, engine's mount and name, secret's path and field of either form of `vault:`."""
    if is_scalar(vault):
        place, _, mount = fill_in(vault, values).partition("@")
        path, _, field = place.rpartition("/")
        return vault, mount or USUAL_ENGINE, None, path, field
    entry = mapping_of(vault)
    at, engine = entry.get("path"), mapping_of(entry.get("engine"))
    if not is_scalar(at):
        return None
    mount, kind, field = (engine.get("path", USUAL_ENGINE), engine.get("name"), entry.get("field", ""))
    return at, fill_in(str(mount), values), kind if is_scalar(kind) else None, fill_in(at, values), str(field)


def _token(entry: Mapping, job: Job) -> str | None:
    """Return the variable of the id_token: the one that is named, or the only one that the job has."""
    named = entry.get("token")
    if is_scalar(named):
        return only_variable(named) or None
    tokens = job.id_tokens
    if tokens is None:
        return None
    if len(tokens) == 1:
        return str(next(iter(tokens)))
    return ID_TOKEN
