"""Applying the rules: all of them to a text, and their edits until nothing mechanical is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.consumers.lint import login_rules, shell_rules
from ciaccess.consumers.lint.findings import apply
from ciaccess.consumers.lint.source import Source
from ciaccess.consumers.lint.vocabulary import Vocabulary

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.consumers.lint.findings import Finding

RULES = (
    login_rules.role_is_no_role,
    login_rules.removed_job_jwt,
    login_rules.path_without_data,
    login_rules.unreadable_account,
    login_rules.vault_addr_in_file,
    login_rules.wrong_audience,
    login_rules.missing_id_tokens,
    shell_rules.push_to_pull_registry,
    shell_rules.password_in_argv,
    shell_rules.credentials_in_curl,
    shell_rules.busybox_wget,
)
_MOST_ROUNDS = 10  # two edits of one place are made one after the other


def lint(text: str, access: Access) -> list[Finding]:
    """Return what is wrong in a .gitlab-ci.yml, by line.

    Raises:
        SourceError: it is no YAML.
    """
    source, words = Source(text), Vocabulary.of(access)
    found = {
        finding: None
        for rule in RULES
        for finding in rule(source, words)
        if not source.allows(finding.rule, finding.line - 1)
    }
    return sorted(found, key=lambda finding: (finding.line, finding.rule))


def mend(text: str, access: Access) -> tuple[str, list[Finding]]:
    """Return the text with every mechanical fault mended, and the faults that were.

    Raises:
        SourceError: it is no YAML.
    """
    mended: list[Finding] = []
    for _ in range(_MOST_ROUNDS):
        fixable = [finding for finding in lint(text, access) if finding.edits]
        changed = apply(text, fixable)
        if changed == text:
            break
        mended += fixable
        text = changed
    return text, mended
