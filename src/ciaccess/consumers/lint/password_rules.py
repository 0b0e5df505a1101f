"""Rules for passwords: not on a command line, which other processes can read; no wget login.

Two things count as a password: what the options of known programs take as one, and the account's own password,
followed through the job's variables from where it was read, on the command line of any program.
"""

from __future__ import annotations

import re
from bisect import bisect
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.findings import is_literal
from ciaccess.consumers.lint.job_reading import in_project
from ciaccess.consumers.lint.reading import LIBRARY, script_line
from ciaccess.consumers.lint.shell import SHELLS
from ciaccess.consumers.lint.shell_words import LITERAL_DOLLAR, PRINTED
from ciaccess.consumers.lint.variables import fill_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.consumers.lint.findings import Finding
    from ciaccess.consumers.lint.job_reading import JobReading
    from ciaccess.consumers.lint.reading import Call, Step
    from ciaccess.consumers.lint.vocabulary import Vocabulary

_P = ("-p", "--password")


@dataclass(frozen=True)
class PasswordOptions:
    """What programs take a password by: options, with `verb` among the first words, and a remedy."""

    programs: tuple[str, ...]
    options: tuple[str, ...]
    remedy: str
    verb: str = ""


_BY_STDIN = "give it on standard input: --password-stdin"
_IN_NUGET_CONFIG = "have it in nuget.config as an environment variable"
_BY_ENVIRONMENT = "set it in the environment: {}"
_TABLE = (
    PasswordOptions(("docker", "podman", "nerdctl", "buildah", "skopeo", "oras", "crane", "helm", "cosign", "regctl", "az"),
          _P, _BY_STDIN, "login"),
    PasswordOptions(("skopeo", "crane", "oras", "podman", "buildah"),
          ("--creds", "--src-creds", "--dest-creds", "--dest-password", "--src-password", "--password", "--from-password", "--to-password"),
          "use --authfile, written by `login --password-stdin`; promote-images.yml does"),
    PasswordOptions(("twine",), _P, "set TWINE_USERNAME and TWINE_PASSWORD, or use pypi-publish.yml"),
    PasswordOptions(("poetry", "uv", "hatch", "flit", "pdm"), ("-p", "--password", "-t", "--token", "-a", "--auth"),
          _BY_ENVIRONMENT.format("POETRY_HTTP_BASIC_<NAME>_PASSWORD, UV_PUBLISH_PASSWORD or the tool's own"), "publish"),
    PasswordOptions(("oras",), _P, "log in with `oras login --password-stdin`"),
    PasswordOptions(("helm",), ("--password",), _BY_STDIN, "repo"),
    PasswordOptions(("helm",), ("-p",), "use helm-push.yml", "cm-push"),
    PasswordOptions(("helm",), ("--password",), "log in with `helm registry login --password-stdin`"),
    PasswordOptions(("wget", "aria2c"), ("--password", "--http-password", "--http-passwd", "--ftp-password"), "use curl with --config -, or raw-upload.yml"),
    PasswordOptions(("http", "https", "xh"), ("-a", "--auth"), "use curl with --config -, or raw-upload.yml"),
    PasswordOptions(("nuget",), ("-apikey", "-password"), _IN_NUGET_CONFIG),
    PasswordOptions(("dotnet",), ("--api-key", "-k", "-p", "--password"), _IN_NUGET_CONFIG, "nuget"),
    PasswordOptions(("kubectl", "oc"), ("--docker-password",), "use `./ciaccess pull-secret`, which pipes the manifest to kubectl"),
    PasswordOptions(("conan",), _P, _BY_ENVIRONMENT.format("CONAN_PASSWORD")),
    PasswordOptions(("sshpass", "lftp"), ("-p", "-u"), "use sshpass -e, or a key"),
    PasswordOptions(("jf", "jfrog", "cargo", "flux", "gem"), ("--password", "--token", "--api-key"), "give it in the environment or a file"),
)  # fmt: skip
_MAVEN = frozenset({"mvn", "mvnw", "gradle", "gradlew", "sbt", "java"})
_PROPERTY = re.compile(  # a token may be anything: only one for Nexus counts
    r"-[DP](?:[\w.-]*(?:passw(?:or)?d|secret|apikey)[\w.-]*|(?=.*(?:nexus|repo(?!rt)|deploy))[\w.-]*(?:token|pwd))=(?!\$\(…\)$).",
    re.IGNORECASE,
)
_NPM_SECRET = re.compile(r"(?:_password|_authToken|\bnpmAuth(?:Token|Ident)|(?:^|:|--)_auth)(?:[\s=]|$)")
_BASIC_AUTH = re.compile(r"(?:http-basic|pypi-token|bearer)\.")
_URL_USER = re.compile(r"https?://[^\s/:@\"']+:[^\s/@\"']+@")
_CURL_USER = re.compile(
    r"--(?:proxy-)?user(?:=|$)|-[aBfgGiIjJklLMnNOpqRsSvZ#0-6]*u"
)  # behind short options without a value
_POST = re.compile(r"--(?:post-data|body-data)\b")
_QUOTES = re.compile(
    r"'[^']*'|\"(?:\\.|[^\"\\])*+\"|\\.|(?<![^\s;&|(])\#[^\n]*", re.DOTALL
)  # also what is neither: characters behind a backslash, and comments
_OURS = "NEXUS_PASSWORD"
_SHORT_OPTION = re.compile(r"^(?:-p=?|--password=)")
_INSTEAD_OF_USER = (
    'use rpm-upload.yml or raw-upload.yml, or give curl the line user = "…" by --config - on its input'
)
_ON_COMMAND_LINE = "on its command line, which every process can read"


