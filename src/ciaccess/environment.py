"""The environment in which `pulumi` works: paths, and the variables with them.

Owns the layout of the tool cache and of the project's state directory. What the caller has set already wins:
a pipeline that names its own state backend or passphrase keeps it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shlex
import stat
import sys
from pathlib import Path
from urllib.parse import quote, unquote

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
_PINS = ("**/go.mod", "**/go.sum", "go.work*", "**/*.go", "recipes.py")

# The engine encrypts a state with a passphrase. As a state holds no secret, this one is public, and every stack without
# one of its own has it (docs/adr/0018).
PUBLIC_PASSPHRASE = "ciaccess local stack"  # noqa: S105 public


def state_directory() -> Path:
    """Return the folder for local state, pids, ports and credentials of this checkout (0700)."""
    return Path(os.environ.get("CIACCESS_STATE_DIR") or ROOT / ".ciaccess").absolute()


def passphrase_file() -> Path:
    """Return the file that holds the public passphrase."""
    return state_directory() / "passphrase"


def local_credentials_script() -> Path:
    """Return the shell lines of the local stack for `make env`: files with its credentials."""
    return state_directory() / "local" / "environment.sh"


def tool_cache() -> Path:
    """Return the folder of the tools built for exactly these pins: `<cache>/ciaccess/tools/<digest>`."""
    digest = hashlib.sha256()
    here = ROOT / "tools"
    for pattern in _PINS:
        for pin in sorted(here.glob(pattern)):
            digest.update(pin.relative_to(here).as_posix().encode() + b"\0" + pin.read_bytes() + b"\0")
    return user_cache() / "tools" / digest.hexdigest()[:16]


def user_cache() -> Path:
    """Return the folder of what all checkouts share: the built tools, and Nexus servers."""
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "ciaccess"
    try:
        return Path.home() / ".cache" / "ciaccess"
    except RuntimeError:  # the user of a container, without a name and without HOME
        return state_directory() / "cache" / "ciaccess"


def variables() -> dict[str, str]:
    """Return the variables to set, none of them secret: secrets are named by file, never by value."""
    cache = tool_cache()
    here = [str(VENV / "bin"), str(cache / "bin")]
    path = [entry for entry in os.environ.get("PATH", "").split(os.pathsep) if entry and entry not in here]
    chosen = {
        "PATH": os.pathsep.join([*here, *path]),
        "VIRTUAL_ENV": str(VENV),
        "PULUMI_HOME": str(cache / "pulumi-home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # Of a released language host, Pulumi.yaml has it.
        "PULUMI_PYTHON_CMD": str(ROOT / "tools" / "language-python" / "python"),
        # The state is written once, at a run's end: after each step, it takes minutes for a thousand accounts. What a run
        # that was killed has made is found by the next one (docs/adr/0013).
        "PULUMI_SKIP_CHECKPOINTS": os.environ.get("PULUMI_SKIP_CHECKPOINTS") or "true",
        "PULUMI_BACKEND_URL": os.environ.get("PULUMI_BACKEND_URL") or _file_backend(),
    }
    if not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & os.environ.keys():
        chosen["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(passphrase_file())
    return chosen


def _file_backend() -> str:
    # Without attribute files, which a killed engine leaves half-written: then it reads its state no more.
    # The engine takes the path apart as a URL: a # in it would begin something else.
    return f"file://{quote(str(state_directory() / 'state'))}?metadata=skip"


def backend_folder(url: str | None) -> Path | None:
    """Return the engine's folder in a state backend, by its URL; None if that is not a local one.

    As for the engine, a path may begin with ~, and a relative one is relative to the project's folder.
    """
    scheme, separator, rest = (url or "").partition("://")
    if scheme != "file" or not separator:
        return None
    return ROOT / Path(unquote(rest.partition("?")[0])).expanduser() / ".pulumi"


def check_own(path: Path, *, others: bool = False, writable: bool = False) -> None:
    """Refuse a file or folder that another user could have planted or could change.

    It may belong to another user where `others`, and be writable by all where `writable`.

    Raises:
        OSError: it is a symbolic link, belongs to another user, or is writable by others.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, f"{path} is a symbolic link", str(path))
    if found.st_uid != os.getuid() and not others:
        raise OSError(errno.EPERM, f"{path} belongs to another user (uid {found.st_uid})", str(path))
    if found.st_mode & stat.S_IWOTH and not writable:
        raise OSError(errno.EPERM, f"{path} is writable by other users: chmod o-w it", str(path))


def _check_state() -> None:
    """Check the state directory, and the engine's state and locks.

    Below a directory that others cannot enter, modes do not matter: a job with umask 0 makes what everybody may write. A
    folder that PULUMI_BACKEND_URL names may be a team's, with other owners.
    """
    state, named = state_directory(), os.environ.get("PULUMI_BACKEND_URL")
    check_own(state)
    is_closed = state.exists() and not state.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    own = [state / "state", state / "local", passphrase_file(), local_credentials_script()]
    engine = [] if named else _engine_files(backend_folder(_file_backend()))
    for each in (*own, *engine):
        check_own(each, writable=is_closed)
    for each in _engine_files(backend_folder(named)):
        check_own(each, others=True)


def _engine_files(top: Path | None) -> list[Path]:
    """Return the engine's folder with its locks and stacks, each folder before what it holds."""
    if top is None:
        return []
    folders = [top / name for name in ("locks", "stacks")]
    return [top, *(path for folder in folders for path in (folder, *sorted(folder.rglob("*"))))]


def prepare() -> None:
    """Create the state's folders and the passphrase's file, or raise OSError."""
    state, file = state_directory(), passphrase_file()
    _check_state()
    (state / "state").mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)
    # An empty one was left by a write that was cut off: with it, the engine reads no state.
    if not file.exists() or not file.stat().st_size:
        scratch = file.with_name(f".passphrase.{os.getpid()}")
        scratch.write_text(PUBLIC_PASSPHRASE, encoding="ascii")
        scratch.replace(file)


def activate() -> None:
    """Put the variables into this process's environment, for the programs it starts."""
    prepare()
    os.environ.update(variables())


def main() -> None:
    """Print the variables as shell commands: `eval "$(make -s env)"`.

    Where the caller names no Vault, and there is a local stack, its credentials are among them.
    """
    try:
        prepare()
    except OSError as error:
        sys.exit(f"error: prepare '{state_directory()}': {error.strerror}")
    for name, value in variables().items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
    script = local_credentials_script()
    if script.exists() and "VAULT_ADDR" not in os.environ:
        sys.stdout.write(script.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
