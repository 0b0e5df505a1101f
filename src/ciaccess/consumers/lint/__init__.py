"""Finds the idioms that broke pipelines in a .gitlab-ci.yml, says why and how to mend them, mends the mechanical ones.

The file is read as YAML for its structure, and as lines for its text: what is mended is the text, so that comments and
formatting stay. A line with `# lint-ci: allow RULE` on it, or on the line before, is left alone by that rule.
"""

from ciaccess.consumers.lint.check import lint, mend
from ciaccess.consumers.lint.findings import Finding
from ciaccess.consumers.lint.source import SourceError

__all__ = ["Finding", "SourceError", "lint", "mend"]
