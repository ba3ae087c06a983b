"""Following the feed: events as they come, across restarts of the server, each of them once."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from adapters.cli.errors import ProblemAnswer, ServerTrouble, WrongUse
from adapters.cli.failures import printable
from adapters.cli.printing import note
from adapters.cli.session import OutputFormat, Session

if TYPE_CHECKING:
    from adapters.cli.client import Client

_PATIENCE = 60.0
"""Seconds without even a sign of life, of which the server gives four a minute, until it counts as gone."""
_PAUSE = 1.0
_LONGEST_PAUSE = 15.0


class Follower:
    """The feed of a server, taken up again by itself. `last` is the position it has come to, None before any."""

    def __init__(self, client: "Client", asked: Mapping[str, Any], after: int | None = None) -> None:
        self.last = after
        self._client, self._asked = client, asked
        self._connected = False
        self._pause = _PAUSE

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield what happens, for ever.

        Raises:
            ProblemAnswer: the server refuses for good.
            ServerTrouble: it was never there.
        """
        while True:
            try:
                yield from self._connection()
                why = "the server ended the feed"
            except (ServerTrouble, ProblemAnswer) as error:
                lasting = isinstance(error, ProblemAnswer) and error.status < 500
                if lasting or not self._connected:
                    raise
                why = str(error)
            if self._pause == _PAUSE:
                note(f"{why}; waiting for it")
            time.sleep(self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _connection(self) -> Iterator[dict[str, Any]]:
        headers = {"accept": "text/event-stream"}
        if self.last is not None:
            headers["last-event-id"] = str(self.last)
        told: dict[str, str] = {}
        for line in self._client.lines("/v1/events", params=self._asked, headers=headers, patience=_PATIENCE):
            name, _, value = line.partition(":")
            if line:
                told[name] = value.removeprefix(" ")
                continue
            # Only now is it whole: what breaks off in the middle comes again.
            if "data" in told:
                yield json.loads(told["data"])
            if "id" in told:
                self._came_to(int(told["id"]))
            told = {}

    def _came_to(self, position: int) -> None:
        self.last = position
        if not self._connected or self._pause != _PAUSE:
            note(f"following from position {position}; Ctrl-C ends")
        self._connected, self._pause = True, _PAUSE


def follow(session: Session, after: int | None, asked: Mapping[str, Any]) -> None:
    """Print what happens until somebody presses Ctrl-C.

    Raises:
        WrongUse: there is no server to follow.
        ProblemAnswer, ServerTrouble: as from `Follower.events`.
    """
    client = session.reader
    if client.embedded:
        raise WrongUse("there is no server to follow", "start it (interlock serve), or name one with --url")
    follower = Follower(client, asked, after)
    try:
        for event in follower.events():
            print(_shown(event, session.output), flush=True)
    except KeyboardInterrupt:
        if follower.last is not None:
            note(f"stopped; to go on: --after {follower.last}")


def _shown(event: Mapping[str, Any], output: OutputFormat) -> str:
    match output:
        case OutputFormat.JSON:
            return json.dumps(event)
        case OutputFormat.YAML:
            import yaml

            return f"---\n{yaml.safe_dump(event, sort_keys=False, allow_unicode=False)}".rstrip()
    if reason := event.get("unreadable"):
        return printable(f"{event['position']:>8}  {event['topic']} of {event['object_id']} cannot be read: {reason}")
    return printable(f"{event['position']:>8}  {event['recorded_at'][:19]}Z  {event['sentence']}")
