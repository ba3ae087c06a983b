"""Rows of single objects as they stand, remembered, so that a read folds only what was recorded since."""

from collections import OrderedDict
from threading import Lock
from typing import Any
from uuid import UUID

from adapters.system.moments import Moment, recorded_of, until
from engine.application import Workflows
from engine.projection import Projection, fold

KEPT = 10_000
"""Rows kept in memory; losing one costs a replay of its stream, never more."""


class Standing:
    """The row of each object of one kind: always the fold of its own stream, now or as of a moment."""

    def __init__(self, workflows: Workflows, projection: Projection[Any], kept: int = KEPT) -> None:
        self._workflows, self._projection, self._kept = workflows, projection, kept
        self._rows: OrderedDict[UUID, Any] = OrderedDict()
        self._mutex = Lock()

    def row(self, object_id: UUID, moment: Moment) -> Any:
        """Return the row of an object; None if there was nothing of that id, kind and version then."""
        by_version = moment.time is None and moment.position is None
        row = self._remembered(object_id) if by_version else None
        if row is not None and moment.version is not None and row.version > moment.version:
            row = None
        after = row.version if row else 0
        logged = self._workflows.log.read_stream(object_id, after=after, upto=moment.version)
        recorded = until((recorded_of(self._workflows, event) for event in logged), moment)
        rows, _ = fold(self._projection, recorded, lambda _: row)
        row = rows.get(str(object_id), row)
        if row is None or (moment.version is not None and row.version != moment.version):
            return None
        if by_version:
            self._remember(object_id, row)
        return row

    def _remembered(self, object_id: UUID) -> Any:
        with self._mutex:
            row = self._rows.get(object_id)
            if row is not None:
                self._rows.move_to_end(object_id)
            return row

    def _remember(self, object_id: UUID, row: Any) -> None:
        with self._mutex:
            known = self._rows.get(object_id)
            if known is None or known.version < row.version:
                self._rows[object_id] = row
            self._rows.move_to_end(object_id)
            if len(self._rows) > self._kept:
                self._rows.popitem(last=False)
