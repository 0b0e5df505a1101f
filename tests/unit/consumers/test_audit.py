from __future__ import annotations

from ciaccess.consumers.audit.audit import ProjectWithoutPipeline, audit
from ciaccess.consumers.audit.views import page_of
from ciaccess.errors import Exit
from ciaccess.report.page import markdown


def test_projects_without_a_pipeline_are_not_reported_as_clean_pipelines() -> None:
    found = audit("group", [ProjectWithoutPipeline("group/library", "it has no pipeline")], [])
    page = page_of(found, "now")
    assert (found.code, page.verdict) == (Exit.CLEAN, "Nothing to check: no project has a pipeline")
    assert "could be checked" not in markdown(page)
