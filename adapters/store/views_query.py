"""A Query as SQL, and the cursor that says where its next page begins."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from adapters.store.views_table import Table, member, plain, searchable
from engine.errors import Invalid
from engine.projection import Query

_MOST = 500
"""How many values one filter may name."""

_CHECK = 12
"""Bytes of the digest that a cursor carries."""


class Selection:
    """The statement that answers a query over a table; one row more than asked for tells whether a page follows.

    Raises:
        Invalid: an unknown field, a value that no row can have, or a cursor of another question.
    """

    def __init__(self, table: Table, query: Query) -> None:
        self._table, self._query = table, query
        self.limit = query.limit
        if self.limit is not None and self.limit < 1:
            raise Invalid([("/limit", "must be at least 1")])
        self.column = f"i_{_known(table, query.sort, '/sort')}" if query.sort else "key"
        conditions = list(self._conditions())
        where = " AND ".join(condition for condition, _ in conditions) or "1=1"
        direction = "DESC" if query.descending else "ASC"
        # The key follows the index in the order, so that no two rows stand in the same place.
        order = f"{self.column} {direction}" + ("" if self.column == "key" else f", key {direction}")
        self.statement = f"SELECT {self.column}, key, body FROM {table.name} WHERE {where} ORDER BY {order}"
        self.values = [value for _, values in conditions for value in values]
        if self.limit is not None:
            self.statement += f" LIMIT {table.MARK}"
            self.values.append(min(self.limit, 2**31) + 1)

    def _conditions(self) -> Iterator[tuple[str, list[Any]]]:
        mark = self._table.MARK
        for name, wanted in self._query.filter.items():
            column = f"i_{_known(self._table, name, f'/filter/{name}')}"
            values = [self._value(name, value) for value in (wanted if isinstance(wanted, tuple) else (wanted,))]
            if len(values) > _MOST:
                raise Invalid([(f"/filter/{name}", f"names more than {_MOST} values")])
            marks = ",".join([mark] * len(values))
            yield f"{column} IN ({marks})" if values else "1=0", values
        for name, (least, most) in self._query.between.items():
            column = f"i_{_known(self._table, name, f'/between/{name}')}"
            if least is not None:
                yield f"{column} >= {mark}", [self._value(name, least)]
            if most is not None:
                yield f"{column} < {mark}", [self._value(name, most)]
        yield from self._members()
        if self._query.search:
            yield self._table.SEARCH, [self._table.search_column(_text(self._query.search))]
        if self._query.cursor:
            beyond = "<" if self._query.descending else ">"
            value, key = self._begin(self._query.cursor)
            if self.column == "key":
                yield f"key {beyond} {mark}", [key]
            else:
                yield f"({self.column}, key) {beyond} ({mark}, {mark})", [value, key]

    def _members(self) -> Iterator[tuple[str, list[Any]]]:
        for name, wanted in self._query.has.items():
            column = self._several(name, wanted)
            each = " OR ".join(self._table.HAS.format(column=column) for _ in wanted)
            yield f"({each})" if wanted else f"{column} <> ''", [member(text) for text in wanted]

    def _several(self, name: str, texts: tuple[str, ...]) -> str:
        if name not in self._table.many:
            raise Invalid([(f"/has/{name}", "is not a field of several texts in this list")])
        if len(texts) > _MOST:
            raise Invalid([(f"/has/{name}", f"names more than {_MOST} values")])
        if any("\0" in text or _is_torn(text) for text in texts):
            raise Invalid([(f"/has/{name}", "is not a value that a row can have")])
        return f"m_{name}"

    def _value(self, name: str, value: Any) -> Any:
        try:
            return self._table.column(plain(value))
        except (TypeError, ValueError):
            raise Invalid([(f"/filter/{name}", "is not a value that a row can have")]) from None

    def cursor(self, value: Any, key: str) -> str:
        """Return the cursor of the page that begins after the row of *key*."""
        place = json.dumps([value if self.column == "key" else self._table.told(value), key]).encode()
        return urlsafe_b64encode(self._check(place) + place).decode().rstrip("=")

    def _begin(self, cursor: str) -> tuple[Any, str]:
        try:
            raw = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
            check, place = raw[:_CHECK], raw[_CHECK:]
            if check != self._check(place):
                raise ValueError
            value, key = json.loads(place)
            if b"\0" in key.encode():
                raise ValueError
            return value if self.column == "key" else self._table.from_told(value), key
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise Invalid(
                [("/cursor", "is not the cursor of a page of this list")], fix="begin at the first page"
            ) from None

    def _check(self, place: bytes) -> bytes:
        # Everything but the size of the page: a cursor belongs to one question, and to one shape of the rows.
        query = self._query
        filters = sorted((name, repr(value)) for name, value in query.filter.items())
        more = [sorted(part.items()) for part in (query.between, query.has)]
        question = repr(
            (self._table.name, self._table.shape, filters, more, query.search, query.sort, query.descending)
        )
        return sha256(question.encode("utf-8", "surrogatepass") + place).digest()[:_CHECK]


def _known(table: Table, name: str, pointer: str) -> str:
    if name not in table.indexes:
        raise Invalid([(pointer, f"is not a field of this list; known: {', '.join(table.indexes) or 'none'}")])
    return name


def _is_torn(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _text(search: str) -> str:
    try:
        text = searchable(search)
        text.encode()
    except UnicodeEncodeError:
        raise Invalid([("/search", "contains half of a surrogate pair")]) from None
    return text
