"""The routes that only tests need: counters, and faults for the next requests (simulators/shared/controls.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.gitlab.answers import NO_CONTENT, Answer, bad_parameter

if TYPE_CHECKING:
    from simulators.gitlab.call import Call
    from simulators.shared.controls import Controls


class ControlHandlers:
    """The handlers over one instance's controls."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def show_requests(self, call: Call) -> Answer:
        """Answer `{total, routes: {"GET /api/v4/…": n}}`."""
        del call
        return Answer(200, self._controls.counted())

    def forget_requests(self, call: Call) -> Answer:
        """Count from nothing again."""
        del call
        self._controls.forget_requests()
        return NO_CONTENT

    def add_fault(self, call: Call) -> Answer:
        """Answer the next requests with a fault; its fields are those of simulators.shared.controls.Fault."""
        try:
            waiting = self._controls.add_fault(call.parameters.present())
        except TypeError as error:
            raise bad_parameter(str(error)) from error
        return Answer(201, {"waiting": waiting})

    def forget_faults(self, call: Call) -> Answer:
        """Tell the truth again."""
        del call
        self._controls.forget_faults()
        return NO_CONTENT
