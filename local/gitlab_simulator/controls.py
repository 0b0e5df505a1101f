"""What only tests need: counting requests, and answering the next ones with a fault."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from local.gitlab_simulator.answers import NO_CONTENT, Answer, bad_parameter
from local.gitlab_simulator.call import Call  # noqa: TC001 the handlers' signature, read by the route table


@dataclass(frozen=True)
class Fault:
    """What is answered in place of the truth, `count` times, to requests of this method and path prefix."""

    count: int
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    method: str = ""
    path: str = ""
    delay_seconds: float = 0.0


class Controls:
    """The counters and the faults that wait; kept in memory, a restart forgets them."""

    def __init__(self) -> None:
        self._requests: Counter[str] = Counter()
        self._faults: list[Fault] = []

    def count(self, method: str, template: str) -> None:
        """Count a request by its method and its route, such as `GET /api/v4/groups/{id}`."""
        self._requests[f"{method} {template}"] += 1

    def take_fault(self, method: str, path: str) -> Fault | None:
        """Return the first waiting fault that concerns this request, and use it up by one."""
        for index, fault in enumerate(self._faults):
            if fault.method in ("", method) and path.startswith(fault.path):
                if fault.count > 1:
                    self._faults[index] = replace(fault, count=fault.count - 1)
                else:
                    del self._faults[index]
                return fault
        return None

    def show_requests(self, call: Call) -> Answer:
        """Answer `{total, routes: {"GET /api/v4/…": n}}`."""
        del call
        return Answer(200, {"total": self._requests.total(), "routes": dict(self._requests)})

    def forget_requests(self, call: Call) -> Answer:
        """Count from nothing again."""
        del call
        self._requests.clear()
        return NO_CONTENT

    def add_fault(self, call: Call) -> Answer:
        """Answer the next requests with a fault: `{count, status, headers?, body?, method?, path?, delay_seconds?}`.

        A status of 0 with a delay answers late, but with the truth.
        """
        try:
            fault = Fault(**call.parameters.present())
        except TypeError as error:
            raise bad_parameter(str(error)) from error
        self._faults.append(fault)
        return Answer(201, {"waiting": len(self._faults)})

    def forget_faults(self, call: Call) -> Answer:
        """Tell the truth again."""
        del call
        self._faults.clear()
        return NO_CONTENT
