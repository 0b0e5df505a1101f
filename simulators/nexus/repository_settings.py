"""A repository's settings: what the REST API takes, keeps, and shows, by type and format.

Sections that a format has of its own are a table here. What was recorded of raw and maven2 is held to; for the other
formats it is Nexus's documentation, and a section that is left out has its defaults.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulators.nexus.answers import message
from simulators.nexus.security.builtin import COMMUNITY_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulators.nexus.json_body import Fields
    from simulators.nexus.store import Document

    # A field's name, how it is read, and its default.
    FieldTable = Mapping[str, tuple[Callable[[Fields, str], Any], Any]]

_WRITE_POLICIES = ("ALLOW", "DENY", "ALLOW_ONCE")
BLOB_STORE = "default"


def _text(fields: Fields, name: str) -> Any:
    return fields.text(name)


def _flag(fields: Fields, name: str) -> Any:
    return fields.flag(name) if fields.has(name) else None


def _number(fields: Fields, name: str) -> Any:
    return fields.number(name)


@dataclass(frozen=True)
class _Section:
    """A section of a format: its fields with their defaults and how each is read; `types` of repositories that have it."""

    name: str
    fields: FieldTable
    types: tuple[str, ...] = ("hosted", "proxy", "group")
    required: bool = False
    shown: bool = True


@dataclass(frozen=True)
class Recipe:
    """A format: its name in paths, the types of repositories it has, and its sections."""

    path: str
    types: tuple[str, ...] = ("hosted", "proxy", "group")
    sections: tuple[_Section, ...] = field(default=())


_OF_ITS_OWN: dict[str, Recipe] = {
    "raw": Recipe("raw", sections=(_Section("raw", {"contentDisposition": (_text, "ATTACHMENT")}),)),
    "maven2": Recipe(
        "maven",
        sections=(
            _Section(
                "maven",
                {
                    "versionPolicy": (_text, "RELEASE"),
                    "layoutPolicy": (_text, "STRICT"),
                    "contentDisposition": (_text, "INLINE"),
                },
                types=("hosted", "proxy"),
                required=True,
            ),
        ),
    ),
    "apt": Recipe(
        "apt",
        types=("hosted", "proxy"),
        sections=(
            _Section("apt", {"distribution": (_text, "")}, required=True),
            _Section(
                "aptSigning",
                {"keypair": (_text, ""), "passphrase": (_text, None)},
                types=("hosted",),
                required=True,
                shown=False,
            ),
        ),
    ),
    "docker": Recipe(
        "docker",
        sections=(
            _Section(
                "docker",
                {
                    "v1Enabled": (_flag, False),
                    "forceBasicAuth": (_flag, True),
                    "httpPort": (_number, None),
                    "httpsPort": (_number, None),
                    "subdomain": (_text, None),
                },
                required=True,
            ),
        ),
    ),
    "npm": Recipe("npm"),
    "pypi": Recipe("pypi"),
    "yum": Recipe(
        "yum",
        sections=(
            _Section(
                "yum", {"repodataDepth": (_number, 0), "deployPolicy": (_text, "STRICT")}, types=("hosted",)
            ),
        ),
    ),
}

RECIPES = {name: _OF_ITS_OWN.get(name) or Recipe(name) for name in COMMUNITY_FORMATS}

_PROXY: FieldTable = {
    "remoteUrl": (_text, ""),
    "contentMaxAge": (_number, 1440),
    "metadataMaxAge": (_number, 1440),
}
_NEGATIVE_CACHE: FieldTable = {
    "enabled": (_flag, True),
    "timeToLive": (_number, 1440),
}
_HTTP_CLIENT: FieldTable = {
    "blocked": (_flag, False),
    "autoBlock": (_flag, False),
}
_CONNECTION = {
    "retries": None,
    "userAgentSuffix": None,
    "timeout": None,
    "enableCircularRedirects": False,
    "enableCookies": False,
    "useTrustStore": False,
}


def read(fields: Fields, format_: str, type_: str) -> Document:
    """Return what is kept of a request's settings; what is wrong is noted in `fields`."""
    settings: Document = {
        "name": fields.name(),
        "format": format_,
        "type": type_,
        "online": fields.flag("online"),
    }
    if not fields.has("online"):
        fields.fault("online", "must not be null")
    settings["storage"] = _storage(fields, type_)
    if type_ == "group":
        settings["group"] = _group(fields)
    if type_ == "proxy":
        settings["proxy"] = _section(fields, "proxy", _PROXY, required=True)
        settings["negativeCache"] = _section(fields, "negativeCache", _NEGATIVE_CACHE, required=True)
        settings["httpClient"] = _section(fields, "httpClient", _HTTP_CLIENT, required=True)
    for section in RECIPES[format_].sections:
        if type_ in section.types:
            settings[section.name] = _section(fields, section.name, section.fields, required=section.required)
    return settings


