"""References such as `${vault.address}` to five addresses, which a stack can override.

Owns what is replaced before anything is checked. Anything else in `${…}`, such as GitLab's own
`${CI_PROJECT_NAME}` in a variable's value, is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ciaccess.access.reading.document import Document, YamlPath, dotted_path
from ciaccess.access.reading.faults import Fault, display, suggest

# The key of a stack's `ciaccess:addresses`, and the address that it replaces.
ADDRESSES: dict[str, YamlPath] = {
    "vault": ("vault", "address"),
    "nexus": ("nexus", "url"),
    "push_registry": ("nexus", "push_registry"),
    "pull_registry": ("nexus", "pull_registry"),
    "gitlab": ("gitlab", "url"),
}
SETTING = "ciaccess:addresses"
_NAMES = {dotted_path(path): path for path in ADDRESSES.values()}
_REFERENCE = re.compile(r"\$\{([A-Za-z0-9_-]*\.[A-Za-z0-9_.-]*)(\}?)")
# In place of a missing address, which is a fault of its own and is not reported again elsewhere.
_UNKNOWN_HOST: dict[str | int, str] = {
    "push_registry": "unknown.invalid:443",
    "pull_registry": "unknown.invalid:443",
}


def override(document: Document, addresses: Mapping[str, str]) -> frozenset[str]:
    """Put a stack's addresses in place of those of the file; return which ones, as dotted paths."""
    replaced = set()
    for key, value in addresses.items():
        if key not in ADDRESSES:
            refusal = unknown_address(key, "Correct config/Pulumi.<stack>.yaml")
            document.faults.append(Fault(document.file, 1, 1, f"{SETTING}.{key}", value, *refusal))
        elif isinstance(document.at(ADDRESSES[key][:1]), dict):
            document.replace(ADDRESSES[key], value)
            replaced.add(dotted_path(ADDRESSES[key]))
    return frozenset(replaced)


def unknown_address(key: str, otherwise: str) -> tuple[str, str, str]:
    """Return what is wrong with the key of a stack's address, what is allowed, and what to do."""
    message, allowed = f"{display(key)} is not an address of access.yaml", ", ".join(ADDRESSES)
    return message, allowed, suggest(key, list(ADDRESSES), otherwise)


def resolve(document: Document) -> dict[str, frozenset[str]]:
    """Resolve references; return the addresses in each resolved value, all as dotted paths."""
    made_from: dict[str, frozenset[str]] = {}
    for path in document.values:
        value = document.at(path)
        if path and isinstance(value, str) and _REFERENCE.search(value):
            text, used = _insert_addresses(document, path, value)
            document.replace(path, text)
            made_from[dotted_path(path)] = used
    return made_from


def _insert_addresses(document: Document, path: YamlPath, value: str) -> tuple[str, frozenset[str]]:
    used: set[str] = set()

    def put_in(match: re.Match[str]) -> str:
        refusal = _refusal(path, match)
        if refusal:
            line, column = document.position(path)
            document.faults.append(Fault(document.file, line, column, dotted_path(path), match[0], *refusal))
            return match[0]
        used.add(match[1])
        source = _NAMES[match[1]]
        address = document.at(source)
        return (
            address if isinstance(address, str) else _UNKNOWN_HOST.get(source[-1], "https://unknown.invalid")
        )

    return _REFERENCE.sub(put_in, value), frozenset(used)


def _refusal(path: YamlPath, match: re.Match[str]) -> tuple[str, str, str] | None:
    """Return what is wrong with a reference, what is allowed, and what to do; None where it is right."""
    allowed = ", ".join(f"${{{known}}}" for known in _NAMES)
    if not match[2]:
        return f"{display(match[0])} has no closing brace", allowed, "Add the closing brace"
    if path in _NAMES.values():
        return (
            f"{display(match[0])} makes an address from an address",
            "the address itself",
            "Write the address out",
        )
    if match[1] not in _NAMES:
        remedy = suggest(
            match[0], [f"${{{known}}}" for known in _NAMES], "Refer to one of these, or write the value out"
        )
        return f"{display(match[0])} refers to nothing", allowed, remedy
    return None
