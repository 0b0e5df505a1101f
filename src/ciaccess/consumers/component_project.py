"""A component project of GitLab: templates/ with a README per component, and a release job.

Each component is a standalone template: pipelines pin components to versions of their own, and two versions of one library
in a pipeline would replace each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.access.desired.former_names import ALWAYS, expand_former_accounts
from ciaccess.access.desired.images import images
from ciaccess.consumers import templates
from ciaccess.consumers.jobs import load_jobs

if TYPE_CHECKING:
    from ciaccess.access import Access

PATTERN = "templates/*/*"


def render(access: Access) -> dict[str, str]:
    """Return the project's files by path."""
    access = expand_former_accounts(access, ALWAYS)
    engine = templates.engine(templates.as_yaml)
    standalone = templates.render(access, library=None)
    jobs = load_jobs(templates.SOURCES / "jobs.yaml", access)
    page = engine.get_template("components/component.md.j2")
    rendered = {
        "README.md": engine.get_template("components/README.md.j2").render(jobs=jobs),
        ".gitlab-ci.yml": engine.get_template("components/gitlab-ci.yml.j2").render(
            image=images(access)["glab"]
        ),
    }
    for job in jobs:
        required = [each for each in job.inputs if each.default is None]
        rendered[f"templates/{job.name}/template.yml"] = standalone[f"{job.name}.yml"]
        rendered[f"templates/{job.name}/README.md"] = page.render(job=job, required=required)
    return rendered
