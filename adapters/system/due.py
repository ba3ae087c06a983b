"""What falls due in an installation: drafts that lay untouched for too long, authorisations that lapse."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from adapters.system.views import FreshViews
from engine.application import Workflows
from engine.command import Command
from engine.projection import Page, Projection, Query
from engine.timers import Due
from workflows.account.commands import ExpireAccount
from workflows.connection.commands import Expire
from workflows.permissions import Caller

ACTOR = "interlock"
"""Who does what falls due."""

_PAGE = 100


class DueRows:
    """The rows of a view that fall due, by a field that holds a moment, so long after it."""

    def __init__(
        self,
        workflows: Workflows,
        views: FreshViews,
        projection: Projection[Any],
        kind: str,
        field: str,
        wanted: dict[str, Any],
        after: timedelta = timedelta(),
    ) -> None:
        self._workflows, self._views, self._projection = workflows, views, projection
        self._kind, self._field, self._wanted, self._after = kind, field, wanted, after

    async def until(self, moment: datetime) -> AsyncIterator[Sequence[Due]]:
        """Yield all that falls due by *moment*, in pages, the eldest first."""
        # The end of a span is excluded, and what is due now is due.
        last = (moment - self._after + timedelta(microseconds=1)).astimezone(UTC)
        cursor = ""
        while True:
            page = await self._ask(last.isoformat(timespec="microseconds").replace("+00:00", "Z"), cursor, _PAGE)
            if page.items:
                yield [self._due(row) for row in page.items]
            cursor = page.next
            if not cursor:
                return

    async def following(self) -> datetime | None:
        """Return when the next one falls due; None when none does."""
        page = await self._ask(None, "", 1)
        return self._due(page.items[0]).at if page.items else None

    async def _ask(self, before: str | None, cursor: str, limit: int) -> Page[Any]:
        # Rows without a moment stand before every text.
        between = {self._field: ("", before)}
        query = Query(filter=self._wanted, between=between, sort=self._field, cursor=cursor, limit=limit)
        page: Page[Any] = await self._workflows.log.ask(self._views.query, self._projection, query)
        return page

    def _due(self, row: Any) -> Due:
        at = datetime.fromisoformat(getattr(row, self._field)) + self._after
        return Due(self._kind, UUID(row.id), row.sandbox, at, f'"{row.version}-{row.digest}"')


def due_facts(workflows: Workflows, views: FreshViews, draft_days: int) -> tuple[DueRows, ...]:
    """Return everything that falls due in an installation."""
    days = timedelta(days=draft_days)
    return (
        DueRows(workflows, views, views.connections, "connection", "modified_at", {"draft": True}, days),
        DueRows(workflows, views, views.accounts, "account", "expires_at", {"state": "authorised"}),
    )


def sender(handle: Callable[..., Awaitable[Any]]) -> Callable[[Due], Awaitable[Any]]:
    """Return what sends the command of a due fact, decided on the version that says so."""

    async def send(due: Due) -> Any:
        command: Command = (
            Expire(connection_id=due.id) if due.kind == "connection" else ExpireAccount(account_id=due.id)
        )
        return await handle(command, Caller(ACTOR, due.sandbox), if_match=due.seen)

    return send
