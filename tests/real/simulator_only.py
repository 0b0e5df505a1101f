"""Tests of the contract that only the simulator can run, by name, with the reason.

tests/real/simulators/test_simulator_only.py fails where a name does not exist any more.
"""

from __future__ import annotations

_PROVIDER = "tests/contract/provider"
DESELECTED = {
    f"{_PROVIDER}/test_service_account.py::test_nothing_is_handed_out_where_the_login_is_not_proved": (
        "the login of a user with the right password is refused once"
    ),
}
