"""Images of the jobs in ci/templates and of ciaccess's own pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ciaccess.access.model.models import Access

# By the name in access.yaml; {pull} is the pull registry. By digest: a push there must not replace one.
USUAL = {
    "ciaccess": "{pull}/library/python:3.12-bookworm@sha256:dbbe4ceb97851e2e5fa83798b239811f871cb743b259ba3563737349f6bcfaa0",
    "curl": "{pull}/library/buildpack-deps:bookworm-curl@sha256:60fa59330635bb3360b021ffa0f96b1fbd61b19cf522290bf966f3bde25a9ca1",
    "docker": "docker:27-cli@sha256:851f91d241214e7c6db86513b270d58776379aacc5eb9c4a87e5b47115e3065c",
    "glab": "registry.gitlab.com/gitlab-org/cli:v1.58.0@sha256:a1bc1b35decb0ceededbb22bb9a8c07eddc1279ab6e9342b32bc42e20333aa7a",
    "kaniko": "{pull}/gcr.io/kaniko-project/executor:v1.23.2-debug@sha256:c3109d5926a997b100c4343944e06c6b30a6804b2f9abe0994d3de6ef92b028e",
    "maven": "{pull}/library/maven:3.9-eclipse-temurin-21@sha256:8f6ac126f7810bb5549c4cd122d2bf0e9cda5bdeb0838aa928f09e779fd8bef8",
    "node": "{pull}/library/node:22-bookworm@sha256:363e1587494626837fa7f9a23bdb453d13b0ff3c67c705c2805cfc69c2d2fad7",
    "python": "{pull}/library/python:3.12-bookworm@sha256:dbbe4ceb97851e2e5fa83798b239811f871cb743b259ba3563737349f6bcfaa0",
    "skopeo": "quay.io/skopeo/stable:v1.18.0@sha256:c4c8a9d6fc95e331fa92fc31de3f6c9b5fe4761c82f0acb99669eef067fb7c33",
}


def images(access: Access) -> dict[str, str]:
    """Return each image by name: that of access.yaml, else the usual one."""
    chosen = {name: value for name, value in access.images.model_dump().items() if value}
    pull = access.nexus.pull_registry
    return {name: chosen.get(name) or usual.format(pull=pull) for name, usual in USUAL.items()}
