"""Which jobs are checked: all but the hidden ones of our own templates."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ciaccess.consumers.lint import check

if TYPE_CHECKING:
    import pytest

    from ciaccess.access import Access

HIDDEN = ".job:\n  script: [docker push nexus.shared.cwiq.io:8444/x:1]\n"


def test_only_our_own_folder_of_templates_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, access: Access
) -> None:
    monkeypatch.setattr(sys.modules[check.__module__], "_LIBRARY", tmp_path / "ci" / "templates")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    for folder, findings in (("ci/templates", 0), ("ci/templates-of-others", 1)):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.yml").write_text(HIDDEN, encoding="utf-8")
        text = f"include: /{folder}/x.yml\njob: {{script: [make]}}\n"
        for file in (Path("main.yml"), tmp_path / "main.yml"):
            assert len(check(text, access, file).findings) == findings, (folder, file)
