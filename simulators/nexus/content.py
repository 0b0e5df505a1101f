"""What repositories hold: assets in SQLite, `<data>/content/content.sqlite3`, over the bytes that blobs.py keeps.

An asset is a path in a repository with a blob. One that was answered for survives a killed process, because its blob
is in place before its row is written. Blobs that nothing refers to any more go when the simulator starts, as Nexus
leaves them to a task. Write policies are kept here; permissions are not.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulators.nexus.blobs import Blob, Blobs
from simulators.shared.database import Database

if TYPE_CHECKING:
    from pathlib import Path

    from simulators.nexus.blobs import Draft
    from simulators.nexus.repositories import Repository
    from simulators.shared.database import Row

_SCHEMA = """
CREATE TABLE IF NOT EXISTS assets (
    id INTEGER PRIMARY KEY AUTOINCREMENT, repository TEXT NOT NULL, path TEXT NOT NULL,
    content_type TEXT NOT NULL, size INTEGER NOT NULL,
    md5 TEXT NOT NULL, sha1 TEXT NOT NULL, sha256 TEXT NOT NULL, sha512 TEXT NOT NULL,
    uploader TEXT NOT NULL, uploader_ip TEXT NOT NULL,
    created TEXT NOT NULL, modified TEXT NOT NULL, downloaded TEXT,
    component_group TEXT NOT NULL, component_name TEXT NOT NULL, component_version TEXT NOT NULL,
    attributes TEXT NOT NULL, UNIQUE (repository, path));
CREATE INDEX IF NOT EXISTS assets_of_blob ON assets (sha256);
CREATE INDEX IF NOT EXISTS assets_of_component
    ON assets (repository, component_group, component_name, component_version);
"""
# Nexus notes a download at most twice a day.
_DOWNLOAD_NOTED = timedelta(hours=12)


class PolicyError(Exception):
    """The repository's write policy does not allow this; the text is Nexus's."""


@dataclass(frozen=True)
class Component:
    """What assets belong to: a package or image in one version."""

    group: str
    name: str
    version: str


@dataclass(frozen=True)
class Description:
    """What is known of a file beside its bytes: where it goes, its media type, its component, its format's attributes."""

    path: str
    content_type: str
    component: Component
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Asset:
    """One path in a repository; times are ISO 8601 in milliseconds of UTC."""

    id: int
    repository: str
    description: Description
    blob: Blob
    uploader: str
    uploader_ip: str
    created: str
    modified: str
    downloaded: str | None

    @property
    def path(self) -> str:
        """Return its path, with the slash it begins with."""
        return self.description.path


@dataclass(frozen=True)
class Uploader:
    """Who stores: the account and the address it came from."""

    user_id: str
    address: str


class Content:
    """All repositories' assets; every method but `put` is done when it returns to the event loop."""

    def __init__(self, data: Path) -> None:
        self.blobs = Blobs(data / "content")
        self._database = Database(data / "content" / "content.sqlite3", _SCHEMA)
        self.blobs.sweep(lambda sha256: bool(self.select("sha256 = ?", sha256)))

    async def put(
        self,
        repository: Repository,
        draft: Draft,
        description: Description,
        uploader: Uploader,
        *,
        once: bool = True,
    ) -> Asset:
        """Store a draft as an asset, in place of one that is there; `once=False` is for what may change under ALLOW_ONCE.

        Raises:
            PolicyError: the repository may not be written, or not twice.
        """
        self.check_writable(repository, description.path, once=once)
        blob = await draft.measure()
        # Again, for another may have come first; from here on nothing is awaited, so of two only one is stored.
        self.check_writable(repository, description.path, once=once)
        self.blobs.keep(draft, blob)
        return self.refer(repository, blob, description, uploader)

    def check_writable(self, repository: Repository, path: str, *, once: bool = True) -> None:
        """Pass if something may be stored at the path.

        Raises:
            PolicyError: it may not.
        """
        if repository.write_policy == "DENY":
            raise PolicyError(f"Repository is read only: {repository.name}")
        if once and repository.write_policy == "ALLOW_ONCE" and self.find(repository.name, path):
            raise PolicyError(f"Repository does not allow updating assets: {repository.name}")

    def refer(
        self, repository: Repository, blob: Blob, description: Description, uploader: Uploader
    ) -> Asset:
        """Make an asset of a blob that is there already, without asking the write policy."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        component = description.component
        row = {
            "repository": repository.name,
            "path": description.path,
            "content_type": description.content_type,
            **vars(blob),
            "uploader": uploader.user_id,
            "uploader_ip": uploader.address,
            "created": now,
            "modified": now,
            "component_group": component.group,
            "component_name": component.name,
            "component_version": component.version,
            "attributes": json.dumps(description.attributes),
        }
        places = ", ".join("?" for _ in row)
        changes = ", ".join(f"{name} = excluded.{name}" for name in row)
        sql = (
            f"INSERT INTO assets ({', '.join(row)}) VALUES ({places}) "  # noqa: S608 our own column names
            f"ON CONFLICT (repository, path) DO UPDATE SET {changes} RETURNING *"
        )
        return _asset(self._database.row(sql, *row.values()))

    def read(self, asset: Asset) -> bytes:
        """Return all bytes of an asset that is known to be small."""
        return self.blobs.file(asset.blob.sha256).read_bytes()

    def find(self, repository: str, path: str) -> Asset | None:
        """Return the asset at a path."""
        found = self.select("repository = ? AND path = ?", repository, path)
        return found[0] if found else None

    def under(self, repository: str, prefix: str) -> list[Asset]:
        """Return the assets whose paths begin so, by path."""
        end = prefix + chr(sys.maxunicode)
        found = self.select("repository = ? AND path >= ? AND path < ?", repository, prefix, end)
        return sorted(found, key=lambda asset: asset.path)

    def select(self, condition: str, *values: object) -> list[Asset]:
        """Return the assets that an SQL condition on the columns finds, oldest first."""
        sql = f"SELECT * FROM assets WHERE {condition} ORDER BY id"  # noqa: S608 our own conditions, values are bound
        return [_asset(row) for row in self._database.all(sql, *values)]

    def note_download(self, asset: Asset) -> None:
        """Remember that an asset was downloaded now."""
        now = datetime.now(UTC)
        if not asset.downloaded or datetime.fromisoformat(asset.downloaded) < now - _DOWNLOAD_NOTED:
            moment = now.isoformat(timespec="milliseconds")
            self._database.write("UPDATE assets SET downloaded = ? WHERE id = ?", moment, asset.id)

    def delete(self, repository: Repository, path: str) -> bool:
        """Delete the asset at a path; return False when there is none.

        Raises:
            PolicyError: the repository may not be written.
        """
        if self.find(repository.name, path) is None:
            return False
        if repository.write_policy == "DENY":
            raise PolicyError(f"Repository is read only: {repository.name}")
        self._database.write("DELETE FROM assets WHERE repository = ? AND path = ?", repository.name, path)
        return True

    def forget(self, repository: str) -> None:
        """Delete all that a repository holds."""
        self._database.write("DELETE FROM assets WHERE repository = ?", repository)


def _asset(row: Row) -> Asset:
    component = Component(row["component_group"], row["component_name"], row["component_version"])
    return Asset(
        id=row["id"],
        repository=row["repository"],
        description=Description(row["path"], row["content_type"], component, json.loads(row["attributes"])),
        blob=Blob(**{each.name: row[each.name] for each in fields(Blob)}),
        uploader=row["uploader"],
        uploader_ip=row["uploader_ip"],
        created=row["created"],
        modified=row["modified"],
        downloaded=row["downloaded"],
    )
