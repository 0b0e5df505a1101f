"""Runs Pulumi's engine on a stack, and ends it cleanly on a signal.

Owns how the engine is called, and how it is ended: whatever signal ends a command is passed on to it as one Ctrl-C, and it is
waited for. What it then does is the program's and the plugins'; its exit codes are turned into ours by the command that called it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any, NamedTuple

from ciaccess.clients.redaction import redact
from ciaccess.engine import state_folder
from ciaccess.engine.failures import Failures
from ciaccess.engine.settings import project_name, secrets_provider
from ciaccess.engine.state_folder import Lock
from ciaccess.environment import ROOT, backend_folder
from ciaccess.errors import CommandError, Exit

# A state is some megabytes; a backend that does not send them in this time is as good as away.
_STATE_SECONDS = 120
_ENDINGS = (signal.SIGTERM, signal.SIGHUP)
_LOCKED = "currently locked"
_MOST_MESSAGES = 20


class Ended(NamedTuple):
    """A run that ended: its exit code, and the lines of its standard error."""

    code: int
    errors: list[str]


def run(
    *words: str, variables: Mapping[str, str] | None = None, quiet: bool = False, aside: bool = False
) -> int:
    """Run `pulumi` with these words in the project's folder and return its exit code.

    `variables` are added to its environment. `quiet` swallows the output unless the engine fails; `aside` sends it to
    standard error, where the output of the command is a result of its own.

    Raises:
        CommandError: there is no `pulumi` on PATH; or the engine failed, and another run locks the stack now.
    """
    if quiet:
        _output(words, variables)
        return 0
    code = _call(words, variables, sys.stderr if aside else None).returncode
    if code and "--stack" in words and (held := _holders(_stack(words))):
        # The engine printed its reason itself: the lock may be of a run that began since.
        raise CommandError(
            f"pulumi {words[0]} failed; its output is above. Now {_name_holder(_stack(words), held)}"
        )
    return code


def export(stack: str) -> Any:
    """Return a stack's state as JSON, its secrets encrypted.

    Raises:
        CommandError: there is no such stack, or the state backend cannot be read, or not in time.
    """
    return json.loads(_output(("stack", "export", "--stack", stack), seconds=_STATE_SECONDS))


def preview(*words: str, variables: Mapping[str, str] | None = None) -> Any:
    """Return the JSON of `pulumi preview --json`: the steps that change something, without secrets.

    With the word `--show-sames` every step, which at a thousand accounts is some ten megabytes.

    Raises:
        CommandError: the engine fails; what it printed, or could not check, is in the text.
    """
    with Failures.of_a_run() as failures:
        done = _call(
            ("preview", "--json", *words), {**(variables or {}), **failures.variables}, subprocess.PIPE
        )
        not_checked = failures.could_not_look()
    if done.returncode and not_checked:
        raise CommandError("\n".join(map(str, not_checked)), Exit.COULD_NOT_LOOK)
    if done.returncode:
        raise CommandError(f"pulumi preview: {_complaints(done)}")
    return json.loads(done.stdout)


def stream(words: Sequence[str], take: Callable[[str], None], variables: Mapping[str, str]) -> Ended:
    """Run `pulumi` with these words, and pass each line of its standard output to `take` as it comes.

    Raises:
        CommandError: there is no `pulumi` on PATH, or the run was interrupted; the engine has then ended cleanly.
    """
    errors: list[str] = []
    interrupted = False
    with _start(words, variables, subprocess.PIPE) as engine:
        assert engine.stdin  # noqa: S101 it was asked for above, as the next two
        assert engine.stdout  # noqa: S101
        assert engine.stderr  # noqa: S101
        engine.stdin.close()
        listener = threading.Thread(target=errors.extend, args=(engine.stderr,), daemon=True)
        listener.start()
        while True:
            try:
                for line in engine.stdout:
                    take(line)
                listener.join()
                code = engine.wait()
            except KeyboardInterrupt:
                engine.send_signal(signal.SIGINT)
                interrupted = True
                continue
            except BaseException:
                engine.send_signal(signal.SIGINT)
                raise
            break
    if interrupted:
        raise _interruption(words)
    return Ended(code, errors)


def replace(stack: str, state: Any) -> None:
    """Put a state, as `export` returned it, in the place of a stack's own.

    Raises:
        CommandError: another run holds the stack, or the state backend cannot be written.
    """
    _output(("stack", "import", "--stack", stack), given=json.dumps(state))


def locks(stack: str) -> str:
    """Return the engine's text on the locks of a stack, "" if there are none; for bucket backends.

    No command of the engine shows them. A stack that is renamed to its own name is locked first, and then refused as
    existing already, so this changes nothing.

    Raises:
        CommandError: the engine reports something else, or nothing in time.
    """
    words = ("stack", "rename", stack.rpartition("/")[2], "--stack", stack)
    done = _call(words, None, subprocess.PIPE, seconds=_STATE_SECONDS)
    if _LOCKED in done.stderr:
        return done.stderr
    if done.returncode and "already exists" not in done.stderr:
        raise CommandError(_failure(words, done), Exit.COULD_NOT_LOOK)
    return ""


def locks_in_folder(stack: str) -> list[Lock]:
    """Return the locks of a stack whose state is in a folder: to read those in a bucket takes one."""
    folder = backend_folder(os.environ.get("PULUMI_BACKEND_URL"))
    return state_folder.locks(folder, project_name(), stack.rpartition("/")[2]) if folder else []


def _holders(stack: str) -> list[Lock]:
    """Return the locks of a stack, in a folder or bucket."""
    if state_folder.is_bucket(os.environ.get("PULUMI_BACKEND_URL")):
        with suppress(CommandError):
            return state_folder.parse_locks(locks(stack))
    return locks_in_folder(stack)


def _stack(words: Sequence[str]) -> str:
    return words[words.index("--stack") + 1]


def _name_holder(stack: str, held: Sequence[Lock]) -> str:
    return (
        f"the stack {stack!r} is locked by {held[0].holder}. Wait for that run; if it is dead, continue with "
        f"./ciaccess recover --stack {stack}"
    )


def _output(words: Sequence[str], variables: Mapping[str, str] | None = None, **options: Any) -> str:
    """Return the output of a call that succeeds; `options` as `_call` takes them."""
    done = _call(words, variables, subprocess.PIPE, **options)
    if done.returncode:
        raise CommandError(_failure(words, done))
    return done.stdout


def _call(
    words: Sequence[str],
    variables: Mapping[str, str] | None,
    output: IO[str] | int | None,
    *,
    given: str = "",
    seconds: float | None = None,
) -> subprocess.CompletedProcess[str]:
    with _start(words, variables, output) as engine:
        out, err = _waited_for(engine, words, given, seconds)
    return subprocess.CompletedProcess(engine.args, engine.returncode, out, err)


@contextmanager
def _start(
    words: Sequence[str], variables: Mapping[str, str] | None, output: IO[str] | int | None
) -> Iterator[subprocess.Popen[str]]:
    """Start the engine; signals that end this process are KeyboardInterrupts meanwhile."""
    with _endings_as_interrupts():
        try:
            started = subprocess.Popen(  # noqa: S603 our own words
                ["pulumi", *words, "--non-interactive"],  # noqa: S607 the project's environment comes first on PATH
                cwd=ROOT,
                env={**os.environ, **(variables or {})},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.PIPE if output == subprocess.PIPE else None,
                text=True,
                encoding="utf-8",
                errors="replace",
                # A second signal makes the engine leave its step half done, so each comes from here alone, and once.
                process_group=0,
            )
        except FileNotFoundError:
            raise CommandError("run pulumi: it is not on PATH. Set the project up: make setup") from None
        with started:
            yield started


@contextmanager
def _endings_as_interrupts() -> Iterator[None]:
    """Let what ends a command, a CI job's SIGTERM or a closed terminal, be as a Ctrl-C meanwhile."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # What is ignored already, as under nohup, stays so.
    heard = [number for number in _ENDINGS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, signal.default_int_handler) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _waited_for(
    started: subprocess.Popen[str], words: Sequence[str], given: str, seconds: float | None
) -> tuple[str, str]:
    interrupted = False
    while True:
        try:
            out, err = started.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired:
            started.kill()
            raise CommandError(
                f"pulumi {words[0]} {words[1]} did not end within {seconds:.0f} s. Look whether the state backend answers: "
                "PULUMI_BACKEND_URL",
                Exit.COULD_NOT_LOOK,
            ) from None
        except KeyboardInterrupt:
            # On a signal it ends its step, records what it did, and releases the stack; killed, it could not.
            started.send_signal(signal.SIGINT)
            interrupted, given, seconds = True, "", None
            continue
        if interrupted:
            raise _interruption(words)
        return out, err


