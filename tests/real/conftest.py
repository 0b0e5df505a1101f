from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.real.on_nexus")
# A server takes a minute to start on a busy machine.
_SECONDS = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this tier the time that a real server takes."""
    for item in items:
        if "/tests/real/" in item.path.as_posix() and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(_SECONDS))
