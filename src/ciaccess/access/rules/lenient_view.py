"""A lenient view of access.yaml for the rules: values of the wrong kind count as missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from ciaccess.access.desired.nexus import privilege_name
from ciaccess.access.model.checks import ENVIRONMENTS
from ciaccess.access.reading.document import Document, YamlPath, dotted_path
from ciaccess.access.reading.faults import Fault, suggest

Faults = Iterator[Fault]
Rule = Callable[["LenientView"], Faults]
GRANTS = ("push", "pull", "promote")
# Roles that every Nexus has.
BUILT_IN_ROLES = ("nx-admin", "nx-anonymous")
# What an account may hold whose secret a job reads: work on repositories, and what Nexus gives without a login.
_HARMLESS = re.compile(r"nx-repository-view-.+|nx-search-read|nx-healthcheck-read|nx-anonymous")
# A guess among a thousand names takes ten milliseconds.
_MOST_GUESSES = 20


@dataclass(slots=True, eq=False)  # a hundred thousand for a thousand accounts
class Node:
    """A node of the file, such as an account: its path, and its value, which is None without one."""

    document: Document
    path: YamlPath
    value: Any

    def __getitem__(self, key: str) -> Node:
        """Return the node of a key below it, which need not exist."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Node(self.document, (*self.path, key), value)

    def __iter__(self) -> Iterator[Node]:
        """Yield the nodes of the keys below it."""
        return map(self.__getitem__, self.mapping)

    @property
    def name(self) -> str:
        """Return its key."""
        return str(self.path[-1])

    @property
    def mapping(self) -> dict[str, Any]:
        """Return its value if that is a mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def text(self) -> str:
        """Return its value if that is a text."""
        return self.value if isinstance(self.value, str) else ""

    def entries(self) -> list[Node]:
        """Return the entries of its value if that is a list."""
        items = self.value if isinstance(self.value, list) else []
        return [Node(self.document, (*self.path, index), item) for index, item in enumerate(items)]

    def texts(self) -> list[Node]:
        """Return the texts among its entries."""
        return [each for each in self.entries() if isinstance(each.value, str)]

    def formats(self) -> list[tuple[Node, str]]:
        """Return the formats of a grant, a list or a mapping, each with its node."""
        return [(each, each.text) for each in self.texts()] or [(each, each.name) for each in self]

    def line(self, *, key: bool = False) -> int:
        """Return the line of its value, or of its key."""
        return self.document.position(self.path, key=key)[0]

    def fault(
        self, message: str, allowed: str, remedy: str, *, key: bool = False, conceal: bool = False
    ) -> Fault:
        """Return a fault of its value, or of its key. `conceal` keeps the value out of it."""
        line, column = self.document.position(self.path, key=key)
        value = None if key or conceal else self.value
        field = dotted_path(self.path)
        return Fault(self.document.file, line, column, field, value, message, allowed, remedy)

    def warning(self, message: str, allowed: str, remedy: str, *, key: bool = False) -> Fault:
        """Return a fault that does not make the file invalid."""
        return replace(self.fault(message, allowed, remedy, key=key), severity="warning")


class Name(NamedTuple):
    """A name that an account has or had: its section, and that of the account that has it now."""

    node: Node
    account: Node

    @property
    def text(self) -> str:
        """Return the name."""
        return self.node.name

    @property
    def is_former(self) -> bool:
        """Tell whether it is a name that the account had before."""
        return self.node is not self.account


class LenientView:
    """The file by its sections, and what several rules derive from them. `on` is the day."""

    def __init__(self, document: Document, on: date) -> None:
        self._root = Node(document, (), document.data)
        self.on = on
        self.accounts = self["accounts"]
        self.jwt_roles = self["vault"]["roles"]
        self.nexus_roles = self["nexus"]["roles"]
        self.formats = self["nexus"]["repositories"]
        self._guesses = _MOST_GUESSES

    def __getitem__(self, section: str) -> Node:
        return self._root[section]

    def suggest(self, word: str, words: list[str], otherwise: str) -> str:
        """Return the remedy for an unknown word: a similar one for the first few, else `otherwise`."""
        self._guesses -= 1
        return suggest(word, words, otherwise) if self._guesses >= 0 else otherwise

    def repositories(self, format_: str) -> dict[str, str]:
        """Return a format's hosted repositories by environment, in the order of promotion."""
        return self._hosted.get(format_, {})

    @cached_property
    def _hosted(self) -> dict[str, dict[str, str]]:
        return {
            format_.name: {where: name for where in ENVIRONMENTS if (name := format_[where].text)}
            for format_ in self.formats
        }

    @cached_property
    def release_repositories(self) -> frozenset[str]:
        """The hosted repositories of uat and prod, of every format."""
        return frozenset(
            name for hosted in self._hosted.values() for where, name in hosted.items() if where != "dev"
        )

    @cached_property
    def names(self) -> list[Name]:
        """The names of all accounts, each before its former names."""
        return [Name(node, account) for account in self.accounts for node in (account, *account["formerly"])]

    @cached_property
    def readers(self) -> dict[str, list[str]]:
        """The JWT roles that may read an account's secret, by account."""
        found: dict[str, list[str]] = {}
        for role in self.jwt_roles:
            for account in role["accounts"].texts():
                found.setdefault(account.text, []).append(role.name)
        return found

    def further_privileges(self, account: str) -> dict[str, str]:
        """Return the privileges of an account's further roles, contained ones too, each with its role.

        A role that every Nexus has is listed itself; one that does not exist is a fault of its own.
        """
        found: dict[str, str] = {}
        waiting = [(role.text, role.text) for role in self.accounts[account]["roles"].texts()]
        seen: set[str] = set()
        while waiting:
            role, by = waiting.pop(0)
            if role in seen:
                continue
            seen.add(role)
            if role in BUILT_IN_ROLES:
                found.setdefault(role, by)
            for privilege in self.nexus_roles[role]["privileges"].texts():
                found.setdefault(privilege.text, by)
            waiting += [(inner.text, by) for inner in self.nexus_roles[role]["roles"].texts()]
        return found

    def beyond_repositories(self, account: str) -> tuple[str, str] | None:
        """Return an account's first privilege that is not on a repository, with its role, or None."""
        for privilege, by in self.further_privileges(account).items():
            if not _HARMLESS.fullmatch(privilege) and privilege not in self._on_repositories:
                return privilege, by
        return None

    @cached_property
    def writing_privileges(self) -> frozenset[str]:
        """The privileges that are made in Nexus, and may write: which repositories is not known here."""
        return frozenset(name.text for name in self["nexus"]["repository_privileges"].texts())

    @cached_property
    def _on_repositories(self) -> frozenset[str]:
        """The privileges that are declared to work on repositories, and those of accounts with a path."""
        selectors = (
            privilege_name(name.text, repository)
            for name in self.names
            if name.account["path"].text
            for format_ in name.account["push"].texts()
            if (repository := self.repositories(format_.text).get("dev"))
        )
        reading = (name.text for name in self["nexus"]["read_privileges"].texts())
        return self.writing_privileges.union(reading, selectors)
