"""If-Match: whether somebody who sends a change has seen what it changes."""

import re
from uuid import UUID

from adapters.system.etag import etag_of, tags_in, version_in
from engine.application import Workflows
from engine.errors import NotFound, StaleVersion, VersionRequired
from projections.text import instant

_OURS = re.compile(r'"[0-9]{1,9}-[0-9a-f]{64}"')


def expect_version(workflows: Workflows, workflow_id: UUID, if_match: str | None) -> None:
    """Return quietly when *if_match* names the newest version of an object.

    Raises:
        VersionRequired: it names none.
        StaleVersion: it names an older one; the events missed since then are told.
    """
    newest = workflows.log.newest(workflow_id)
    if newest is None:
        raise NotFound(f"nothing of the id {workflow_id} here")
    actual = etag_of(newest)
    if if_match is None:
        raise VersionRequired(actual)
    tags = tags_in(if_match)
    if actual in tags or "*" in tags:
        return
    since = max(map(version_in, tags))
    missed = [
        {
            "version": event.originator_version,
            "type": event.TOPIC,
            "state": event.state,
            "actor": event.envelope.actor,
            "recorded_at": instant(event.timestamp),
        }
        for event in map(workflows.decode, workflows.log.read_stream(workflow_id, after=since))
    ]
    # Whatever else was sent is not repeated: nobody knows what it is.
    ours = [tag for tag in tags if _OURS.fullmatch(tag)]
    raise StaleVersion(", ".join(ours[:3]) or "(one that was never its own)", actual, missed)
