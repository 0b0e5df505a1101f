"""Answers of shapes that no API sends: each read of each client returns a value or raises one of clients/errors."""

from __future__ import annotations

import copy
import gc
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.clients.errors import ApiError
from ciaccess.clients.gitlab.groups import Place, group_named, keys_set_in, places_of, token_scopes
from ciaccess.clients.gitlab.marked import Issues, MergeRequestNotes
from ciaccess.clients.gitlab.variables import GitLab
from ciaccess.clients.nexus import Nexus
from ciaccess.clients.vault.client import Vault
from ciaccess.clients.vault.objects import read_jwt_backend, read_jwt_role, read_policy
from ciaccess.clients.vault.secret import VaultSecret
from tests.support.servers.scripted_server import Reply, ScriptedServer, in_json
from tests.unit.clients.conftest import QUICK
from tests.unit.clients.nexus_objects import REST, WIRE_ROLE, WIRE_USER
from tests.unit.clients.nexus_objects import ROLE as MADE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SEED = 13
SHAPES_OF_EACH = 40
_WRONG: tuple[Any, ...] = (
    None, True, 0, -1, 1e400, "", "x", "2026-13-45T00:00:00Z", [], [None], [[]], ["x"], {}, {"": None}, {"x": {"x": -1}}
)  # fmt: skip
_PRIVILEGE = {
    "type": "wildcard",
    "name": "p",
    "description": "d",
    "readOnly": False,
    "pattern": "nexus:search:read",
}
_SECRET = {"version": 2, "created_time": "2026-01-01T00:00:00Z", "deletion_time": "", "destroyed": False}
_METADATA = {"current_version": 2, "custom_metadata": {"a": "b"}, "versions": {"1": _SECRET, "2": _SECRET}}
_VARIABLE = {"key": "A", "value": "x", "protected": False, "masked": True, "variable_type": "env_var"}
_GROUP = {"id": 9, "full_path": "orchestrator"}
_ISSUE = {
    "iid": 1, "title": "t", "description": "m", "state": "opened", "web_url": "u", "author": {"id": 1}
}  # fmt: skip
_NOTE = {"id": 1, "body": "m", "author": {"id": 1}}


def _nexus(url: str) -> Nexus:
    return Nexus(url, "admin", "admin-password", options=QUICK)


def _gitlab(url: str) -> GitLab:
    return GitLab(url, "a-token", options=QUICK)


def _vault(url: str) -> Vault:
    return Vault(url, "a-token", options=QUICK)


def _secret(url: str) -> VaultSecret:
    return VaultSecret(_vault(url), "secret/data/x")


