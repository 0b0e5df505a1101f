"""An RPM without files, written byte by byte, since rpmbuild is slow and may be missing.

A lead of 96 bytes, a signature header padded to eight, the main header, a gzipped cpio archive. A header is an index of
(tag, type, offset, count) over a store of values, all big-endian; its first entry, the region, points at a copy of
itself at the store's end.
"""

from __future__ import annotations

import gzip
import hashlib
import struct

_LEAD = struct.Struct(">4sBBhh66shh16s")
_ENTRY = struct.Struct(">IIiI")
_INTRO = struct.Struct(">4s4xII")
_MAGIC, _HEADER_MAGIC = b"\xed\xab\xee\xdb", b"\x8e\xad\xe8\x01"
_NUMBER, _TEXT, _BYTES, _TEXTS, _TRANSLATED = 4, 6, 7, 8, 9
_SIGNATURE_REGION, _HEADER_REGION = 62, 63
_HEADER_SIGNATURE_TYPE = 5
_CPIO_END = b"070701" + b"00000000" * 11 + b"0000000b" + b"00000000" + b"TRAILER!!!\0" + b"\0" * 3
_BLOCK_BYTES = 8
_RELEASE = "1"

Values = list[tuple[int, int, bytes]]


def package(name: str, version: str) -> bytes:
    """Return a package of architecture noarch, always the same bytes for the same names."""
    payload = gzip.compress(_CPIO_END, mtime=0)
    header = _header(_HEADER_REGION, _main(name, version))
    whole = header + payload
    signature = _header(
        _SIGNATURE_REGION,
        [
            (269, _TEXT, hashlib.sha1(header, usedforsecurity=False).hexdigest().encode()),
            (273, _TEXT, hashlib.sha256(header).hexdigest().encode()),
            (1000, _NUMBER, struct.pack(">I", len(whole))),
            (1004, _BYTES, hashlib.md5(whole, usedforsecurity=False).digest()),
            (1007, _NUMBER, struct.pack(">I", len(_CPIO_END))),
        ],
    )
    full_name = f"{name}-{version}-{_RELEASE}".encode()[:65]
    lead = _LEAD.pack(_MAGIC, 3, 0, 0, 1, full_name, 1, _HEADER_SIGNATURE_TYPE, b"")
    return lead + signature + bytes(-len(signature) % _BLOCK_BYTES) + whole


def _main(name: str, version: str) -> Values:
    summary = b"Proves that an account may publish"
    exact = 8  # RPMSENSE_EQUAL
    return [
        (100, _TEXTS, b"C"),
        (1000, _TEXT, name.encode()),
        (1001, _TEXT, version.encode()),
        (1002, _TEXT, _RELEASE.encode()),
        (1004, _TRANSLATED, summary),
        (1005, _TRANSLATED, summary),
        (1006, _NUMBER, struct.pack(">I", 0)),
        (1009, _NUMBER, struct.pack(">I", 0)),
        (1014, _TEXT, b"None"),
        (1016, _TRANSLATED, b"Unspecified"),
        (1021, _TEXT, b"linux"),
        (1022, _TEXT, b"noarch"),
        (1044, _TEXT, f"{name}-{version}-{_RELEASE}.src.rpm".encode()),
        (1047, _TEXTS, name.encode()),
        (1112, _NUMBER, struct.pack(">I", exact)),
        (1113, _TEXTS, f"{version}-{_RELEASE}".encode()),
        (1124, _TEXT, b"cpio"),
        (1125, _TEXT, b"gzip"),
        (1126, _TEXT, b"9"),
    ]


def _header(region: int, values: Values) -> bytes:
    """Return a header of values that are one each; bytes are as many as they are long."""
    count = len(values) + 1
    index, store = b"", b""
    for tag, kind, value in values:
        if kind == _NUMBER:
            store += bytes(-len(store) % 4)
        index += _ENTRY.pack(tag, kind, len(store), len(value) if kind == _BYTES else 1)
        store += value if kind in (_NUMBER, _BYTES) else value + b"\0"
    first = _ENTRY.pack(region, _BYTES, len(store), _ENTRY.size)
    store += _ENTRY.pack(region, _BYTES, -count * _ENTRY.size, _ENTRY.size)
    return _INTRO.pack(_HEADER_MAGIC, count, len(store)) + first + index + store
