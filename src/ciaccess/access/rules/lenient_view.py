"""A lenient view of access.yaml for the rules: values of the wrong kind count as missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cached_property
from typing import Any, Literal, NamedTuple

from ciaccess.access.desired.nexus import privilege_name
from ciaccess.access.reading.document import Document, YamlPath, dotted_path
from ciaccess.access.reading.faults import Fault, suggest

Faults = Iterator[Fault]
Rule = Callable[["LenientView"], Faults]
Placed = tuple[YamlPath, str]
ENVIRONMENTS = ("dev", "uat", "prod")
GRANTS = ("push", "pull", "promote")
# Roles that every Nexus has.
BUILT_IN_ROLES = ("nx-admin", "nx-anonymous")
# What an account may hold whose secret a job reads: work on repositories, and what Nexus gives without a login.
_HARMLESS = re.compile(r"nx-repository-view-.+|nx-search-read|nx-healthcheck-read|nx-anonymous")
# The parts of the path of an account that is declared under its name.
_DECLARED = 2
# A guess among a thousand names takes ten milliseconds.
_MOST_GUESSES = 20


class Name(NamedTuple):
    """A name that an account has or had: where its section is, and the account that has it now."""

    text: str
    path: YamlPath
    account: str

    @property
    def is_former(self) -> bool:
        """Tell whether it is a name that the account had before."""
        return len(self.path) > _DECLARED


class LenientView:
    """Reads plain data by path, with invalid values as empty, and creates faults. `on` is the day."""

    def __init__(self, document: Document, on: date) -> None:
        self._document = document
        self.on = on
        self._guesses = _MOST_GUESSES

    def mapping(self, *path: str | int) -> dict[str, Any]:
        """Return the mapping at a path."""
        found = self._document.at(path)
        return found if isinstance(found, dict) else {}

    def text(self, *path: str | int) -> str:
        """Return the text at a path."""
        found = self._document.at(path)
        return found if isinstance(found, str) else ""

    def value(self, *path: str | int) -> Any:
        """Return the value at a path, None without one."""
        return self._document.at(path)

    def texts(self, *path: str | int) -> list[Placed]:
        """Return the texts of the list at a path, each with its own path."""
        found = self._document.at(path)
        items = found if isinstance(found, list) else []
        return [((*path, index), item) for index, item in enumerate(items) if isinstance(item, str)]

    def grant(self, account: str, grant: str) -> list[Placed]:
        """Return the formats of an account's grant, a list or a mapping, each with its own path."""
        path: YamlPath = ("accounts", account, grant)
        return self.texts(*path) or [((*path, format_), format_) for format_ in self.mapping(*path)]

    def fault(  # noqa: PLR0913 the parts of a fault's text, and two of its properties by name
        self,
        path: YamlPath,
        message: str,
        allowed: str,
        remedy: str,
        *,
        key: bool = False,
        severity: Literal["error", "warning"] = "error",
        conceal: bool = False,
    ) -> Fault:
        """Return a fault at a path's value, or at its key. `conceal` keeps the value out of it."""
        line, column = self._document.position(path, key=key)
        value = None if key or conceal else self._document.at(path)
        return Fault(
            self._document.file, line, column, dotted_path(path), value, message, allowed, remedy, severity
        )

    def suggest(self, word: str, words: list[str], otherwise: str) -> str:
        """Return the remedy for an unknown word: a similar one for the first few, else `otherwise`."""
        self._guesses -= 1
        return suggest(word, words, otherwise) if self._guesses >= 0 else otherwise

    def line(self, path: YamlPath, *, key: bool = False) -> int:
        """Return the line of a path's value, or of its key."""
        return self._document.position(path, key=key)[0]

    def policy(self, role: str) -> str:
        """Return the name of a JWT role's policy."""
        return self.text("vault", "roles", role, "policy") or f"{role}-policy"

    def repositories(self, format_: str) -> dict[str, str]:
        """Return a format's hosted repositories by environment, in the order of promotion."""
        found = {where: self.text("nexus", "repositories", format_, where) for where in ENVIRONMENTS}
        return {where: repository for where, repository in found.items() if repository}

    @cached_property
    def release_repositories(self) -> frozenset[str]:
        """The hosted repositories of uat and prod, of every format."""
        return frozenset(
            repository
            for format_ in self.mapping("nexus", "repositories")
            for environment, repository in self.repositories(format_).items()
            if environment != "dev"
        )

    @cached_property
    def names(self) -> list[Name]:
        """The names of all accounts, each before its former names."""
        found: list[Name] = []
        for account in self.mapping("accounts"):
            path: YamlPath = ("accounts", account)
            former = self.mapping(*path, "formerly")
            found.append(Name(account, path, account))
            found += [Name(name, (*path, "formerly", name), account) for name in former]
        return found

    @cached_property
    def readers(self) -> dict[str, list[str]]:
        """The JWT roles that may read an account's secret, by account."""
        found: dict[str, list[str]] = {}
        for role in self.mapping("vault", "roles"):
            for _, account in self.texts("vault", "roles", role, "accounts"):
                found.setdefault(account, []).append(role)
        return found

    def further_privileges(self, account: str) -> dict[str, str]:
        """Return the privileges of an account's further roles, contained ones too, each with its role.

        A role that every Nexus has is listed itself; one that does not exist is a fault of its own.
        """
        found: dict[str, str] = {}
        waiting = [(role, role) for _, role in self.texts("accounts", account, "roles")]
        seen: set[str] = set()
        while waiting:
            role, by = waiting.pop(0)
            if role in seen:
                continue
            seen.add(role)
            if role in BUILT_IN_ROLES:
                found.setdefault(role, by)
            for _, privilege in self.texts("nexus", "roles", role, "privileges"):
                found.setdefault(privilege, by)
            waiting += [(inner, by) for _, inner in self.texts("nexus", "roles", role, "roles")]
        return found

    def beyond_repositories(self, account: str) -> tuple[str, str] | None:
        """Return an account's first privilege that is not on a repository, with its role, or None."""
        known = self.selector_privileges | self.writing_privileges | self.reading_privileges
        for privilege, by in self.further_privileges(account).items():
            if not _HARMLESS.fullmatch(privilege) and privilege not in known:
                return privilege, by
        return None

    @cached_property
    def writing_privileges(self) -> frozenset[str]:
        """The privileges that are made in Nexus, and may write: which repositories is not known here."""
        return frozenset(name for _, name in self.texts("nexus", "repository_privileges"))

    @cached_property
    def reading_privileges(self) -> frozenset[str]:
        """The privileges that are made in Nexus and only read, as drift checks."""
        return frozenset(name for _, name in self.texts("nexus", "read_privileges"))

    @cached_property
    def selector_privileges(self) -> frozenset[str]:
        """The privileges on content selectors that are made for accounts with a path."""
        return frozenset(
            privilege_name(name.text, repository)
            for name in self.names
            if self.text("accounts", name.account, "path")
            for _, format_ in self.texts("accounts", name.account, "push")
            if (repository := self.repositories(format_).get("dev"))
        )
