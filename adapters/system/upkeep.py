"""Upkeep of the views by an operator: how they stand, what they leave out, and folding them anew."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from adapters.system.parsing import LONGEST_NAME, MOST_PROBLEMS
from adapters.system.views import FreshViews
from engine.application import Workflows
from engine.errors import Invalid
from engine.storable import escape, presentable
from workflows.permissions import Caller, authorise

LONGEST_REASON = 500
_BIGGEST = 2**63 - 1
_NO_REASON = "left out by an operator"


class Upkeep:
    """Status, park, retry and rebuild, for whoever may see what everybody did; nothing here changes the log."""

    def __init__(self, workflows: Workflows, views: FreshViews) -> None:
        self._workflows, self._views = workflows, views

    def status(self, caller: Caller) -> dict[str, Any]:
        """Return for each view how far it is, what it leaves out, and who keeps it up to date."""
        authorise(caller, "view-user-activity-log")
        head = self._workflows.log.head()
        items = [asdict(lag) for lag in self._views.lags()]
        return {"position": head.position, "followed": self._views.supervisor.running, "items": items, "next": None}

    def park(self, caller: Caller, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Leave the event at `position` out of a view, with a `reason`, until it is released.

        Raises:
            NotFound: there is no such view, or no event at that position.
            Invalid: the body is malformed, or the event is left out already.
        """
        authorise(caller, "view-user-activity-log", "manage-destinations")
        follower = self._views.follower(name)
        asked = _asked(body, position=_position, reason=_reason)
        if "position" not in asked:
            raise Invalid([("/position", "is required")], fix="send the position of an event")
        follower.park(asked["position"], f"{caller.actor}: {asked.get('reason') or _NO_REASON}")
        return self._view(name)

    def retry(self, caller: Caller, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Try the parked event at `position` again, or every one that could not be folded.

        Raises:
            NotFound: there is no such view, or nothing is parked at that position.
            Invalid: the body is malformed.
        """
        authorise(caller, "view-user-activity-log", "manage-destinations")
        follower = self._views.follower(name)
        tried = follower.retry(_asked(body, position=_position).get("position"))
        return {**self._view(name), "tried": [asdict(one) for one in tried]}

    def rebuild(self, caller: Caller, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Fold a view anew beside the live one and compare; it takes its place unless `check` is true.

        Raises:
            NotFound: there is no such view.
            Invalid: the body is malformed.
            Refusal: it is being rebuilt already.
        """
        authorise(caller, "view-user-activity-log", "manage-destinations")
        follower = self._views.follower(name)
        found = follower.rebuild(switch=not _asked(body, check=_flag).get("check"))
        return {**asdict(found), "same": found.same}

    def _view(self, name: str) -> dict[str, Any]:
        return {"view": name, "parked": [asdict(entry) for entry in self._views.follower(name).lag().parked]}


def _asked(body: Mapping[str, Any], **known: Any) -> dict[str, Any]:
    """Return what was said of what is known; None means: not said."""
    told = f"unknown field; known: {', '.join(known)}"
    problems = [
        (f"/{escape(presentable(name, LONGEST_NAME))}", told)
        for name in [name for name in body if name not in known][:MOST_PROBLEMS]
    ]
    asked = {name: body[name] for name in known if body.get(name) is not None}
    problems += [(f"/{name}", wrong) for name, value in asked.items() if (wrong := known[name](value))]
    if problems:
        raise Invalid(problems)
    return asked


def _position(value: Any) -> str:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _BIGGEST
    return "" if fits else "must be the position of an event: a whole number from 1 on"


def _reason(value: Any) -> str:
    fits = isinstance(value, str) and len(value) <= LONGEST_REASON and value.isprintable()
    return "" if fits else f"must be one line of text, at most {LONGEST_REASON} characters"


def _flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "must be true or false"
