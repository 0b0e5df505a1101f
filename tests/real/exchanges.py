"""Seeded sequences of requests to a Nexus: users, roles, privileges, selectors, repositories, content, by many users.

The same seed gives the same requests; what a server answers never decides what comes next, so two servers can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Iterator

REST = "/service/rest/v1"
SECURITY = f"{REST}/security"
_NAMES = ("a", "b", "c", "Ä-ö", "x" * 60)
_PRIVILEGES = ("nx-search-read", "nx-users-read", "nx-repository-view-*-*-read", "no-such-privilege")
_EXPRESSIONS = (
    'format == "raw"',
    'format == "raw" and path =^ "/a/"',
    'path =~ "/b/.*"',
    'path =^ "/a/" or path =^ "/b/"',
    "format = raw",
    "",
    "path.size() > 1",
    '(format == "raw") && (path == "/a/x")',
)
_ACTIONS = (["READ"], ["BROWSE", "READ"], ["BROWSE", "READ", "EDIT", "ADD"], ["DELETE"], ["READ", "EDIT"])
_PATHS = ("/a/x", "/a/y.txt", "/b/x", "/c", "/a/./x", "/a//x", "/a b/ü", "/a/%2e%2e/b/x", "/a/;x", "/a/x?y=1")
USERS = ("u-a", "u-b", "u-c")
REPOSITORIES = ("raw-1", "raw-2")


@dataclass(frozen=True)
class Exchange:
    """A request: `user` is None for the administrator, "" for no credentials.

    `of` is a repository and what is stored in it, whose id ends the path; `all_pages` follows the continuation tokens.
    """

    method: str
    path: str
    body: Any = None
    data: bytes | None = None
    user: str | None = None
    repeats_etag: bool = False
    repeats_date: bool = False
    content_type: str = ""
    of: tuple[str, str] | None = None
    all_pages: bool = False


def exchanges(
    chance: random.Random, number: int, clients: Iterable[Callable[[random.Random], Exchange]] = ()
) -> Iterator[Exchange]:
    """Yield this many requests; `clients` make those of formats' clients."""
    kinds: tuple[tuple[Callable[[random.Random], Exchange], int], ...] = (
        (_role, 4),
        (_user, 4),
        (_privilege, 4),
        (_selector, 3),
        (_repository, 1),
        (_content, 8),
        (_listing, 2),
        *((each, 5) for each in clients),
    )
    makers, weights = zip(*kinds, strict=True)
    for maker in chance.choices(makers, weights, k=number):
        yield maker(chance)


def _method(chance: random.Random) -> str:
    return chance.choice(("POST", "POST", "PUT", "GET", "GET", "DELETE"))


def _role(chance: random.Random) -> Exchange:
    method, name = _method(chance), f"r-{chance.choice(_NAMES)}"
    held = [*_PRIVILEGES[:3], *(f"p-{each}" for each in _NAMES[:3])]
    body = {
        "id": name,
        "name": chance.choice((name, "another name")),
        "description": chance.choice(("", "d")),
        "privileges": chance.sample([*held, *_PRIVILEGES[3:]] if chance.random() < 0.2 else held, 2),
        "roles": [f"r-{each}" for each in _NAMES[:3] if chance.random() < 0.15],
    }
    return _object("roles", method, name, body)


def _user(chance: random.Random) -> Exchange:
    name = chance.choice(USERS)
    if chance.random() < 0.2:
        path = f"{SECURITY}/users/{name}/change-password"
        return Exchange("PUT", path, data=chance.choice((b"password", b"", b"password")))
    if chance.random() < 0.2:
        return Exchange("GET", f"{REST}/status", user=name)
    body = {
        "userId": name,
        "firstName": chance.choice(("F", "Ünïcode")),
        "lastName": "L",
        "emailAddress": chance.choice(("a@b.cc", "a@b.cc", "no address")),
        "status": chance.choice(("active", "active", "disabled", "odd")),
        "roles": [f"r-{each}" for each in _NAMES[:4] if chance.random() < 0.5] or ["nx-anonymous"],
    }
    method = _method(chance)
    if method == "GET":
        return Exchange(
            "GET", f"{SECURITY}/users?userId={chance.choice(('u-', name, 'U-A', 'none'))}&source=default"
        )
    extra = {"password": "password"} if method == "POST" else {"source": "default"}
    return _object("users", method, name, body | extra)


