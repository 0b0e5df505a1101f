"""Reading an RPM package's header: what a repository's metadata says of it.

The file is a lead of 96 bytes, a signature header padded to eight bytes, the main header, the payload. A header is
an index of (tag, type, offset, count) over a store of values, all big-endian.
"""

from __future__ import annotations

import struct
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

_LEAD_BYTES = 96
_LEAD_MAGIC = b"\xed\xab\xee\xdb"
_HEADER_MAGIC = b"\x8e\xad\xe8\x01"
_INTRO = struct.Struct(">4s4xII")
_ENTRY = struct.Struct(">IIII")
_LARGEST_HEADER_BYTES = 256 * 1024 * 1024
_INTEGERS = {3: "H", 4: "I", 5: "Q"}
_STRING, _STRING_ARRAY, _I18N = 6, 8, 9

_TEXTS = {
    "name": 1000,
    "version": 1001,
    "release": 1002,
    "summary": 1004,
    "description": 1005,
    "buildhost": 1007,
    "vendor": 1011,
    "license": 1014,
    "packager": 1015,
    "group": 1016,
    "url": 1020,
    "arch": 1022,
    "sourcerpm": 1044,
}
_NUMBERS = {
    "epoch": (1003,),
    "build_time": (1006,),
    "installed_size": (5009, 1009),
}
# names, flags, versions
_RELATIONS = {
    "provides": (1047, 1112, 1113),
    "requires": (1049, 1048, 1050),
    "conflicts": (1054, 1053, 1055),
    "obsoletes": (1090, 1114, 1115),
}
# In the signature header.
_PAYLOAD_BYTES = 1007
_BASE_NAMES, _FOLDER_INDEXES, _FOLDERS, _MODES = 1117, 1116, 1118, 1030
_COMPARISONS = {2: "LT", 4: "GT", 8: "EQ", 10: "LE", 12: "GE"}
_COMPARISON_BITS = 0b1110
_BEFORE_INSTALL_BITS = 1 << 6 | 1 << 9 | 1 << 10
_FILE_TYPE_BITS, _FOLDER_BITS = 0o170000, 0o040000


@dataclass(frozen=True)
class Package:
    """A package: texts and numbers by name, relations by kind, files; the header's place in bytes from the start."""

    texts: dict[str, str]
    numbers: dict[str, int]
    relations: dict[str, list[dict[str, str]]]
    files: list[str]
    folders: list[str]
    header_start: int
    header_end: int

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON has it; `Package(**…)` is the way back."""
        return asdict(self)


def read_package(path: Path) -> Package:
    """Read a package's header.

    Raises:
        ValueError: the file is no RPM package.
    """
    with path.open("rb") as file:
        try:
            if not file.read(_LEAD_BYTES).startswith(_LEAD_MAGIC):
                raise ValueError("Invalid RPM: it has no lead")
            signature = _read_header(file)
            file.seek(-file.tell() % 8, 1)
            start = file.tell()
            values = _read_header(file)
            end = file.tell()
        except (struct.error, IndexError) as error:
            raise ValueError("Invalid RPM: its header is cut off") from error
    files, folders = _files(values)
    texts = {name: str(values.get(tag, [""])[0]) for name, tag in _TEXTS.items()}
    if not (texts["name"] and texts["version"] and texts["release"]):
        raise ValueError("Invalid RPM: it has no name, version or release")
    numbers = {
        name: next((int(values[tag][0]) for tag in tags if values.get(tag)), 0)
        for name, tags in _NUMBERS.items()
    }
    numbers["archive_size"] = int(next(iter(signature.get(_PAYLOAD_BYTES, ())), 0))
    relations = {kind: _relations(values, *tags) for kind, tags in _RELATIONS.items()}
    return Package(texts, numbers, relations, files, folders, start, end)


def _read_header(file: BinaryIO) -> dict[int, list[Any]]:
    magic, entries, size = _INTRO.unpack(file.read(_INTRO.size))
    if magic != _HEADER_MAGIC or entries * _ENTRY.size + size > _LARGEST_HEADER_BYTES:
        raise ValueError("Invalid RPM: it has no header where one belongs")
    index = file.read(entries * _ENTRY.size)
    store = file.read(size)
    return {
        tag: _values(store, type_, offset, count) for tag, type_, offset, count in _ENTRY.iter_unpack(index)
    }


def _values(store: bytes, type_: int, offset: int, count: int) -> list[Any]:
    if type_ in _INTEGERS:
        return list(struct.unpack_from(f">{count}{_INTEGERS[type_]}", store, offset))
    if type_ in (_STRING, _STRING_ARRAY, _I18N):
        texts = store[offset:].split(b"\0", count)[:count]
        return [text.decode("utf-8", "replace") for text in texts]
    return []


def _relations(values: dict[int, list[Any]], names: int, flags: int, versions: int) -> list[dict[str, str]]:
    found: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    for name, flag, version in zip(
        values.get(names, ()), values.get(flags, ()), values.get(versions, ()), strict=False
    ):
        if name.startswith("rpmlib("):
            continue  # what rpm itself must be able to do
        relation = {"name": name}
        comparison = _COMPARISONS.get(flag & _COMPARISON_BITS)
        if comparison:
            relation |= {"flags": comparison, **_evr(version)}
        if flag & _BEFORE_INSTALL_BITS:
            relation["pre"] = "1"
        found.setdefault(tuple(relation.items()), relation)
    return list(found.values())


def _evr(text: str) -> dict[str, str]:
    """Return the attributes of `epoch:version-release`, where epoch and release may be missing."""
    epoch, _, rest = text.rpartition(":")
    version, _, release = rest.partition("-")
    return {"epoch": epoch or "0", "ver": version, **({"rel": release} if release else {})}


def _files(values: dict[int, list[Any]]) -> tuple[list[str], list[str]]:
    files: list[str] = []
    folders: list[str] = []
    parents = values.get(_FOLDERS, [])
    for name, parent, mode in zip(
        values.get(_BASE_NAMES, ()), values.get(_FOLDER_INDEXES, ()), values.get(_MODES, ()), strict=False
    ):
        kind = folders if mode & _FILE_TYPE_BITS == _FOLDER_BITS else files
        kind.append(parents[parent] + name)
    return files, folders
