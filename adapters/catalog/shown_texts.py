"""Texts of a spec that people see: nothing in them may hide, or turn the line around."""

from collections.abc import Iterator
from typing import Any

from adapters.catalog.faults import Fault, Place
from workflows import texts

_SHOWN = ("name", "title", "description", "help", "notes", "reason", "message", "availability", "not_connectable")
_LISTS = ("enum_titles",)
_NEEDED = ("name", "title", "description")


def shown_text_faults(raw: Any, place: Place = ()) -> Iterator[Fault]:
    """Yield what cannot be shown in the texts of a document, wherever they stand."""
    if isinstance(raw, list):
        for index, one in enumerate(raw):
            yield from shown_text_faults(one, (*place, index))
    if not isinstance(raw, dict):
        return
    for key, value in raw.items():
        inner = (*place, key)
        if key in _SHOWN and isinstance(value, str):
            yield from _of(value, inner)
            if key in _NEEDED and not texts.is_visible(value):
                yield Fault("has nothing that can be seen", inner)
        elif key in _LISTS and isinstance(value, list):
            for index, one in enumerate(value):
                yield from _of(one, (*inner, index)) if isinstance(one, str) else ()
        else:
            yield from shown_text_faults(value, inner)


def _of(text: str, place: Place) -> Iterator[Fault]:
    yield from (Fault(fault, place) for fault in texts.faults(text, lines=True, joiners=True))
