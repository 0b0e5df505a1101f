"""One job for the rules: its steps, first variables, logins, and what the runner reads in Vault."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ciaccess.clients.credentials import ID_TOKEN
from ciaccess.consumers.lint.document import is_scalar, mapping_of
from ciaccess.consumers.lint.findings import Edit, Finding, without_passwords
from ciaccess.consumers.lint.reading import OF_TEXT, VAULT_PROGRAMS, Place
from ciaccess.consumers.lint.running import runs_of
from ciaccess.consumers.lint.variables import fill_in, only_variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.access.model.models import JwtRole
    from ciaccess.consumers.lint.document import Mapping, Scalar, Value
    from ciaccess.consumers.lint.merging import Job
    from ciaccess.consumers.lint.reading import Call, Step
    from ciaccess.consumers.lint.variables import Values
    from ciaccess.consumers.lint.vocabulary import Vocabulary

ROLE_VARIABLE = "VAULT_AUTH_ROLE"
SERVER_VARIABLE = "VAULT_SERVER_URL"
PATH_VARIABLE = "VAULT_AUTH_PATH"
# GitLab's defaults.
USUAL_ENGINE = "kv-v2"
USUAL_PATH = "jwt"

_ROLE = re.compile(
    r"""(?:(?<![\w.-])role["'\\]*\s*(?::=|[:=])\s*["'\\]*|--arg\s+role\s+)(\$\{?\w+(?::?-[^}]*)?\}?|[A-Za-z0-9_.-]+)(?![\w.$-])"""
)
_TOKEN = re.compile(r"""(?:\bjwt["'\\]*\s*[:=]\s*["'\\]*|--arg\s+jwt\s+)\$\{?(?:env:)?(\w+)""")
_USUAL_TOKEN = re.compile(rf"\$\{{?({ID_TOKEN}|CI_JOB_JWT(?:_V[12])?)\b")
_METHOD = re.compile(r"--?method(?:=|\s+)(?:jwt|oidc)\b")
_OTHER_PATH = re.compile(r"--?path(?:=|\s+)(\S+)")


@dataclass(frozen=True)
class NamedRole:
    """A role in a login; `origin` is the scalar with its name, if that is elsewhere.

    `role` is the one of access.yaml, None where it has none of this name.
    """

    name: str
    place: Place
    origin: Scalar | None
    role: JwtRole | None = field(compare=False)


@dataclass(frozen=True)
class Login:
    """A login with a token of GitLab's: the possible roles, and the token's variables."""

    place: Place
    roles: tuple[NamedRole, ...]
    tokens: frozenset[str]

    @property
    def known(self) -> list[tuple[str, JwtRole]]:
        """Return the roles that exist, by name."""
        return [(each.name, each.role) for each in self.roles if each.role]


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


@dataclass(frozen=True)
class JobReading:
    """A job with what it runs in one case.

    `values` are its variables before the first line, `known` the names of those that it has in some case; `words` are
    what the rules compare it with.
    """

    job: Job
    steps: list[Step]
    logins: list[Login]
    native: list[NativeSecret]
    values: Values
    known: frozenset[str]
    words: Vocabulary

    def finding(
        self,
        rule: str,
        place: Place,
        why: str,
        remedy: str,
        *,
        suggestion: str = "",
        edit: Edit | None = None,
    ) -> Finding:
        """Return a finding at a place of this job."""
        shown = without_passwords(suggestion)
        return Finding(rule, place.scalar.source, place.line, str(self.job.name), why, remedy, shown, edit)

    def written_to_dotenv(self) -> Iterator[tuple[Call, str]]:
        """Yield what is written to a dotenv report, which is an artifact, with the command that does."""
        files = {in_project(fill_in(each, self.values)) for each in self.job.dotenv_files}
        names = {each.rpartition("/")[2] for each in files}
        is_elsewhere = False
        for step in self.steps if files else ():
            for index, call in enumerate(step.calls):
                if call.name in ("cd", "pushd"):
                    is_elsewhere = in_project(f"{call.words[0] if call.words else '~'}/.") != "."
                written = list(map(in_project, call.written_to))
                in_folder = [
                    each.rpartition("/")[2] for each in written if is_elsewhere and each[:1] not in "/~"
                ]
                if not (_is_any(written, files) or _is_any(in_folder, names)):
                    continue
                # What `tee` and the like write, those before it in the pipeline print.
                writers = step.calls[: index + 1] if call.name in OF_TEXT else (call,)
                arguments = [one.raw.text for each in writers for one in each.arguments]
                yield call, " ".join((*arguments, *(each.given for each in writers)))


def _is_any(names: list[str], patterns: set[str]) -> bool:
    return any(fnmatchcase(name, each) for name in names for each in patterns)


def in_project(path: str) -> str:
    """Return a path as it is named from the project's folder."""
    return re.sub(r"^(?:\$\{?CI_PROJECT_DIR\}?/|\./)", "", path).rstrip("/")


def read_job(job: Job, words: Vocabulary) -> tuple[list[JobReading], list[str]]:
    """Read what a job runs in each case, and name what was left out.

    Raises:
        SourceError: a script is too large, or runs too much.
    """
    runs, unread = runs_of(job, words)
    known = frozenset(name for values, _ in runs for name in values)
    readings = []
    for values, steps in runs:
        native = list(native_secrets(job, values, words))
        found = [login for step in steps if (login := login_in(step, words))]
        found += [each.login for each in native if each.is_of(words)]
        readings.append(JobReading(job, steps, list(dict.fromkeys(found)), native, values, known, words))
    return readings, unread


def login_in(step: Step, words: Vocabulary) -> Login | None:
    """Return the login that a pipeline does."""
    asks = [call for call in step.programs if _logs_in(call, words)]
    if not asks:
        return None
    text = " ".join((step.text, *(call.files for call in asks)))
    names = [name for name in dict.fromkeys(_ROLE.findall(text)) if "$" not in name]
    roles = [NamedRole(name, *step.source_of(name), words.all_roles.get(name)) for name in names]
    tokens = _TOKEN.findall(text) or _USUAL_TOKEN.findall(text)
    return Login(step.place, tuple(roles), frozenset(each for each in tokens if each not in step.values))


def _logs_in(call: Call, words: Vocabulary) -> bool:
    text = " ".join((*call.words, call.given))
    if call.name in OF_TEXT:
        return False
    if call.name in VAULT_PROGRAMS and "login" in call.words[:3]:
        path = _OTHER_PATH.search(text)
        return bool(_METHOD.search(text)) and (
            not path
            or path.group(1).strip("/").removeprefix("auth/") in (words.jwt_mount, "")
            or "$" in path.group(1)
        )
    return bool(words.login.search(text))


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
        named = NamedRole(role, Place.of(origin or at), origin, words.all_roles.get(role))
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