# name → a read, the call that it makes, and a proper answer
READS: dict[str, tuple[Callable[[str], Any], str, Any]] = {
    "nexus users": (lambda url: _nexus(url).users.all(), f"GET {REST}/security/users", [WIRE_USER]),
    "nexus user": (lambda url: _nexus(url).users.read("u"), f"GET {REST}/security/users", [WIRE_USER]),
    "nexus roles": (lambda url: _nexus(url).roles.all(), f"GET {REST}/security/roles", [WIRE_ROLE]),
    "nexus role": (lambda url: _nexus(url).roles.read("r"), f"GET {REST}/security/roles/r", WIRE_ROLE),
    "nexus role made": (lambda url: _nexus(url).roles.create(MADE), f"POST {REST}/security/roles", WIRE_ROLE),
    "nexus privileges": (lambda url: _nexus(url).privileges.all(), f"GET {REST}/security/privileges", [_PRIVILEGE]),
    "nexus selectors": (
        lambda url: _nexus(url).content_selectors.all(),
        f"GET {REST}/security/content-selectors",
        [{"name": "s", "type": "csel", "description": "", "expression": "true"}],
    ),
    "nexus repositories": (
        lambda url: _nexus(url).repositories(),
        f"GET {REST}/repositories",
        [{"name": "raw-dev", "format": "raw", "type": "hosted", "url": "u"}],
    ),
    "nexus anonymous": (
        lambda url: _nexus(url).anonymous_access(),
        f"GET {REST}/security/anonymous",
        {"enabled": True, "userId": "anonymous", "realmName": "x"},
    ),
    "gitlab variables": (lambda url: _gitlab(url).variables("9").all(), "GET /api/v4/groups/9/variables", [_VARIABLE]),
    "gitlab variable": (
        lambda url: _gitlab(url).variables("9").read("A"), "GET /api/v4/groups/9/variables/A", _VARIABLE
    ),
    "gitlab scopes": (
        lambda url: token_scopes(_gitlab(url)), "GET /api/v4/personal_access_tokens/self", {"scopes": ["api"]}
    ),
    "gitlab group": (lambda url: group_named(_gitlab(url), "9"), "GET /api/v4/groups/9", _GROUP),
    "gitlab subgroups": (lambda url: places_of(_gitlab(url), "9"), "GET /api/v4/groups/9/descendant_groups", [_GROUP]),
    "gitlab keys": (
        lambda url: keys_set_in(_gitlab(url), Place("project", 1, "p"), ["A"]),
        "GET /api/v4/projects/1/variables",
        [_VARIABLE],
    ),
    "gitlab user": (lambda url: Issues(_gitlab(url), "1").find("m"), "GET /api/v4/user", {"id": 1}),
    "gitlab issues": (lambda url: Issues(_gitlab(url), "1").find("m"), "GET /api/v4/projects/1/issues", [_ISSUE]),
    "gitlab issue made": (
        lambda url: Issues(_gitlab(url), "1").create("t", "d"), "POST /api/v4/projects/1/issues", _ISSUE
    ),
    "gitlab notes": (
        lambda url: MergeRequestNotes(_gitlab(url), "1", 1).find("m"),
        "GET /api/v4/projects/1/merge_requests/1/notes",
        [_NOTE],
    ),
    "vault login": (
        lambda url: _vault(url).log_in("jwt", "r", "a.b.c"), "POST /v1/auth/jwt/login", {"auth": {"client_token": "t"}}
    ),
    "vault rights": (
        lambda url: _vault(url).capabilities(["a"]), "POST /v1/sys/capabilities-self", {"data": {"a": ["read"]}}
    ),
    "vault health": (lambda url: _vault(url).health(), "GET /v1/sys/health", {"sealed": False}),
    "vault data": (lambda url: _vault(url).read("a"), "GET /v1/a", {"data": {"a": 1}}),
    "vault keys": (lambda url: _vault(url).keys("a"), "GET /v1/a", {"data": {"keys": ["x"]}}),
    "vault engine": (
        lambda url: _vault(url).kv_version("secret"),
        "GET /v1/sys/internal/ui/mounts/secret",
        {"data": {"type": "kv", "options": {"version": "2"}}},
    ),
    "vault policy": (
        lambda url: read_policy(_vault(url), "p"), "GET /v1/sys/policies/acl/p", {"data": {"policy": "x"}}
    ),
    "vault backend": (
        lambda url: read_jwt_backend(_vault(url), "jwt"),
        "GET /v1/auth/jwt/config",
        {"data": {"bound_issuer": "x", "jwks_url": "", "default_role": "r"}},
    ),
    "vault role": (
        lambda url: read_jwt_role(_vault(url), "jwt", "r"),
        "GET /v1/auth/jwt/role/r",
        {"data": {"bound_claims": {"ref": ["main"]}, "bound_audiences": ["a"], "token_ttl": 60, "user_claim": "sub"}},
    ),
    "vault secret": (
        lambda url: _secret(url).read(),
        "GET /v1/secret/data/x",
        {"data": {"data": {"username": "u", "password": "p"}, "metadata": {**_SECRET, "custom_metadata": {"a": "b"}}}},
    ),
    "vault metadata": (
        lambda url: _every_state(_secret(url)), "GET /v1/secret/metadata/x", {"data": _METADATA}
    ),
    "vault secret written": (
        lambda url: _secret(url).write({"username": "u"}, 1), "POST /v1/secret/data/x", {"data": {"version": 2}}
    ),
    "vault issuer": (
        lambda url: _vault(url).url_answers(f"{url}/keys"), "GET /keys", {"keys": [{}]}
    ),
}  # fmt: skip


