"""Rules on what a job does with the credentials: command lines that show them, clients that fail, the wrong port."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.findings import Edit, Finding
from ciaccess.consumers.lint.source import pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.consumers.lint.source import Command, Entry, Source
    from ciaccess.consumers.lint.vocabulary import Vocabulary

_WORD = r"""(?:"[^"]*"|'[^']*'|[^\s;&|"'])+"""
_LOGIN = re.compile(
    rf"\b(?P<tool>docker|podman|nerdctl|buildah|skopeo|oras|crane\s+auth|helm\s+registry)\s+login\b[^;&|\n]*?"
    rf"(?P<option>\s(?:-p(?:\s+|=)?|--password(?:\s+|=))(?P<password>{_WORD}))"
)
_OTHER_PASSWORD = re.compile(
    r"\b(?P<tool>twine\s+upload|npm\s+(?:publish|config\s+set)|skopeo|crane|oras)\b[^;&|\n]*?\s"
    r"(?P<option>-p\s|--password[\s=]|--(?:src-|dest-)?creds[\s=]|\S*(?:_password|_authToken|:_auth)[\s=])"
)
_CURL_USER = re.compile(rf"\bcurl\b[^;|\n]*?\s(?P<option>(?:-[A-Za-z]*u\s*|--user(?:\s+|=)){_WORD})")
_URL_USER = re.compile(r"https?://[^\s/:@\"']+:[^\s/@\"']+@")
_WGET_POST = re.compile(r"\bwget\b[^;|\n]*?\s--post-data\b")
_PUSH = re.compile(
    r"\b(?:docker|podman|nerdctl|buildah)\s+(?:image\s+)?push\s[^;&|\n]*"
    r"|--destination[\s=]\S+"
    rf"|\bskopeo\s+copy\b[^;&|\n]*?\sdocker://{_WORD}(?=\s*(?:$|[;&|]))"
    r"|\bcrane\s+(?:push|copy|cp)\b[^;&|\n]*"
)
_NAMING = re.compile(r"\b(?:docker|podman|nerdctl)\s+(?:image\s+)?tag\s[^;&|\n]*|\s(?:-t|--tag)[\s=]\S+")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")


def password_in_argv(source: Source, words: Vocabulary) -> Iterator[Finding]:
    """Find passwords on command lines, where every process may read them and set -x prints them."""
    del words
    for _, command in _commands(source):
        for match in _LOGIN.finditer(command.text):
            line, _ = command.place(match.start("option") + 1)
            yield Finding(
                "password-argument",
                line + 1,
                f"{match['tool']} login gets the password on its command line, which every process can read",
                f"printf '%s' \"$NEXUS_PASSWORD\" | {match['tool']} login … --password-stdin",
                _to_stdin(command, match),
            )
        for match in _OTHER_PASSWORD.finditer(command.text):
            line, _ = command.place(match.start("option"))
            tool = match["tool"].split()[0]
            yield Finding(
                "password-argument",
                line + 1,
                f"{match['tool']} gets a password on its command line, which every process can read",
                {
                    "twine": "set TWINE_USERNAME and TWINE_PASSWORD instead, or use pypi-publish.yml",
                    "npm": "have ${NEXUS_NPM_AUTH} in .npmrc, which npm fills in, or use npm-publish.yml",
                }.get(tool, "log in with --password-stdin, or use --authfile; promote-images.yml does"),
            )


def _to_stdin(command: Command, match: re.Match[str]) -> tuple[Edit, ...]:
    begin, end = match.start("tool"), match.end("option")
    first, last = command.place(begin), command.place(end - 1)
    inside = re.search(r"[|]\s*$", command.text[:begin])  # something is piped into it already
    if not command.editable or inside or "\n" in match.group() or match["password"].startswith("<"):
        return ()
    option = command.place(match.start("option") + 1)
    if last[0] != option[0]:
        return ()
    password = match["password"]
    if password.startswith("$") and re.fullmatch(_VARIABLE, password):
        password = f'"{password}"'
    return (
        Edit(first[0], first[1], first[1], f"printf '%s' {password} | "),
        Edit(option[0], option[1], last[1] + 1, "--password-stdin"),
    )


