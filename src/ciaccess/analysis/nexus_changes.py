"""Gains and losses in Nexus: accounts, what they may do with artifacts, and their other rights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ciaccess.analysis.changes import Change, Found, Risk
from ciaccess.analysis.facts import ADMINISTRATION, EVERY, NOTHING, AccessFacts, Grant, Holder, Right
from ciaccess.analysis.wording import holder_text, join_words, path_suffix, places, verb


def find(before: AccessFacts, after: AccessFacts, found: Found) -> None:
    """Find the accounts and rights that are new, and those that are lost."""
    for name in sorted(after.accounts.keys() - before.accounts.keys()):
        found.gain(name, f"{name} is a new account: {after.accounts[name].purpose}")
    for name in sorted(before.accounts.keys() - after.accounts.keys()):
        found.lose(name, f"{name} is no longer an account")
    for holder, right in _new_rights(before, after):
        unknown = ", whose privileges only Nexus knows" if right.is_role else ""
        text = f"{_right_text(holder, right, 'now')}{unknown}"
        found.gain(holder.name, text, *((Risk.ADMIN,) if right.administers or right.is_role else ()))
    for holder, right in _new_rights(after, before):
        found.lose(holder.name, _right_text(holder, right, "no longer"))
    found.gains.extend(sorted(_grants(before, after, "may now", "so far only")))
    for change in sorted(_grants(after, before, "may no longer", "still")):
        found.lose(change.subject, change.sentence)


def _new_rights(before: AccessFacts, after: AccessFacts) -> Iterator[tuple[Holder, Right]]:
    """Yield the rights that `before` lacks; an administrator has every one."""
    for holder, held in sorted(after.held.items()):
        had = before.held.get(holder, NOTHING)
        if not had.administers:
            yield from ((holder, right) for right in held.rights if right not in had.rights)


def _right_text(holder: Holder, right: Right, when: str) -> str:
    """Return who has a right `now`, or `no longer`."""
    several = holder.is_role
    who, has = holder_text(holder), "have" if several else "has"
    if right.name == ADMINISTRATION and not right.is_role:
        return f"{who} {'are' if several else 'is'} {when} {'administrators' if several else 'an administrator'} of Nexus"
    return f"{who} {when} {has} the Nexus {'role' if right.is_role else 'privilege'} {right.name}"


def _grants(before: AccessFacts, after: AccessFacts, may: str, remark: str) -> Iterator[Change]:
    """Return a sentence for each verb and folder: what `after` grants and `before` does not."""
    for holder, held in after.held.items():
        had = before.held.get(holder, NOTHING)
        actions: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        for grant in held.grants:
            if not had.covers(grant):
                actions[grant.format, grant.repository, grant.path].add(grant.action)
        sentences: dict[tuple[str, str, tuple[str, ...]], list[tuple[str, str]]] = defaultdict(list)
        for (format_, repository, path), found in actions.items():
            inside = _parts(had.grants, Grant(format_, repository, EVERY, path), found)
            sentences[verb(found), path, inside].append((format_, repository))
        for (doing, path, inside), found_places in sentences.items():
            where = places(found_places)
            limits = f" ({remark} {join_words(inside)})" if inside else ""
            text = f"{holder_text(holder)} {may} {doing} {where}{path_suffix(path)}{limits}"
            yield Change(holder.name, text, _risks_of_grants((before, after), doing, found_places))


def _parts(grants: Iterable[Grant], whole: Grant, actions: set[str]) -> tuple[str, ...]:
    """Return the other state's part of a grant: folders or repositories that it includes."""
    folders, elsewhere = set(), set()
    for grant in grants:
        if grant.action in actions and replace(whole, action=grant.action).covers(grant):
            if (grant.format, grant.repository) == (whole.format, whole.repository):
                folders.add(f"under {grant.path}")
            else:
                elsewhere.add(places([(grant.format, grant.repository)]) + path_suffix(grant.path))
    return (*sorted(folders), *sorted(elsewhere))


def _risks_of_grants(
    states: tuple[AccessFacts, AccessFacts], doing: str, found_places: list[tuple[str, str]]
) -> tuple[Risk, ...]:
    """Mark a grant; a repository of releases in either state counts: an edit can make it dev."""
    stars = (Risk.WILDCARD,) if any(EVERY in item for item in found_places) else ()
    writes = doing not in ("pull", "browse")
    holding = {EVERY}.union(*(facts.releases for facts in states))
    releases = writes and any(repository in holding for _, repository in found_places)
    return (*stars, Risk.RELEASE) if releases else stars