def passwords(reading: JobReading) -> Iterator[Finding]:
    """Find passwords on command lines."""
    held = _PasswordVariables(
        reading.words,
        {each.variable for each in reading.native if not each.is_file and "pass" in each.field.lower()},
    )
    kept = {in_project(fill_in(each, reading.values)) for each in reading.job.artifact_paths}
    lines = set[int]()
    for step in reading.steps:
        yield from _in_artifacts(reading, step, held, kept)
        for call in step.programs:
            # What a shell gets as a script is checked command by command; what ssh gets, before ssh itself.
            if LIBRARY.fullmatch(call.name) or (call.name in SHELLS and "c" in "".join(call.words[:1])):
                continue
            for finding in _in_call(reading, call, held):
                if call.name != "ssh" or finding.line not in lines:
                    lines.add(finding.line)
                    yield finding
        held.follow(step)


def _in_artifacts(
    reading: JobReading, step: Step, held: _PasswordVariables, kept: set[str]
) -> Iterator[Finding]:
    """Find a password that is written to a file that the job keeps as an artifact."""
    for name in dict.fromkeys(in_project(each) for call in step.calls if kept for each in call.written_to):
        is_kept = any(
            fnmatchcase(name, each) or f"{name}/".startswith(f"{each}/") or each == "." for each in kept
        )
        if is_kept and not name.startswith(("/", "$", "~")) and held.is_written_by(step):
            why = f"a password is written to {name}, an artifact, which everybody who may read the project can download"
            remedy = "write it to a file outside of artifacts:paths"
            yield reading.finding("static-credential", step.place, why, remedy)


class _PasswordVariables:
    """The variables that hold the account's password at this point of the job."""

    def __init__(self, words: Vocabulary, names: set[str]) -> None:
        self._secret = re.compile(rf"\b{re.escape(words.kv_prefix)}/[\w.${{}}-]+")
        self._names = {_OURS, *names}
        self._pattern = self._compile()

    def follow(self, step: Step) -> None:
        """Take in what a pipeline sets."""
        before = len(self._names)
        for name, value, place in step.sets:
            written = place.written or value
            reads = "$(" in written or "`" in written
            names_user = "username" in written.lower() and "password" not in written.lower()
            from_vault = reads and self._secret.search(written)
            if not names_user and "sha" not in written and (from_vault or self._pattern.search(written)):
                self._names.add(name)
        if len(self._names) != before:
            self._pattern = self._compile()

    def is_written_by(self, step: Step) -> bool:
        """Report whether a pipeline that writes a file writes the password, or a whole secret."""
        written = step.place.written
        named = re.search(r"field[= ]|\bjq\b", written)
        whole = self._secret.search(written) and (not named or "pass" in written)
        return bool(whole or self._pattern.search(" ".join((written, *(call.given for call in step.calls)))))

    def is_in(self, call: Call, index: int) -> bool:
        """Report whether a word has the password in it when the program starts."""
        given = call.arguments[index]
        written = given.place.written
        inner = written if PRINTED in given.raw.text and not re.search(r"sha\d|md5|wc ", written) else ""
        filled = given.text if LITERAL_DOLLAR not in given.raw.text else ""
        return any(self._pattern.search(text) for text in (given.raw.text, inner, filled))

    def _compile(self) -> re.Pattern[str]:
        names = "|".join(map(re.escape, sorted(self._names)))
        return re.compile(rf"\$(?:{names})\b|\$\{{(?:{names})(?!\w|:?\+)")


def _in_call(reading: JobReading, call: Call, held: _PasswordVariables) -> Iterator[Finding]:
    for index, word in enumerate(call.words):
        if _URL_USER.search(word):
            yield _by_curl(reading, call, index)
            return
    if call.name == "curl":
        yield from _curl(reading, call, held)
        return
    found = dict(_by_option(call))
    for index, word in enumerate(call.words):
        if (remedy := _by_word(call, word)) or held.is_in(call, index):
            found.setdefault(index, remedy or "give it in the environment, in a file, or on standard input")
    if found:  # one finding a command, at its first password
        index = min(found)
        why = f"{_tool(call)} gets a password {_ON_COMMAND_LINE}"
        line = _to_stdin(call, index) if found[index] == _BY_STDIN else ""
        yield reading.finding("password-argument", call.place(index), why, found[index], suggestion=line)


