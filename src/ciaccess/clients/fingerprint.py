"""A password's fingerprint: enough to compare two, too little to find the password.

Safe to show for the passwords that the plugin makes, and for those alone: 40 random characters are 240 bits, too many
to try out, and the 48 bits shown leave 2^192 candidates for each. What a person chose can be tried out from a
digest, so nothing else ever gets one.
"""

from __future__ import annotations

import hashlib

_DIGITS = 12


def fingerprint(password: str) -> str:
    """Return the first 48 bits of the SHA-256 of a generated password, in hexadecimal."""
    return hashlib.sha256(password.encode()).hexdigest()[:_DIGITS]
