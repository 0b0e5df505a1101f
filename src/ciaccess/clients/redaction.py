"""Keeps secrets out of log records and error texts: whatever was concealed is shown as `***`.

`conceal(secret)` is called wherever a secret is received (credentials, the clients). From the first
call on every log record of the process is redacted where it is made, so that no handler, however it was set up
and by whom, meets a secret; RedactingFilter does the same for a single handler or logger.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
from typing import Any
from urllib.parse import quote, quote_plus

CONCEALED = "***"
# A shorter text may be an ordinary word: concealing it would garble every line.
LEAST_CHARACTERS = 4
_HEADERS = re.compile(
    r"(?i)((?:authorization|private-token|job-token|x-vault-token|set-cookie|cookie)['\"]?\s*[:=]\s*(?:b?['\"])?"
    r"(?:basic\s+|bearer\s+)?)[^\s'\",;]+"
)
_USER_INFO = re.compile(r"(?i)(https?://)[^/\s@'\"]+@")


class _Secrets:
    """The secrets of this process in every spelling, indexed by their ends for a fast search.

    By the end and not by the beginning, which `user:password` has in common with all of one user's, and tokens with all of
    their kind.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._by_end: dict[str, frozenset[str]] = {}
        self._watching = False

    def add(self, secret: str) -> None:
        if secret in self._known:
            return
        with self._lock:
            if not self._watching:
                _redact_new_records()
                self._watching = True
            for text in _spellings(secret):
                if len(text) >= LEAST_CHARACTERS:
                    end = text[-LEAST_CHARACTERS:]
                    self._by_end[end] = self._by_end.get(end, frozenset()) | {text}
            self._known.add(secret)

    def hide(self, text: str) -> str:
        shown, start = "", len(text)
        for first, last in reversed(self._places(text)):
            shown = f"{CONCEALED}{text[last:start]}{shown}"
            start = first
        return text[:start] + shown

    def _places(self, text: str) -> list[tuple[int, int]]:
        """Return where secrets are, in order; those that overlap are one place."""
        places: list[tuple[int, int]] = []
        for last in range(LEAST_CHARACTERS, len(text) + 1):
            for spelling in self._by_end.get(text[last - LEAST_CHARACTERS : last], ()):
                if text.endswith(spelling, 0, last):
                    first = last - len(spelling)
                    while places and places[-1][1] > first:
                        first = min(first, places.pop()[0])
                    places.append((first, last))
        return places


def _spellings(secret: str) -> set[str]:
    """Return a secret as it may appear: as it is, in URLs, JSON, reprs, and in base64."""
    encoded = base64.b64encode(secret.encode()).decode()
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        encoded,
    }


_secrets = _Secrets()


def conceal(secret: str) -> None:
    """Conceal this text in every spelling from now on, if it has four or more characters."""
    _secrets.add(secret)


def redact(text: str) -> str:
    """Return the text without concealed secrets, credentials in URLs, and secret headers."""
    return _USER_INFO.sub(rf"\1{CONCEALED}@", _HEADERS.sub(rf"\1{CONCEALED}", _secrets.hide(text)))


class RedactingFilter(logging.Filter):
    """Redacts the records of the handler or logger that it is added to; it drops none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record in place."""
        _redact(record)
        return True


def _redact(record: logging.LogRecord) -> None:
    # Formatters may read the arguments (uvicorn's does), so an innocent record stays as it is.
    try:
        message = record.getMessage()
    except (TypeError, ValueError, KeyError):
        # Arguments that do not fit: logging reports it, with all of them.
        record.msg, record.args = redact(f"{record.msg!r} {record.args!r}"), ()
        return
    shown = redact(message)
    if shown != message:
        record.msg, record.args = shown, ()
    if record.exc_info and not record.exc_text:
        traceback = logging.Formatter().formatException(record.exc_info)
        shown = redact(traceback)
        if shown != traceback:
            record.exc_text, record.exc_info = shown, None
    if record.stack_info:
        record.stack_info = redact(record.stack_info)


def _redact_new_records() -> None:
    make = logging.getLogRecordFactory()

    def make_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        _redact(record)
        return record

    logging.setLogRecordFactory(make_record)