def _interruption(words: Sequence[str]) -> CommandError:
    effect = "Nothing was changed" if words[0] == "preview" else "What it did until then is recorded"
    return CommandError(f"pulumi {words[0]}: interrupted, and ended. {effect}")


def _failure(words: Sequence[str], done: subprocess.CompletedProcess[str]) -> str:
    reason = done.stderr.strip() or done.stdout.strip()
    if _LOCKED in reason and "--stack" in words:
        reason = _name_holder(_stack(words), state_folder.parse_locks(reason))
    return f"pulumi {words[0]}: {reason}"


def _complaints(done: subprocess.CompletedProcess[str]) -> str:
    """Return the errors among what `pulumi preview --json` printed."""
    try:
        diagnostics = json.loads(done.stdout)["diagnostics"]
        reason = [each["message"].strip() for each in diagnostics if each["severity"] == "error"]
    except (ValueError, KeyError, TypeError):
        reason = []
    return "\n".join(messages(reason or (done.stderr.strip() or done.stdout.strip()).splitlines()))


def messages(lines: list[str]) -> list[str]:
    """Return the messages, each once and without the engine's own words around it."""
    texts = [redact(line.strip().removeprefix("error: ").strip()) for line in lines]
    own = (
        "an unhandled error occurred: program exited with",
        "preview failed",
        "update failed",
        "Resource monitor has terminated",
    )
    kept = dict.fromkeys(text for text in texts if text and not text.startswith(own))
    return list(kept)[:_MOST_MESSAGES] or ["the engine failed and gave no reason"]


def ensure_stack(stack: str) -> None:
    """Make the stack's state where it does not exist yet, encrypted as its settings say.

    Raises:
        CommandError: the state backend could not be used.
    """
    provider = secrets_provider(stack)
    # Without the word, the engine would put a passphrase in its place, and that into the settings.
    words = ("--secrets-provider", provider) if provider else ()
    run("stack", "select", "--create", stack, *words, quiet=True)
