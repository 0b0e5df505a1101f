"""Finds what breaks or leaks at Vault and Nexus in a pipeline, as GitLab would run it, and says why and what to do.

A file is merged as GitLab merges it (document, including, merging), its scripts are read as the shell reads them
(shell, reading), and the rules look at each job's commands, tokens and variables. `mend` edits YAML values alone.
A line with `# lint-ci: allow RULE` on it, or on the line before, is left alone by that rule.
"""

from ciaccess.consumers.lint.check import Checked, check, check_merged, lint, mend
from ciaccess.consumers.lint.document import SourceError
from ciaccess.consumers.lint.findings import Finding

__all__ = ["Checked", "Finding", "SourceError", "check", "check_merged", "lint", "mend"]
