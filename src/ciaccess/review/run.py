"""A preview as one run: the systems are checked, the engine compares, and the result is a report."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ciaccess.access import Access
from ciaccess.access.desired.former_names import former_names
from ciaccess.analysis.facts import AccessFacts
from ciaccess.clients.could_not_look import CouldNotLook
from ciaccess.engine import pulumi_cli
from ciaccess.engine.preview import EngineError, run_preview
from ciaccess.engine.settings import CONFIG_FOLDER, StackSettings
from ciaccess.engine.trust_anchors import check_known_anchors
from ciaccess.errors import CiaccessError, Exit
from ciaccess.progress import Step
from ciaccess.review.preflight import unreachable
from ciaccess.review.report import Base, Report, report_of

# pulumi-vault reports an HTTP status and a lost connection in its texts alone.
_VAULT_UNAVAILABLE = re.compile(r"Code: (?:40[137]|429|5\d\d)|permission denied|dial tcp|x509:")


@dataclass(frozen=True)
class Subject:
    """What is previewed: the stack of the Pulumi project, and what its access.yaml declares."""

    project: str
    stack: str
    settings_file: Path | None
    access: Access
    settings: StackSettings


class NotCheckedError(CiaccessError):
    """Something could not be checked, so that the effect of the change is unknown."""

    def __init__(self, could_not_look: tuple[CouldNotLook, ...]) -> None:
        super().__init__("\n".join(map(str, could_not_look)), Exit.COULD_NOT_LOOK)
        self.could_not_look = could_not_look


def base_of(revision: str, stack: str, settings_file: Path | None, settings: StackSettings) -> Base:
    """Return access.yaml of a git revision, with the stack's settings of then, to compare with.

    These settings name the file, too: a change of that setting must not compare the new file with itself.

    Raises:
        CommandError: there is no such revision, or no access.yaml in it.
    """
    from ciaccess.cli.revisions import RefusedThenError, declared_at, settings_at  # noqa: PLC0415 only where there is a base

    file = settings_file or CONFIG_FOLDER / f"Pulumi.{stack}.yaml"
    then = settings_at(revision, stack, file, settings)
    try:
        access = declared_at(revision, then.access_file, then.addresses)
    except RefusedThenError as error:
        # A change that corrects it must pass.
        return Base(revision, None, str(error))
    return Base.of(revision, access, facts_of(access, then))


def facts_of(access: Access, settings: StackSettings) -> AccessFacts:
    """Return the facts of a YAML, and of the stack's settings that no other section shows."""
    facts = AccessFacts.of(access)
    return replace(
        facts, settings={**facts.settings, "ciaccess:protect": str(settings.protect or "").lower()}
    )


def preview(subject: Subject, base: Base | None) -> Report:
    """Check the systems, run the engine, and return what it found.

    Raises:
        NotCheckedError: something could not be checked.
        EngineError: the engine failed for another reason.
    """
    check_known_anchors(subject.access)
    with Step("checking access to Vault, Nexus and GitLab"):
        not_checked = unreachable(subject.access)
    if not_checked:
        raise NotCheckedError(not_checked)
    try:
        with Step("pulumi preview --refresh") as step:
            found = run_preview(subject.stack, subject.settings_file, step.note)
    except EngineError as error:
        not_checked = error.could_not_look or unreachable(subject.access) or _of_vault(error.messages)
        if not_checked:
            raise NotCheckedError(not_checked) from None
        raise
    access = subject.access
    report = report_of(
        found,
        subject.project,
        subject.stack,
        facts_of(access, subject.settings),
        base,
        former_names(access),
    )
    held = pulumi_cli.locks_in_folder(subject.stack) if report.drift else []
    return replace(report, locked=held[0].holder) if held else report


def _of_vault(messages: Iterable[str]) -> tuple[CouldNotLook, ...]:
    """Return what pulumi-vault could not check, each message once."""
    texts = (" ".join(each.split()) for each in messages if _VAULT_UNAVAILABLE.search(each))
    remedy = "Give the job's identity the capability that it lacks."
    return tuple(CouldNotLook("Vault", "Vault", text, remedy) for text in dict.fromkeys(texts))
