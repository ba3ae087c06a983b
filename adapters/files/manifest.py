"""The manifest: a JSON file that lists the files of one run of an export."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from adapters.files.writing import WrittenFile


def manifest_name(destination_id: str, run_id: str) -> str:
    """Return how the manifest of a run is called (facts, section 7)."""
    return f"manifest-{destination_id}-{run_id}.json"


def manifest(run_id: str, scheduled: datetime, folder: str, files: Iterable[WrittenFile]) -> bytes:
    """Return the manifest of a run: which files it wrote into *folder*, how large each is, and for when it was due."""
    listed = [{"sinkPath": _path(folder, file.name), "name": file.name, "size": file.size} for file in files]
    moment = scheduled.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    content = {"flowRunId": run_id, "scheduledTime": moment, "exportResults": listed}
    return json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n"


def _path(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}" if folder else name
