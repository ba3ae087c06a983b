"""Previews: a sample of the files that a connection would export, before anything is recorded."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.system.explaining import as_id
from adapters.system.parsing import LONGEST_NAME, MOST_PROBLEMS
from engine.application import Workflows
from engine.clock import Clock, new_id
from engine.errors import Invalid, NotFound
from engine.storable import escape, presentable
from workflows.catalog import DestinationSpec
from workflows.connection.aggregate import Connection
from workflows.file_format import judge_file_format, warnings
from workflows.file_names import render
from workflows.layouts import Layout, layout
from workflows.permissions import Caller, authorise, sees
from workflows.ports import Catalog, Patterns
from workflows.schemas import data_kind_field
from workflows.values import Judge
from workflows.withdrawal import spec_of

Render = Callable[[Layout, str, str, datetime], dict[str, Any]]
"""Writes the sample: layout, name without an ending, id of the destination, moment of the export."""

_KNOWN = ("data_kind", "file_format")
_AUDIENCE = {"SEGMENT_ID": "00000000-0000-7000-8000-000000000000", "SEGMENT_NAME": "Sample audience"}
_NOT_HERE_YET = {
    "ORGANIZATION_NAME": "organisation",
    "MERGE_POLICY_ID": "merge-policy",
    "MERGE_POLICY_NAME": "merge policy",
}


class Previews:
    """Samples of files; nothing is recorded, and the destination is not asked."""

    def __init__(
        self, workflows: Workflows, catalog: Catalog, patterns: Patterns, render_sample: Render, clock: Clock
    ) -> None:
        self._workflows, self._catalog, self._patterns = workflows, catalog, patterns
        self._render_sample, self._clock = render_sample, clock

    async def preview(self, caller: Caller, connection_id: UUID | str, body: Any) -> dict[str, Any]:
        """Return the sample for `{data_kind?, file_format?}`; what is not sent is as the connection has it.

        Raises:
            Invalid: the format is refused, with the same pointers as when parameters are set; or nothing can be shown.
        """
        authorise(caller, "manage-destinations")
        connection = await self._connection(caller, connection_id)
        spec = spec_of(self._catalog, connection, "set_parameters")
        if spec.file_format is None:
            raise Invalid([("/file_format", f"{spec.name} takes no files, so there is nothing to preview")])
        kind, values = self._judged(spec, connection, _asked(body))
        look, at = layout(spec.file_format, values, kind), self._clock.now()
        found = self._render_sample(look, self._stem(spec, connection, kind, look, at), spec.id, at)
        told = [{"pointer": pointer, "message": message} for pointer, message in warnings(spec, values)]
        return found | {"values": values, "warnings": told}

    def _judged(
        self, spec: DestinationSpec, connection: Connection, asked: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        judge = Judge(self._patterns)
        field = data_kind_field(spec)
        sent = asked.get("data_kind") or connection.data_kind or field.default
        kind = None
        if sent is None:
            judge.found.append(("/data_kind", f"is required: choose one of {', '.join(spec.data_kinds)}"))
        else:
            kind = judge.value(field, sent, "/data_kind")
        of_kind = kind == (connection.data_kind or kind)  # what was chosen for people does not hold for datasets
        kept = connection.file_format if of_kind else None
        values = judge_file_format(judge, spec, asked.get("file_format", kept), kind)
        judge.refuse_problems()
        return str(kind), values or {}

    def _stem(self, spec: DestinationSpec, connection: Connection, kind: str, look: Layout, at: datetime) -> str:
        if kind == "datasets":
            return str(new_id())  # names of datasets' files are random, and nobody chooses them
        about = {
            **_AUDIENCE,
            **_NOT_HERE_YET,
            "DESTINATION_NAME": spec.name,
            "DESTINATION_INSTANCE_ID": str(connection.id),
            "DESTINATION_INSTANCE_NAME": connection.name or "Connection",
            "SANDBOX_NAME": connection.sandbox,
        }
        return render(look.file_name, about, at)

    async def _connection(self, caller: Caller, connection_id: UUID | str) -> Connection:
        try:
            found = await self._workflows.get(Connection, as_id("connection", connection_id), caller.sandbox)
        except NotFound:
            found = None
        if found is None or not sees(caller, getattr(found, "labels", ())):
            raise NotFound("no connection of that id here", fix="list them: GET /v1/connections")
        return found


def _asked(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        raise Invalid([("", "must be an object")], fix="send a JSON object, {} for the format as it is")
    unknown = [name for name in body if name not in _KNOWN][:MOST_PROBLEMS]
    if unknown:
        told = f"unknown field; known: {', '.join(_KNOWN)}"
        raise Invalid([(f"/{escape(presentable(str(name), LONGEST_NAME))}", told) for name in unknown])
    return body