def _by_option(call: Call) -> Iterator[tuple[int, str]]:
    """Yield password options of known programs, with the remedy; later rows of the table first."""
    for takes in reversed(_TABLE):
        if call.name in takes.programs and (not takes.verb or takes.verb in call.words[:3]):
            for index, value in _given(call, takes.options):
                if value not in ("", "-"):
                    yield index, takes.remedy


def _tool(call: Call) -> str:
    verbs = [each for each in call.words[:2] if re.fullmatch(r"[a-z-]+", each) and not each.startswith("-")]
    return " ".join([call.name, *verbs[:1]])


def _by_word(call: Call, word: str) -> str:
    """Return the remedy where a word by itself shows that a password follows or is in it."""
    if call.name in _MAVEN and _PROPERTY.match(word):
        return "have ${env.NEXUS_PASSWORD} in settings.xml, or ORG_GRADLE_PROJECT_<name> in the environment"
    reads = {"get", "delete", "rm", "unset"} & set(call.words[:2])
    if call.name in ("npm", "pnpm", "yarn") and not reads and _NPM_SECRET.search(word):
        return "have ${NEXUS_NPM_AUTH} in .npmrc, which npm fills in, or use npm-publish.yml"
    if call.name in ("poetry", "composer") and _BASIC_AUTH.match(word):
        return "set POETRY_HTTP_BASIC_<NAME>_USERNAME and _PASSWORD, or COMPOSER_AUTH, in the environment"
    return ""


def _given(call: Call, options: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    for index, written in enumerate(call.words):
        word = written.lower() if call.name == "nuget" else written
        for option in options:
            if word == option and index + 1 < len(call.words):
                yield index, call.words[index + 1]
            elif word.startswith(f"{option}="):
                yield index, word[len(option) + 1 :]
            elif option in ("-p", "-u", "-a") and word.startswith(option) and len(word) > 2:  # noqa: PLR2004 -pSECRET
                yield index, word[2:]


@lru_cache(maxsize=64)
def _quoted_parts(script: str) -> list[tuple[int, int]]:
    """Return where quotes begin and end; an apostrophe in a comment does not count."""
    return [match.span() for match in _QUOTES.finditer(script) if match.group()[0] in "'\""]


def _to_stdin(call: Call, index: int) -> str:
    """Return the line with the password on standard input, empty if that is not possible."""
    option, program = call.place(index), call.at.start
    scalar = option.scalar
    begin, end = script_line(scalar, option.start)
    separate = call.arguments[index].raw.text in _P
    last = call.place(index + 1) if separate else option
    if any(
        each.scalar is not scalar or not begin <= each.start < each.end <= end
        for each in (option, last, call.at)
    ):
        return ""
    before = bisect(quoted := _quoted_parts(scalar), (program,)) - 1
    is_quoted = before >= 0 and program < quoted[before][1]  # a script in a word of another
    if re.search(r"\|\s*$", scalar[begin:program]) or call.given or is_quoted:
        return ""
    value = last.written if separate else _SHORT_OPTION.sub("", last.written)
    if is_literal(value):
        value = "'***'"  # nothing shows a password that the file has
    elif re.fullmatch(r'[$`][^"]*|\$\(.*\)', value):
        value = f'"{value}"'
    line = f"{scalar[begin:program]}printf '%s' {value} | {scalar[program : option.start]}--password-stdin{scalar[last.end : end]}"
    return line.strip()


def _curl(reading: JobReading, call: Call, held: _PasswordVariables) -> Iterator[Finding]:
    for index, word in enumerate(call.words):
        option = _CURL_USER.match(word)
        value = (word[option.end() :] or " ".join(call.words[index + 1 : index + 2])) if option else ""
        if (":" in value and value != ":") or (held.is_in(call, index) and "X-Vault-Token" not in word):
            yield _by_curl(reading, call, index)
            return


def _by_curl(reading: JobReading, call: Call, index: int) -> Finding:
    why = f"{call.name} gets user and password {_ON_COMMAND_LINE}"
    remedy = (
        _INSTEAD_OF_USER
        if call.name == "curl"
        else "have them in a netrc file, or the address in the environment"
    )
    return reading.finding("curl-user", call.place(index), why, remedy)


def login_by_wget(reading: JobReading) -> Iterator[Finding]:
    """Find a login to Vault through wget, which shows the token and hides why Vault refuses it."""
    why = "wget --post-data shows the token to every process, and BusyBox wget hides why Vault refuses it"
    remedy = "use curl (Alpine: apk add --no-cache curl), or nexus-auth.yml, which chooses"
    if "kaniko" in reading.job.image:
        remedy = "use kaniko.yml, or !reference [.nexus_credentials, before_script]: they post a file"
    for step in reading.steps:
        for call in step.programs:
            posts = [index for index, word in enumerate(call.words) if _POST.match(word)]
            if call.name == "wget" and posts and reading.words.login.search(step.text):
                yield reading.finding("wget-post", call.place(posts[0]), why, remedy)
