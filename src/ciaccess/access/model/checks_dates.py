"""What a rotation's date and age, and a former name's last day, must look like.

The clock that decides what the future is may be a day ahead of ours.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ciaccess.access.model.checks import refusal, rule_error
from ciaccess.access.reading.faults import display

LEAST_AGE_DAYS, MOST_AGE_DAYS = 1, 730
AGE = "[1-9][0-9]{0,2}d"
_TOLERANCE = timedelta(days=1)


def today() -> date:
    """Return the day in UTC, as `./ciaccess rotate` writes it."""
    return datetime.now(UTC).date()


def day(value: Any) -> date:
    """Return a date that is not in the future, the day of the last password change."""
    allowed = "a date up to today, such as 2026-11-01"
    found = _date(value, allowed)
    if found > today() + _TOLERANCE:
        remedy = "Write the day of the last rotation, as ./ciaccess rotate does"
        raise refusal(value, "is in the future", allowed, remedy)
    return found


def last_day(value: Any) -> date:
    """Return the date until which something is kept; rules check whether it has passed."""
    return _date(value, "a date, such as 2026-12-24")


def _date(value: Any, allowed: str) -> date:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise refusal(value, "is not a valid day", allowed, "Correct the date") from None
    raise refusal(value, "is not a date", allowed, "Write year-month-day")


def age(value: Any) -> int:
    """Return an age in days."""
    allowed = f"{LEAST_AGE_DAYS}d to {MOST_AGE_DAYS}d"
    match = re.fullmatch(r"([0-9]{1,6})d", value) if isinstance(value, str) else None
    if not match:
        raise refusal(value, "is not an age", allowed, "Write a number of days, such as 90d")
    days = int(match[1])
    if not LEAST_AGE_DAYS <= days <= MOST_AGE_DAYS:
        why = "it would be due at once" if days < LEAST_AGE_DAYS else "it would never be due in practice"
        raise rule_error(f"{display(value)}: {why}", allowed, "Choose an age in that range")
    return days
