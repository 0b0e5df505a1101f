"""Checks of addresses: a server's URL and its CA, a docker registry, a network.

Read by one strict grammar and not by a URL parser: an address ends up in jobs' shells, in Vault's configuration and in
docker's references, which all read what a lenient parser lets through in their own way.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

from ciaccess.access.model.checks import refusal, rule_error

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PLACE = rf"(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?"
_URL = re.compile(rf"https?://{_PLACE}(?P<path>(?:/[A-Za-z0-9._~-]+)*)")
# Below a host, docker reads the path of a repository, in lower case.
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REGISTRY = re.compile(rf"{_PLACE}(?P<path>(?:/{_PART})*)")
IMAGE = re.compile(
    rf"(?:{_PLACE}/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9._-]{{0,127}}(?:@sha256:[0-9a-f]{{64}})?|@sha256:[0-9a-f]{{64}})"
)
# A host that ends so is an IPv4 address to a resolver, in one spelling or another.
_NUMBER = re.compile(r"(?:[0-9]+|0[xX][0-9A-Fa-f]*)")
_MOST_HOST_CHARACTERS = 253
# Of Vault, GitLab and Nexus.
_API_PATHS = ("/service/rest/v1", "/service/rest", "/api/v4", "/v1")
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def url(value: str) -> str:
    """Check a server's address: https, or http on loopback; no credentials, query or trailing slash."""
    allowed = "https://host[:port][/path], or http:// for a loopback address"
    remedy = "Write the server's address: a DNS name or an IP address, a port, a path"
    if "@" in value:
        raise _credentials("URL", allowed)
    try:
        parts = urlsplit(value)
    except ValueError:
        raise refusal(value, "is not a URL", allowed, remedy) from None
    if parts.query or parts.fragment:  # a token perhaps
        raise rule_error("the URL has a query or fragment", allowed, "Remove it", conceal=True)
    bare = value.rstrip("/")
    match = _URL.fullmatch(bare)
    if not match or not _is_place(match) or any(part in (".", "..") for part in match["path"].split("/")):
        raise refusal(value, "is not a URL", allowed, remedy)
    if parts.scheme == "http" and match["host"] not in _LOOPBACK:
        raise refusal(value, "would carry credentials in plain text", allowed, "Use https://")
    if value != bare:
        raise refusal(value, "ends with a slash", "no trailing slash", f"Write {bare}")
    if of_api := next(filter(bare.endswith, _API_PATHS), None):
        problem = f"ends with {of_api}, the path of the API, which is added to it"
        raise refusal(value, problem, "the server's own address", f"Write {bare.removesuffix(of_api)}")
    return value


def registry(value: str) -> str:
    """Check a docker registry: a host with a port, a host alone (443), or either with a path."""
    allowed = "host:port, host.domain (port 443), or either with /repository, without https://"
    if "@" in value:
        raise _credentials("registry's address", allowed)
    match = _REGISTRY.fullmatch(value)
    # docker takes a first part without dot and port for a folder of its own hub.
    if (
        not match
        or not _is_place(match)
        or not ("." in match["host"] or match["port"] or match["host"][0] == "[")
    ):
        raise refusal(value, "is not a registry's address", allowed, "Write it as docker login takes it")
    return value


def image(value: str) -> str:
    """Check a docker image: a name with its registry where it is not Docker Hub's, a tag or a digest."""
    allowed = "[registry/]name:tag, or with @sha256:<64 digits> behind it"
    if re.search("@.*/", value):
        raise _credentials("image's name", allowed)
    if not IMAGE.fullmatch(value):
        raise refusal(value, "is not an image", allowed, "Write it as docker pull takes it")
    return value


def _credentials(noun: str, allowed: str) -> PydanticCustomError:
    remedy = "Take them out: credentials come from the environment"
    return rule_error(f"the {noun} holds credentials", allowed, remedy, conceal=True)


def _is_place(match: re.Match[str]) -> bool:
    """Tell whether a host is a DNS name or an IP address, and its port one of TCP's."""
    host, port = match["host"], match["port"]
    if len(host) > _MOST_HOST_CHARACTERS or (port and not 0 < int(port) < 65536):  # noqa: PLR2004 TCP's range
        return False
    if host[0] != "[" and not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return True
    try:
        return ip_address(host.strip("[]")).version == (6 if host[0] == "[" else 4)
    except ValueError:
        return False


def network(value: str) -> str:
    """Check a network, and return it as Vault writes it: a single address without its length."""
    allowed = "a network or an address, such as 10.0.0.0/8 or 192.0.2.7"
    try:
        found = ip_network(value)
    except ValueError:
        hint = "Write the network's own address, with zeros behind its length"
        raise refusal(value, "is not a network", allowed, hint) from None
    return str(found.network_address) if found.prefixlen == found.max_prefixlen else str(found)


def certificates(value: str) -> str:
    """Check certificates in PEM, and return them without outer blanks, which Vault would trim."""
    trimmed = value.strip()
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    if trimmed and not (trimmed.startswith(begin) and trimmed.endswith(end) and "PRIVATE KEY" not in trimmed):
        message = "this is not a certificate"
        raise rule_error(message, f"PEM, {begin}", "Paste the authority's certificate", conceal=True)
    return trimmed
