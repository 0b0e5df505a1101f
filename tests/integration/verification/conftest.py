from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.verification.verification import Verifier

if TYPE_CHECKING:
    from tests.support.project.project import Project


@pytest.fixture(scope="module")
def verifier(provisioned: Project) -> Verifier:
    """`./ciaccess verify` on a provisioned stack of the module's own."""
    return Verifier(provisioned)
