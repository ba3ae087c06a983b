"""The feed: what happens in a sandbox as server-sent events, to be taken up again where it broke off."""

import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header, Query
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from adapters.http.callers import Asking
from adapters.http.questions import FURTHEST, Installation
from adapters.http.routes import Route
from adapters.system.feed import Feed, Stretch
from engine.errors import Invalid

MEDIA_TYPE = "text/event-stream"
_RETRY_MS = 2000
"""How long a browser waits before it comes again."""
_LAST = "Last-Event-ID"
_POSITION = re.compile("[0-9]{1,16}")

LastEventId = Annotated[
    str | None,
    Header(alias=_LAST, description="The `id` that came last: the feed goes on after it. It wins over `after`."),
]
After = Annotated[int | None, Query(ge=0, le=FURTHEST, description="Begin after this position; 0 is the beginning.")]
Objects = Annotated[
    list[Literal["connection", "account", "attempt"]] | None,
    Query(description="What happened to these kinds of things only; attempts are what was refused."),
]


async def follow_events(
    system: Installation,
    caller: Asking,
    last: LastEventId = None,
    after: After = None,
    object: Objects = None,
    object_id: Annotated[UUID | None, Query()] = None,
    topic: Annotated[list[str] | None, Query(max_length=64)] = None,
    follow: Annotated[bool, Query(description="Without: end at the present end, and do not wait for more.")] = True,
) -> Response:
    """Follow what happens, event by event, as server-sent events.

    `id` is the position, `event` the topic, `data` JSON: an `AuditRow`, for a refused attempt a `ToldAttempt`; what
    cannot be read back comes as the event `unreadable` with an `UnreadableEvent`. Whoever comes again with the last
    `id` as `Last-Event-ID` misses nothing and gets nothing twice. Without a position it begins at the present end.
    Now and then comes an `id` alone, with a comment: up to there nothing was for you.
    """
    position = after if last is None else _position(last)
    named = "after" if last is None else _LAST
    feed = await system.feeds.begin(
        caller, position, objects=object or (), topics=topic or (), object_id=object_id, follow=follow, named=named
    )
    return FeedResponse(feed)


class FeedResponse(StreamingResponse):
    """A feed as it goes over the wire; it holds a place among the open feeds for just as long."""

    media_type = MEDIA_TYPE

    def __init__(self, feed: Feed) -> None:
        self._feed, self._chunks = feed, _chunks(feed)
        super().__init__(self._chunks, headers={"X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it until it ends, or nobody is there any more.

        Raises:
            TooManyFeeds: there is no room; nothing was sent.
        """
        async with aclosing(self._chunks):
            with self._feed.seat():
                await super().__call__(scope, receive, send)


async def _chunks(feed: Feed) -> AsyncGenerator[bytes, None]:
    yield b"retry: %d\n" % _RETRY_MS
    async with aclosing(feed.stretches()) as stretches:
        async for stretch in stretches:
            yield _written(stretch)


def _written(stretch: Stretch) -> bytes:
    """Return a stretch as it is sent: each event, then the position, unless the last event says it already."""
    told = b"".join(
        b"id: %d\nevent: %s\ndata: %s\n\n" % (one.position, one.name.encode(), _line(one.content))
        for one in stretch.told
    )
    if stretch.told and stretch.told[-1].position == stretch.position:
        return told
    return told + b": %s\nid: %d\n\n" % ((stretch.note or "still here").encode(), stretch.position)


def _line(content: dict[str, Any]) -> bytes:
    # ASCII alone: many a reader ends lines at characters of which the standard says nothing.
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


def _position(last: str) -> int:
    if not _POSITION.fullmatch(last) or int(last) > FURTHEST:
        raise Invalid([(f"/{_LAST}", "must be the id of an event, a whole number")], fix="send the last id as it came")
    return int(last)


ROUTES = (Route("GET", "/v1/events", follow_events, text=(MEDIA_TYPE,), live=True, tag="audit"),)
