"""Images of the jobs in ci/templates and of ciaccess's own pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ciaccess.access.model.models import Access

# By the name in access.yaml; {pull} is the pull registry.
USUAL = {
    "ciaccess": "{pull}/library/python:3.12-bookworm",
    "curl": "{pull}/library/buildpack-deps:bookworm-curl",
    "docker": "docker:27-cli",
    "kaniko": "{pull}/gcr.io/kaniko-project/executor:v1.23.2-debug",
    "maven": "{pull}/library/maven:3.9-eclipse-temurin-21",
    "node": "{pull}/library/node:22",
    "python": "{pull}/library/python:3.12",
    "skopeo": "quay.io/skopeo/stable:v1.16.1",
}


def images(access: Access) -> dict[str, str]:
    """Return each image by name: that of access.yaml, else the usual one."""
    chosen = {name: value for name, value in access.images.model_dump().items() if value}
    pull = access.nexus.pull_registry
    return {name: chosen.get(name) or usual.format(pull=pull) for name, usual in USUAL.items()}