def _every_state(secret: VaultSecret) -> list[Any]:
    found = secret.read_metadata()
    return [found.exists, found.earlier, found.state_of(1), found.credentials]


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(item, (*at, key))


def _shapes(proper: Any, seed: str) -> Iterator[Any]:
    """Return variants of an answer, each with one or two wrong values."""
    chance = random.Random(f"{SEED} {seed}")  # noqa: S311 no secret
    single = [(place, wrong) for place in _places(proper) for wrong in _WRONG]
    chance.shuffle(single)
    for place, wrong in single[:SHAPES_OF_EACH]:
        shape = _with(proper, place, wrong)
        yield (
            _with(shape, chance.choice(list(_places(shape))), chance.choice(_WRONG))
            if chance.random() < 0.3
            else shape
        )


def _with(value: Any, place: tuple[Any, ...], wrong: Any) -> Any:
    if not place:
        return wrong
    changed = copy.copy(value)
    changed[place[0]] = _with(value[place[0]], place[1:], wrong)
    return changed


def _serve(server: ScriptedServer, call: str, answer: Any, status: int = 200) -> None:
    for _, each, proper in READS.values():
        server.answers(each, in_json(proper))
    server.answers("GET /api/v4/groups/9/projects", in_json([]))
    server.answers(call, in_json(answer, status))


@pytest.mark.parametrize("name", READS)
def test_a_proper_answer_is_read_and_a_wrong_one_is_an_error_of_the_client(
    server: ScriptedServer, name: str
) -> None:
    read, call, proper = READS[name]
    _serve(server, call, proper)
    read(server.url)
    for shape in _shapes(proper, name):
        _serve(server, call, shape)
        _try(read, server.url, shape)


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("status", [400, 404])
def test_an_error_of_any_shape_is_an_error_of_the_client(
    server: ScriptedServer, name: str, status: int
) -> None:
    read, call, _ = READS[name]
    proper = {"errors": ["x"], "message": {"name": ["x"]}, "error": "x", "data": {"metadata": {"version": 1}}}
    for shape in [*_WRONG, *list(_shapes(proper, f"{name} {status}"))[:20]]:
        _serve(server, call, shape, status)
        _try(read, server.url, shape)


@pytest.mark.parametrize("name", READS)
def test_an_answer_that_is_nested_very_deeply_is_an_error_of_the_client(
    server: ScriptedServer, name: str
) -> None:
    read, call, _ = READS[name]
    for depth in (30, 990, 20_000):
        _serve(server, call, 0)
        for body in (b"[" * depth + b"]" * depth, b'{"data":' * depth + b"1" + b"}" * depth):
            server.answers(call, Reply(200, body, "application/json"))
            # A pool of an earlier client that is finalised in the depth of this one's recursion would fail there.
            gc.disable()
            try:
                _try(read, server.url, f"{body[:8]!r} {depth} times")
            finally:
                gc.enable()


def _try(read: Callable[[str], Any], url: str, shape: Any) -> None:
    try:
        read(url)
    except ApiError:
        pass
    except Exception as error:  # noqa: BLE001 whatever it is, it is to be named with the shape
        pytest.fail(f"{type(error).__name__}: {error} by {json.dumps(shape)}")


@pytest.mark.parametrize("name", READS)
def test_no_client_reads_what_is_nested_33_deep(server: ScriptedServer, name: str) -> None:
    """One bound in the transport, for python-gitlab as for our own clients."""
    read, call, proper = READS[name]
    _serve(server, call, proper)
    read(server.url)
    nested = json.loads("[" * 33 + "]" * 33)
    _serve(server, call, [nested] if isinstance(proper, list) else {**proper, "x": nested})
    with pytest.raises(ApiError):
        read(server.url)
