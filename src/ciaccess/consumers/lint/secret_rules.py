"""Rules for a secret: its mount, data/ in its path, its fields, and whether the job may read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.document import is_scalar
from ciaccess.consumers.lint.expanding import file_named
from ciaccess.consumers.lint.findings import Edit
from ciaccess.consumers.lint.job_reading import (
    PATH_VARIABLE,
    ROLE_VARIABLE,
    SERVER_VARIABLE,
    USUAL_ENGINE,
    USUAL_PATH,
)
from ciaccess.consumers.lint.reading import OF_TEXT, VAULT_PROGRAMS, Place
from ciaccess.consumers.lint.shell_words import PRINTED
from ciaccess.consumers.lint.variables import fill_in, variables_in
from ciaccess.consumers.names import SECRET_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.consumers.lint.findings import Finding
    from ciaccess.consumers.lint.job_reading import JobReading, NativeSecret
    from ciaccess.consumers.lint.reading import Call, Step

_API_PATH = re.compile(r"/v1/([\w./-]+)")
_JQ_FIELD = re.compile(r"\.data(?:\.data)?\.(?!data\b|metadata\b)(\w+)")
_TAKES_A_FIELD = re.compile(r"-field|\bjq\b|\||python|sed")
# Options of `vault kv` and `vault read` whose value may be the next word.
_WITH_VALUE = frozenset(
    {"mount", "field", "format", "version", "address", "namespace", "ca-cert", "wrap-ttl"}
)
_LACKS_DATA = "the path lacks data/: the API of KV version 2 answers 403 or 404"
_PUTS_DATA = "the path has data/, which {} adds by itself: Vault answers 403 or 404"


def secret_paths(reading: JobReading) -> Iterator[Finding]:
    """Find a wrong path, mount or field, and an account that the job may not read."""
    words, responses = reading.words, set[str]()
    for step in reading.steps:
        for call in step.programs:
            if call.name in VAULT_PROGRAMS:
                yield from _by_vault(reading, step, call)
            elif call.name not in OF_TEXT:
                yield from _by_api(reading, step, call)
        others = " ".join(word for call in step.calls if call.name != "jq" for word in call.words)
        has_response = words.names_secret(others) or responses.intersection(_read_by(step))
        if has_response and "-field" not in others:
            yield from _by_jq(reading, step)
        # Variables and files with a whole response, of which no field is taken.
        written = [(name, place.written) for name, value, place in step.sets if PRINTED in value]
        printed = step.place.written.split(">")[0]
        written += [(name, printed) for call in step.calls for name in call.written_to]
        responses |= {
            name for name, text in written if words.names_secret(text) and not _TAKES_A_FIELD.search(text)
        }


def _by_api(reading: JobReading, step: Step, call: Call) -> Iterator[Finding]:
    words, text = reading.words, " ".join((*call.words, call.given))
    for match in words.secret.finditer(text):
        if not match["kind"]:
            yield _lacks_data(reading, step)
        if match["account"] and not match["open"]:
            yield from _account(reading, step.source_of(match["account"])[0], match["account"])
    for address in _API_PATH.findall(text):
        path = words.secret_path.fullmatch(address)
        if path and not words.secret.match(f"/v1/{address}"):
            yield from _other_mount(reading, step.find(address), path)


def _lacks_data(reading: JobReading, step: Step) -> Finding:
    mount, prefix = reading.words.kv_mount, reading.words.kv_prefix
    path, wanted = f"{mount}/{prefix}/", f"{mount}/data/{prefix}/"
    place = step.find(path)
    line = place.with_text(path, wanted)
    return reading.finding("kv-path", place, f"{path}…: {_LACKS_DATA}", f"read {wanted}…", suggestion=line)


def _other_mount(reading: JobReading, place: Place, path: re.Match[str]) -> Iterator[Finding]:
    """Find an account's path in a mount that does not have it."""
    words, mount = reading.words, (path["mount"] or "").strip("/")
    if path["account"] in words.accounts and not f"/{mount}".endswith(f"/{words.kv_mount}"):
        where = f"the mount {path['mount']}" if path["mount"] else "no mount"
        why = f"{path.group()} names {where}: the accounts' secrets are in the mount {words.kv_mount}"
        remedy = f"name the mount {words.kv_mount}: {words.kv_mount}/{words.kv_prefix}/{path['account']}"
        yield reading.finding("kv-path", place, why, remedy)


