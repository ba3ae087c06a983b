"""YAML read strictly, in one pass: no alias, no tag, no key twice, and on demand the line of everything."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import yaml

from adapters.catalog.faults import Fault, Place
from adapters.catalog.wording import not_yaml

MAX_DEPTH = 20
_FASTEST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_FAULTS = 50
_FOREIGN = ("tag:yaml.org,2002:merge", "tag:yaml.org,2002:value")


class NotTaken(ValueError):
    """Something of YAML that is left out on purpose."""


class NoDocument(ValueError):
    """A text that cannot be read any further; `faults` says why."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


def load(text: str) -> Any:
    """Return what the one document of *text* holds.

    Raises:
        NoDocument: it is not YAML, or has something that is not taken.
    """
    return _Reading(text).value


def lines(text: str) -> dict[Place, int]:
    """Return the line of everything in a document that `load` takes, by its path."""
    known: dict[Place, int] = {}
    _Reading(text, known)
    return known


class _Reading:
    """One pass over the events of a document; lines are only kept if wanted, for that takes as long again."""

    def __init__(self, text: str, known: dict[Place, int] | None = None) -> None:
        self._known = known
        self._faults: list[Fault] = []
        try:
            self._events: Iterator[Any] = yaml.parse(text, Loader=_FASTEST)
            self.value = self._document()
        except yaml.YAMLError as error:
            self._faults.append(not_yaml(error, text))
        if self._faults:
            raise NoDocument(self._faults)

    def _document(self) -> Any:
        value, documents = None, 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._fault("a second document; a file holds one spec", event)
                    break
                value = self._value(next(self._events), ())
        return value

    def _value(self, event: Any, path: Place) -> Any:
        if self._known is not None:
            # A key stands where its value is looked for; a list begins where its first item stands.
            self._known.setdefault(path, event.start_mark.line + 1)
        if isinstance(event, yaml.AliasEvent):
            self._fault("anchors and aliases are not taken", event, path)
            return None
        if event.anchor is not None:
            self._fault("anchors and aliases are not taken", event, path)
        if event.tag is not None:
            self._fault("tags are not taken", event, path)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if len(path) >= MAX_DEPTH:
            self._fault(f"nested deeper than {MAX_DEPTH} levels", event)
            raise NoDocument(self._faults)
        return self._mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._sequence(path)

    def _scalar(self, event: Any, path: Place) -> Any:
        if not event.implicit[0]:
            return event.value
        try:
            return _plain(event.value)
        except NotTaken as why:
            self._fault(str(why), event, path)
            return None
        except (ValueError, yaml.YAMLError):
            self._fault("has a number or date that cannot be read", event, path)
            return None

    def _mapping(self, path: Place) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._fault("a key must be text", event, path)
                raise NoDocument(self._faults)
            key = self._value(event, (*path, event.value))
            if key in result:
                self._fault(f"the key {event.value[:40]!r} is given twice", event, path)
            result[key] = self._value(next(self._events), (*path, event.value))
        return result

    def _sequence(self, path: Place) -> list[Any]:
        result: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            result.append(self._value(event, (*path, len(result))))
        return result

    def _fault(self, reason: str, event: Any, path: Place = ()) -> None:
        self._faults.append(Fault(reason, path, event.start_mark.line + 1))
        if len(self._faults) >= _MOST_FAULTS:
            raise NoDocument(self._faults)


_RESOLVER: Any = yaml.SafeLoader("")


@lru_cache(maxsize=4096)
def _plain(text: str) -> Any:
    """Return what a scalar without quotes means to YAML 1.1: text, a number, a truth value, a date, or nothing."""
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
    if tag in _FOREIGN:
        raise NotTaken("merge keys and the like are not taken")
    return _RESOLVER.yaml_constructors[tag](_RESOLVER, yaml.ScalarNode(tag, text))