def _section(
    fields: Fields,
    name: str,
    wanted: FieldTable,
    *,
    required: bool,
) -> dict[str, Any]:
    inner = fields.section(name)
    if inner is None:
        if required:
            fields.fault(name, "must not be null")
        return {key: default for key, (_, default) in wanted.items()}
    found = {key: (reader(inner, key), default) for key, (reader, default) in wanted.items()}
    return {key: default if value is None else value for key, (value, default) in found.items()}


def _storage(fields: Fields, type_: str) -> dict[str, Any]:
    inner = fields.section("storage")
    if inner is None:
        fields.fault("storage", "must not be null")
        return {}
    strict = inner.flag("strictContentTypeValidation") if inner.has("strictContentTypeValidation") else True
    storage = {"blobStoreName": inner.filled("blobStoreName"), "strictContentTypeValidation": strict}
    if type_ == "hosted":
        storage["writePolicy"] = inner.text("writePolicy") or "ALLOW"
    return storage


def _group(fields: Fields) -> dict[str, Any]:
    inner = fields.section("group")
    if inner is None:
        fields.fault("group", "must not be null")
        return {"memberNames": []}
    members = inner.texts("memberNames")
    if not members:
        inner.fault("memberNames", "must not be empty")
    return {"memberNames": list(dict.fromkeys(members))}


def check(settings: Document) -> None:
    """Pass if the settings are of values that exist; other repositories are not looked at.

    Raises:
        AnswerError: 400, they are not.
    """
    storage = settings["storage"]
    if storage["blobStoreName"] != BLOB_STORE:
        raise message(400, "Blob store not found")
    policy = storage.get("writePolicy", "ALLOW")
    if policy.upper() not in _WRITE_POLICIES:
        text = (
            "Failed to validate facets; 1 failure\nCannot deserialize value of type "
            f'`org.sonatype.nexus.repository.config.WritePolicy` from String "{policy}": not one of the values '
            f"accepted for Enum class: [{', '.join(_WRITE_POLICIES)}]\n at [Source: UNKNOWN; byte offset: #UNKNOWN] "
            "(through reference chain: org.sonatype.nexus.repository.content.facet."
            'ContentFacetSupport$Config["writePolicy"])'
        )
        raise message(400, text)


def show(settings: Document, url: str) -> dict[str, Any]:
    """Return the settings as the API shows them; `url` is the repository's."""
    shown: dict[str, Any] = {key: settings[key] for key in ("name", "format", "type", "online", "storage")}
    shown["url"] = url
    type_ = settings["type"]
    if type_ == "group":
        shown["group"] = settings["group"]
    else:
        shown["cleanup"] = None
    if type_ == "hosted":
        shown["component"] = {"proprietaryComponents": False}
    if type_ == "proxy":
        connection = {"connection": _CONNECTION, "authentication": None}
        shown |= {"proxy": settings["proxy"], "negativeCache": settings["negativeCache"]}
        shown |= {"httpClient": settings["httpClient"] | connection, "routingRuleName": None}
    for section in RECIPES[settings["format"]].sections:
        if section.shown and type_ in section.types:
            shown[section.name] = settings[section.name]
    return shown


def summary(settings: Document, url: str) -> dict[str, Any]:
    """Return what the list of repositories shows of one."""
    attributes = (
        {"proxy": {"remoteUrl": settings["proxy"]["remoteUrl"]}} if settings["type"] == "proxy" else {}
    )
    shown = {key: settings[key] for key in ("name", "format", "type")}
    return shown | {"url": url, "attributes": attributes}


def of_new_instance() -> list[Document]:
    """Return the repositories that a new instance has."""

    def maven(name: str, type_: str, **sections: Any) -> Document:
        storage = {"blobStoreName": BLOB_STORE, "strictContentTypeValidation": False}
        settings = {"name": name, "format": "maven2", "type": type_, "online": True}
        return settings | {"storage": storage | sections.pop("storage", {})} | sections

    def layout(version_policy: str, layout_policy: str) -> dict[str, str]:
        return {
            "versionPolicy": version_policy,
            "layoutPolicy": layout_policy,
            "contentDisposition": "INLINE",
        }

    remote = {
        "remoteUrl": "https://repo1.maven.org/maven2/",
        "contentMaxAge": -1,
        "metadataMaxAge": 1440,
    }
    members = ["maven-releases", "maven-snapshots", "maven-central"]
    return [
        maven(
            "maven-releases",
            "hosted",
            storage={"writePolicy": "ALLOW_ONCE"},
            maven=layout("RELEASE", "STRICT"),
        ),
        maven(
            "maven-snapshots", "hosted", storage={"writePolicy": "ALLOW"}, maven=layout("SNAPSHOT", "STRICT")
        ),
        maven(
            "maven-central",
            "proxy",
            storage={"writePolicy": "ALLOW"},
            proxy=remote,
            negativeCache={"enabled": True, "timeToLive": 1440},
            httpClient={"blocked": False, "autoBlock": False},
            maven=layout("RELEASE", "PERMISSIVE"),
        ),
        maven("maven-public", "group", group={"memberNames": members}),
    ]