def _by_vault(reading: JobReading, step: Step, call: Call) -> Iterator[Finding]:
    words = reading.words
    positional, options = _words_of(call)
    kv = positional[:1] == ["kv"]
    if not kv and positional[:1] not in (["read"], ["list"]):
        return
    paths = [each for each in positional[2 if kv else 1 :] if "=" not in each]
    path = next((each for each in paths if f"{words.kv_prefix}/" in f"{each}/"), "").strip("/")
    mount = options.get("mount", "").strip("/")
    found = words.secret_path.fullmatch(f"{mount}/{path}" if mount else path)
    if not found:
        return
    place, account, kind = step.find(path), found["account"], found["kind"]
    if found["mount"] != words.kv_mount:
        yield from _other_mount(reading, place, found)
        return
    if kv and kind == "data/":
        why, wanted_path = f"{path}: {_PUTS_DATA.format('`vault kv`')}", path.replace("data/", "", 1)
        line = place.with_text(path, wanted_path)
        yield reading.finding("kv-path", place, why, f"ask for {wanted_path}", suggestion=line)
    elif not kv and not kind:
        yield _lacks_data(reading, step)
    yield from _account(reading, step.source_of(account)[0], account)
    wanted = SECRET_FIELDS if kv else ("data", "metadata")
    if positional[:2] == ["kv", "get"] or (positional[0] == "read" and kind == "data/"):
        yield from _field(reading, place, options.get("field", wanted[0]), wanted)


def _field(
    reading: JobReading, place: Place, field: str, wanted: tuple[str, ...] = SECRET_FIELDS
) -> Iterator[Finding]:
    if field not in wanted and "$" not in field:
        why = f"the response has no field {field}" if field else "no field is named"
        yield reading.finding("field", place, why, f"ask for {' or '.join(wanted)}")


def _by_jq(reading: JobReading, step: Step) -> Iterator[Finding]:
    """Find a field that jq takes from a secret's response and that the response does not have."""
    for call in step.programs:
        for match in _JQ_FIELD.finditer(" ".join(call.words)) if call.name == "jq" else ():
            if ".data.data" not in match.group() or match.group(1) not in SECRET_FIELDS:
                wanted = " or ".join(f".data.data.{each}" for each in SECRET_FIELDS)
                why = f"the response has no {match.group()}"
                yield reading.finding("field", call.place(), why, f"ask for {wanted}")


def _read_by(step: Step) -> Iterator[str]:
    """Yield the variables and files that a pipeline reads."""
    for call in step.calls:
        for each in call.arguments:
            yield from (*variables_in(each.raw.text), file_named(each.text))
        yield from (*variables_in(call.given), call.read_from)


def _words_of(call: Call) -> tuple[list[str], dict[str, str]]:
    """Return the words of Vault's CLI that are not options, and the options by name."""
    positional, options = list[str](), dict[str, str]()
    waiting = ""
    for word in call.words:
        if waiting:
            options[waiting], waiting = word, ""
        elif word.startswith("-"):
            name, equals, value = word.lstrip("-").partition("=")
            options[name] = value
            waiting = name if not equals and name in _WITH_VALUE else ""
        else:
            positional.append(word)
    return positional, options


def _account(reading: JobReading, place: Place, account: str) -> Iterator[Finding]:
    """Check whether the job's roles may read the secret of an account."""
    words = reading.words
    roles = [each for login in reading.logins for each in login.known]
    named = all(len(login.known) == len(login.roles) > 0 for login in reading.logins)
    allowed = list(dict.fromkeys(each for _, role in roles for each in role.accounts)) if named else []
    if "$" in account or account in (allowed or words.readable):
        return
    who, remedy = "no job may", f"use one of {', '.join(words.readable)}"
    if account in words.readable:
        who = f"role {' or '.join(dict.fromkeys(name for name, _ in roles))} may not"
        others = " or ".join(name for name, role in words.roles.items() if account in role.accounts)
        remedy = f"log in with role {others}, or use one of {', '.join(allowed)}"
    yield reading.finding("account", place, f"{who} read the secret of {account}", remedy)


def template_account(reading: JobReading) -> Iterator[Finding]:
    """Check the account of a template's job: jobs may read it, and it may do what the job does."""
    words = reading.words
    for step in reading.steps:
        for call in step.calls:
            account, verb, format_ = (*call.words, "", "", "")[:3]
            if call.name != "nexus_auth" or not account or "$" in account:
                continue
            place = step.source_of(account)[0]
            able = words.able.get((verb, format_), words.readable)
            use = f"use one of {', '.join(able)}" if able else "give an account that right in access.yaml"
            if account not in words.readable:
                yield from _account(reading, place, account)
            elif account not in able:
                yield reading.finding("account", place, f"{account} may not {verb} {format_}", use)