def credentials_in_curl(source: Source, words: Vocabulary) -> Iterator[Finding]:
    """Find user:password among curl's words, or in an address."""
    del words
    for _, command in _commands(source):
        for pattern in (_CURL_USER, _URL_USER):
            for match in pattern.finditer(command.text):
                if ":" not in match.group().split("://")[-1] and pattern is _CURL_USER:
                    continue
                offset = match.start("option") if pattern is _CURL_USER else match.start()
                yield Finding(
                    "curl-user",
                    command.place(offset)[0] + 1,
                    "user:password stands on the command line, which every process can read",
                    'use rpm-upload.yml or raw-upload.yml, or give curl the line user = "…" by --config - on its input',
                )


def busybox_wget(source: Source, words: Vocabulary) -> Iterator[Finding]:
    """Find a login through wget --post-data."""
    del words
    for entry, command in _commands(source):
        for match in _WGET_POST.finditer(command.text):
            kaniko = "kaniko" in _image(source, entry)
            yield Finding(
                "wget-post",
                command.place(match.end() - 1)[0] + 1,
                "wget --post-data shows the token to every process, and BusyBox wget hides why Vault refuses it",
                "use kaniko.yml, or !reference [.nexus_credentials, before_script]: they post a file"
                if kaniko
                else "use curl (Alpine: apk add --no-cache curl), or nexus-auth.yml, which chooses",
            )


def push_to_pull_registry(source: Source, words: Vocabulary) -> Iterator[Finding]:
    """Find images that are pushed to the registry to pull from."""
    held = _variables_with(source, words)
    for entry in source.entries:
        pushes = [
            (command, match)
            for command in entry.commands
            for match in _PUSH.finditer(command.text)
            if _target(match.group(), words, held)
        ]
        for command, match in pushes:
            yield _wrong_port(command, match, words, held)
        if pushes:  # what is pushed under another name must be called by it
            for command in entry.commands:
                for match in _NAMING.finditer(command.text):
                    if _target(match.group(), words, held):
                        yield _wrong_port(command, match, words, held)


def _target(text: str, words: Vocabulary, held: dict[str, int]) -> bool:
    target = re.split(r"docker://", text)[-1] if "skopeo" in text else text
    return bool(words.pull_spellings.search(target) or held.keys() & set(_VARIABLE.findall(target)))


def _wrong_port(command: Command, match: re.Match[str], words: Vocabulary, held: dict[str, int]) -> Finding:
    start = match.start() + (match.group().rfind("docker://") if "skopeo" in match.group() else 0)
    spelled = words.pull_spellings.search(command.text, start, match.end())
    through = sorted(held.keys() & set(_VARIABLE.findall(command.text[start : match.end()])))
    where = f" (by ${through[0]}, set in line {held[through[0]] + 1})" if through and not spelled else ""
    edits: tuple[Edit, ...] = ()
    if spelled and command.editable:
        (line, column), (last, end) = command.place(spelled.start()), command.place(spelled.end() - 1)
        if line == last:
            edits = (Edit(line, column, end + 1, _push_spelling(spelled, words)),)
    return Finding(
        "push-registry",
        command.place(match.start())[0] + 1,
        f"{words.pull_registry} is the registry to pull from{where}: nothing can be pushed there",
        f"push to {words.push_registry}, or ${{{(words.push_variables or ('NEXUS_REGISTRY',))[0]}}}",
        edits,
    )


def _push_spelling(spelled: re.Match[str], words: Vocabulary) -> str:
    name = spelled["braced"] or spelled["bare"]
    if name is None or not words.push_variables:
        return words.push_registry
    return f"${{{words.push_variables[0]}}}" if spelled["braced"] else f"${words.push_variables[0]}"


def _variables_with(source: Source, words: Vocabulary) -> dict[str, int]:
    """Return the file's variables that hold the pull registry, with their lines from 0."""
    sections = [
        entry.node if entry.name == "variables" else found[1] if (found := entry.get("variables")) else None
        for entry in source.entries
    ]
    return {
        key.value: key.start_mark.line
        for section in sections
        for key, value in pairs(section)
        if isinstance(value.value, str)
        and words.pull_spellings.search(value.value)
        and key.value not in words.pull_variables
    }


def _commands(source: Source) -> Iterator[tuple[Entry, Command]]:
    return ((entry, command) for entry in source.entries for command in entry.commands)


def _image(source: Source, entry: Entry) -> str:
    for each in (entry, *source.bases(entry)):
        if found := each.get("image", "name") or each.get("image"):
            return str(found[1].value)
    return ""
