"""OwnOptions: choices among Interlock's own objects, of one caller's sandbox."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from adapters.system.browsing import Lists
from workflows.catalog import MARKETING_ACTIONS
from workflows.options import MOST_CHOICES, Choice, OptionsAnswer
from workflows.permissions import Caller
from workflows.ports import Catalog

_PAGE = 500


class OwnOptions:
    """Lists what a field with the source `interlock` may name, as far as the caller may see it."""

    def __init__(self, catalog: Catalog, lists: Lists) -> None:
        self._catalog = catalog
        self._lists: Mapping[str, Callable[[Caller], Iterator[tuple[str, str]]]] = {
            "accounts": lambda caller: _rows(lists.accounts, caller),
            "connections": lambda caller: _rows(lists.connections, caller),
            "destinations": lambda caller: ((spec.id, spec.name) for spec in self._published()),
            "marketing-actions": lambda caller: ((action, action) for action in MARKETING_ACTIONS),
            "sandboxes": lambda caller: iter([(caller.sandbox, caller.sandbox)]),
        }

    def choices(self, name: str, caller: Caller) -> OptionsAnswer:
        """Return the objects of that kind; raises Forbidden where the caller may not see any."""
        listed = self._lists.get(name)
        if listed is None:
            return OptionsAnswer.unsupported(f"Interlock keeps no {name}")
        found = []
        for value, title in listed(caller):
            found.append(Choice(value=value, title=title or value))
            if len(found) > MOST_CHOICES:
                break
        return OptionsAnswer.offered(found)

    def _published(self) -> list[Any]:
        shown = [spec for spec in self._catalog.all() if spec.lifecycle == "published"]
        return sorted(shown, key=lambda spec: (spec.name.casefold(), spec.id))


def _rows(question: Callable[..., dict[str, Any]], caller: Caller) -> Iterator[tuple[str, str]]:
    cursor = ""
    while True:
        page = question(caller, sort="name", cursor=cursor, limit=_PAGE)
        yield from ((row["id"], row["name"]) for row in page["items"])
        cursor = page["next"] or ""
        if not cursor:
            return