def native_secrets(reading: JobReading) -> Iterator[Finding]:
    """Check `secrets: vault:`: Vault's address, the login, the engine, path, field and account."""
    words = reading.words
    for secret in reading.native:
        if not secret.is_of(words):
            continue
        yield from _server(reading, secret)
        yield from _role(reading, secret)
        yield from _login_path(reading, secret)
        path = words.secret_path.fullmatch(f"{secret.engine}/{secret.path}")
        if secret.engine != words.kv_mount:
            yield from _engine(reading, secret)
        elif secret.kind and secret.kind != USUAL_ENGINE:
            why = f"engine {secret.kind} reads without data/, and {words.kv_mount} is KV version 2: Vault answers 403 or 404"
            place, edit = Place.of(secret.kind), Edit.replace(secret.kind, USUAL_ENGINE)
            yield reading.finding("secrets", place, why, f"name: {USUAL_ENGINE}", edit=edit)
        elif path:
            yield from _native_path(reading, secret)
            yield from _account(reading, secret.place, path["account"])
            yield from _field(reading, secret.place, secret.field)
        elif secret.path == words.kv_prefix and secret.field in words.accounts:
            yield from _field(reading, secret.place, "")


def _server(reading: JobReading, secret: NativeSecret) -> Iterator[Finding]:
    address, server = reading.words.vault_address, reading.values.get(SERVER_VARIABLE)
    if SERVER_VARIABLE not in reading.known:
        why = f"GitLab reads {secret.variable} from the Vault of {SERVER_VARIABLE}, which neither this file nor access.yaml sets"
        remedy = f"set {SERVER_VARIABLE}: {address} on {reading.words.vault_group}"
        yield reading.finding("secrets", secret.place, why, remedy)
    found = fill_in(server or "", reading.values)
    if found and "$" not in found and found.rstrip("/") != address:
        why = f"{SERVER_VARIABLE} is {found}, and Vault is {address}"
        yield reading.finding("secrets", _origin(server, secret), why, f"set it to {address}")


def _role(reading: JobReading, secret: NativeSecret) -> Iterator[Finding]:
    if not secret.login.roles and ROLE_VARIABLE not in reading.known:
        why = f"{ROLE_VARIABLE} is not set: GitLab logs in with the default role of the auth mount, and access.yaml declares none"
        remedy = f"set {ROLE_VARIABLE} to {' or '.join(reading.words.roles)}"
        yield reading.finding("role", secret.place, why, remedy)


def _login_path(reading: JobReading, secret: NativeSecret) -> Iterator[Finding]:
    declared = reading.words.jwt_mount
    given = reading.values.get(PATH_VARIABLE, "" if PATH_VARIABLE in reading.known else USUAL_PATH)
    mount = fill_in(given or "", reading.values).strip("/")
    if mount and "$" not in mount and mount != declared:
        why = f"GitLab logs in at auth/{mount}/login, and the roles of access.yaml are those of the mount {declared}"
        edit = Edit.replace(given, declared) if is_scalar(given) else None
        remedy = f"set {PATH_VARIABLE} to {declared}"
        yield reading.finding("secrets", _origin(given, secret), why, remedy, edit=edit)


def _origin(value: str | None, secret: NativeSecret) -> Place:
    return Place.of(value) if is_scalar(value) else secret.place


def _engine(reading: JobReading, secret: NativeSecret) -> Iterator[Finding]:
    """Find an account's secret in another mount, or in GitLab's default one."""
    words = reading.words
    inside = words.path_inside_mount(secret.path)
    if inside.removeprefix(f"{words.kv_prefix}/") not in words.accounts:
        return
    why = f"the accounts' secrets are in the mount {words.kv_mount}, not in {secret.engine}"
    if secret.engine == USUAL_ENGINE:
        why = f"no mount is named, and GitLab then reads from the mount {USUAL_ENGINE}"
    remedy = f"write {inside}/{secret.field}@{words.kv_mount}, or engine: path: {words.kv_mount}"
    yield reading.finding("kv-path", secret.place, f"{secret.path}: {why}", remedy)


def _native_path(reading: JobReading, secret: NativeSecret) -> Iterator[Finding]:
    """Find a path that names what GitLab adds: the mount, or data/."""
    path, scalar = secret.path, secret.place.scalar
    inside = reading.words.path_inside_mount(path)
    if inside != path and "/" in inside:
        again = f"{path} names the mount {reading.words.kv_mount} again: GitLab adds it"
        why = f"{path}: {_PUTS_DATA.format('GitLab')}" if path.startswith("data/") else again
        edit = Edit.replace(scalar, scalar.replace(path.removesuffix(inside), "", 1))
        yield reading.finding("kv-path", secret.place, why, f"path {inside}", edit=edit)
