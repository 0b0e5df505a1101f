"""Rules for a secret's path: data/ only for the API, and accounts that the job may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.consumers.lint.login_rules import replacement
from ciaccess.consumers.lint.native_secrets import ROLE_VARIABLE, USUAL_ENGINE
from ciaccess.consumers.lint.reading import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.consumers.lint.findings import Finding
    from ciaccess.consumers.lint.job_reading import JobReading
    from ciaccess.consumers.lint.reading import Call, Step
    from ciaccess.consumers.lint.vocabulary import Vocabulary

_SERVER_VARIABLE = "VAULT_SERVER_URL"
# Options of `vault kv` and `vault read` whose value may be the next word.
_WITH_VALUE = frozenset(
    {"mount", "field", "format", "version", "address", "namespace", "ca-cert", "wrap-ttl"}
)
_LACKS_DATA = "the path lacks data/: the API of KV version 2 answers 403 or 404"
_PUTS_DATA = "the path has data/, which {} adds by itself: Vault answers 403 or 404"


def secret_paths(reading: JobReading, words: Vocabulary) -> Iterator[Finding]:
    """Find a path without data/, or with one too many, and an account that the job may not read."""
    for step in reading.steps:
        for call in step.programs:
            if call.name == "vault":
                yield from _by_vault(reading, step, call, words)
            else:
                yield from _by_api(reading, step, call, words)


def _by_api(reading: JobReading, step: Step, call: Call, words: Vocabulary) -> Iterator[Finding]:
    text = " ".join((*call.words, call.given))
    for match in words.secret.finditer(text):
        if not match["kind"]:
            yield _lacks_data(reading, step, words)
        if match["account"] and not match["open"]:
            yield from _account(reading, step.find(match["account"]), match["account"], words)


def _lacks_data(reading: JobReading, step: Step, words: Vocabulary) -> Finding:
    path = f"{words.kv_mount}/{words.kv_prefix}/"
    wanted = f"{words.kv_mount}/data/{words.kv_prefix}/"
    place = step.find(path)
    return reading.finding(
        "kv-path",
        place,
        f"{path}…: {_LACKS_DATA}",
        f"read {wanted}…",
        suggestion=place.with_text(path, wanted),
    )


def _by_vault(reading: JobReading, step: Step, call: Call, words: Vocabulary) -> Iterator[Finding]:
    positional, options = _words_of(call)
    kv = positional[:1] == ["kv"]
    if not kv and positional[:1] not in (["read"], ["list"]):
        return
    paths = [each for each in positional[2 if kv else 1 :] if "=" not in each]
    path = next((each for each in paths if f"{words.kv_prefix}/" in f"{each}/"), "").strip("/")
    mount = options.get("mount", "").strip("/")
    if mount and mount != words.kv_mount:
        return
    inside = path if mount else path.removeprefix(f"{words.kv_mount}/")
    if not mount and inside == path:
        return
    rest = inside.removeprefix("data/")
    if not rest.startswith(f"{words.kv_prefix}/"):
        return
    account = rest.removeprefix(f"{words.kv_prefix}/")
    place = step.find(path)
    if kv and rest != inside:
        yield reading.finding(
            "kv-path",
            place,
            f"{path}: {_PUTS_DATA.format('`vault kv`')}",
            f"ask for {path.replace('data/', '', 1)}",
            suggestion=place.with_text(path, path.replace("data/", "", 1)),
        )
    elif not kv and rest == inside and not inside.startswith("metadata/"):
        yield _lacks_data(reading, step, words)
    if account and "$" not in account and "/" not in account:
        yield from _account(reading, step.find(account), account, words)


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


def _account(reading: JobReading, place: Place, account: str, words: Vocabulary) -> Iterator[Finding]:
    roles = [each for login in reading.logins for each in login.known(words)]
    named = all(len(login.known(words)) == len(login.roles) > 0 for login in reading.logins)
    allowed = list(dict.fromkeys(each for _, role in roles for each in role.accounts)) if named else []
    if account in (allowed or words.readable):
        return
    if account in words.readable:
        who = " or ".join(dict.fromkeys(name for name, _ in roles))
        others = " or ".join(name for name, role in words.roles.items() if account in role.accounts)
        why = f"role {who} may not read the secret of {account}"
        yield reading.finding(
            "account", place, why, f"log in with role {others}, or use one of {', '.join(allowed)}"
        )
    else:
        why = f"no job may read the secret of {account}"
        yield reading.finding("account", place, why, f"use one of {', '.join(words.readable)}")


def native_secrets(reading: JobReading, words: Vocabulary) -> Iterator[Finding]:
    """Check `secrets: vault:`: Vault's address, the role, the path and the account."""
    for secret in reading.native:
        place = Place(secret.at, 0, len(secret.at))
        server = reading.variables.values.get(_SERVER_VARIABLE)
        if server is None and _SERVER_VARIABLE not in reading.variables.origins:
            why = f"GitLab reads {secret.variable} from the Vault of {_SERVER_VARIABLE}, which neither this file nor access.yaml sets"
            yield reading.finding(
                "secrets", place, why, f"set {_SERVER_VARIABLE}: {words.vault_address} on {words.vault_group}"
            )
        elif (
            server
            and "$" not in (found := reading.variables.fill_in(server))
            and found.rstrip("/") != words.vault_address
        ):
            origin = reading.variables.origins.get(_SERVER_VARIABLE, [secret.at])[0]
            why = f"{_SERVER_VARIABLE} is {found}, and Vault is {words.vault_address}"
            yield reading.finding(
                "secrets", Place(origin, 0, len(origin)), why, f"set it to {words.vault_address}"
            )
        if (
            not secret.roles
            and ROLE_VARIABLE not in reading.variables.values
            and ROLE_VARIABLE not in reading.variables.origins
        ):
            why = f"{ROLE_VARIABLE} is not set: GitLab logs in with the default role of the auth mount, and access.yaml declares none"
            yield reading.finding("role", place, why, f"set {ROLE_VARIABLE} to {' or '.join(words.roles)}")
        path = secret.path.strip("/")
        if secret.engine.strip("/") != words.kv_mount:
            inside = path.removeprefix(f"{words.kv_mount}/").removeprefix("data/")
            if secret.engine == USUAL_ENGINE and inside.removeprefix(f"{words.kv_prefix}/") in words.readable:
                why = f"{path}: no mount is named, and GitLab then reads from the mount {USUAL_ENGINE}"
                remedy = f"write {inside}/{secret.field}@{words.kv_mount}, or engine: path: {words.kv_mount}"
                yield reading.finding("kv-path", place, why, remedy)
            continue
        if path.startswith("data/"):
            fixed = str(secret.at).replace("data/", "", 1)
            yield reading.finding(
                "kv-path",
                place,
                f"{path}: {_PUTS_DATA.format('GitLab')}",
                f"path {path.removeprefix('data/')}",
                edit=replacement(secret.at, fixed),
            )
        account = path.removeprefix("data/").removeprefix(f"{words.kv_prefix}/")
        if account != path.removeprefix("data/") and "$" not in account:
            yield from _account(reading, place, account, words)