def _privilege(chance: random.Random) -> Exchange:
    method, name = _method(chance), f"p-{chance.choice(_NAMES)}"
    type_ = chance.choice(("wildcard", "repository-view", "repository-content-selector"))
    body: dict[str, Any] = {"name": name, "description": chance.choice(("", "d"))}
    if type_ == "wildcard":
        body["pattern"] = chance.choice(("nexus:search:read", "nexus:roles:read", "nexus:users:read,update"))
    else:
        body |= {
            "format": "raw",
            "repository": chance.choice((*REPOSITORIES, "*", "none")),
            "actions": chance.choice(_ACTIONS),
        }
    if type_ == "repository-content-selector":
        body["contentSelector"] = f"s-{chance.choice(_NAMES[:4])}"
    if method == "POST":
        return Exchange("POST", f"{SECURITY}/privileges/{type_}", body)
    if method == "PUT":
        # Of the same type by name, since a privilege that is written as another type can be read no more.
        body = {"name": name, "description": "put", "pattern": "nexus:search:read"}
        return Exchange("PUT", f"{SECURITY}/privileges/wildcard/p-missing", body | {"name": "p-missing"})
    return Exchange(method, f"{SECURITY}/privileges/{name}")


def _selector(chance: random.Random) -> Exchange:
    method, name = _method(chance), f"s-{chance.choice(_NAMES)}"
    body = {"name": name, "description": "d", "expression": chance.choice(_EXPRESSIONS)}
    return _object("content-selectors", method, name, body)


def _object(kind: str, method: str, name: str, body: dict[str, Any]) -> Exchange:
    path = f"{SECURITY}/{kind}" if method == "POST" else f"{SECURITY}/{kind}/{name}"
    return Exchange(method, path, body if method in ("POST", "PUT") else None)


def _repository(chance: random.Random) -> Exchange:
    name = chance.choice(REPOSITORIES)
    body = {
        "name": name,
        "online": chance.random() < 0.9,
        "storage": {
            "blobStoreName": "default",
            "strictContentTypeValidation": False,
            "writePolicy": chance.choice(("ALLOW", "ALLOW", "ALLOW_ONCE", "DENY")),
        },
    }
    method = chance.choice(("POST", "POST", "POST", "PUT", "GET", "DELETE"))
    if method == "DELETE":
        return Exchange("DELETE", f"{REST}/repositories/{name}")
    path = f"{REST}/repositories/raw/hosted" + ("" if method == "POST" else f"/{name}")
    return Exchange(method, path, body if method in ("POST", "PUT") else None)


def _content(chance: random.Random) -> Exchange:
    path = f"/repository/{chance.choice((*REPOSITORIES, 'raw-0', 'raw-0'))}{chance.choice(_PATHS)}"
    method = chance.choice(("PUT", "PUT", "GET", "GET", "HEAD", "DELETE"))
    user = chance.choice((None, *USERS, ""))
    data = chance.choice((b"content", b"other", b"")) if method == "PUT" else None
    return Exchange(
        method, path, data=data, user=user, repeats_etag=method == "GET" and chance.random() < 0.3
    )


def _listing(chance: random.Random) -> Exchange:
    user = chance.choice((None, *USERS))
    path = chance.choice(
        (
            f"{REST}/repositories",
            f"{REST}/assets?repository=raw-0",
            f"{REST}/components?repository=raw-0",
            f"{REST}/assets?repository=none",
            f"{SECURITY}/roles",
            f"{SECURITY}/users?source=default",
            f"{SECURITY}/content-selectors",
        )
    )
    return Exchange("GET", path, user=user, all_pages="?repository=" in path)
