"""Finds faults and leaks at Vault and Nexus in a pipeline, with reason and remedy.

A file is merged as GitLab merges it (document, including, merging), its scripts are parsed (shell_words, shell) and followed
as a shell would run them (running, with states, expanding, known_commands). What a job does at Vault is collected once
(job_reading), and the rules check it with the job's commands, tokens and variables. `apply_fixes` edits only YAML values.
A line with `# lint-ci: allow RULE` on it, or on the line before, is left alone by that rule.
"""

from ciaccess.consumers.lint.check import Checked, apply_fixes, check, check_merged, lint
from ciaccess.consumers.lint.document import SourceError
from ciaccess.consumers.lint.findings import Finding

__all__ = ["Checked", "Finding", "SourceError", "apply_fixes", "check", "check_merged", "lint"]
