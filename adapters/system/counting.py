"""How many connections there are, by the views; and whom a draft can be handed over to."""

from typing import Any

from adapters.system.views import FreshViews
from engine.application import Workflows
from engine.errors import Invalid
from engine.projection import Query
from workflows.access.service import AccessService, actor_of
from workflows.permissions import PERMISSIONS, lacking

_CONNECT = (("manage-destinations",),)


class ViewCounts:
    """Counts the rows of the connections' view, which is brought up to date first."""

    def __init__(self, workflows: Workflows, views: FreshViews) -> None:
        self._workflows, self._views = workflows, views

    async def saved(self, sandbox: str, destination: str | None, most: int) -> int:
        """Return how many are saved in a sandbox, to one destination or to any; at most *most* are counted."""
        wanted: dict[str, Any] = {"sandbox": sandbox, "status": ("enabled", "disabled")}
        return await self._count(wanted if destination is None else {**wanted, "destination": destination}, most)

    async def drafts(self, sandbox: str, owner: str, most: int) -> int:
        """Return how many drafts somebody has in a sandbox; at most *most* are counted."""
        return await self._count({"sandbox": sandbox, "draft": True, "owner": owner}, most)

    async def _count(self, wanted: dict[str, Any], most: int) -> int:
        question = Query(filter=wanted, limit=most)
        page = await self._workflows.log.ask(self._views.query, self._views.connections, question)
        return len(page.items)


class Receivers:
    """People and service accounts, as those who may go on with a draft."""

    def __init__(self, access: AccessService) -> None:
        self._access = access

    async def receiver(self, named: str, sandbox: str) -> tuple[str, str, str]:
        """Return (actor, name, fault) of whom an id, an address or a name means; the fault is "" if they may connect.

        Raises:
            Invalid: nobody is meant.
        """
        found = await self._access.holder(named)
        if found is None:
            what = "means nobody: send the id or the e-mail address of a person, or the name of a service account"
            raise Invalid([("/to", what)])
        fault = ""
        if found.state != "active":
            fault = "they are suspended"
        else:
            rights = await self._access.rights(found, None, sandbox)
            if not rights.inside or lacking(_CONNECT, rights.permissions & set(PERMISSIONS)):
                fault = "they may not connect destinations in this sandbox"
        return actor_of(found.id), found.name, fault
