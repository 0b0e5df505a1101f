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
    """An entry of `secrets:`; `place` has the path, `login` is what the runner does for it.

    `engine` is the engine's mount, `kind` the scalar with its name, None where that is GitLab's default.
    """

    variable: str
    place: Place
    engine: str
    kind: Scalar | None
    path: str
    field: str
    login: Login
    is_file: bool

    def is_of(self, words: Vocabulary) -> bool:
        """Report whether it reads, or tries to read, the secret of an account."""
        return self.engine == words.kv_mount or f"/{words.kv_prefix}/" in f"/{self.path}/{self.field}/"


def native_secrets(job: Job, values: Values, words: Vocabulary) -> Iterator[NativeSecret]:
    """Return the secrets of Vault that the runner reads for a job with these variables."""
    held = values.get(ROLE_VARIABLE) or ""
    role = fill_in(held, values)
    for name, given in mapping_of(job.body.get("secrets")).items():
        entry = mapping_of(given)
        if (found := _path(entry.get("vault"), values)) is None:
            continue
        at, engine, kind, path, field = found
        place, origin = Place.of(at), held if is_scalar(held) else None
        named = NamedRole(role, Place.of(origin or at), origin, words.role(role))
        token = _token(entry, job)
        roles = (named,) if role and "$" not in role else ()
        login = Login(place, roles, frozenset({token} if token else ()))
        is_file = str(entry.get("file", "true")).lower() != "false"
        yield NativeSecret(str(name), place, engine.strip("/"), kind, path.strip("/"), field, login, is_file)


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
    named, tokens = entry.get("token"), job.id_tokens
    if is_scalar(named):
        return only_variable(named) or None
    if tokens is None:
        return None
    return str(next(iter(tokens))) if len(tokens) == 1 else ID_TOKEN
