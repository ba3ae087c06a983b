"""What holds for every projection: rebuilding gives the same rows, and no row can hold a secret."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from engine.projection import fold
from engine.secret import Secret
from projections.accounts import Accounts
from projections.attempts import AttemptTrail
from projections.audit import AuditTrail
from projections.cards import Cards
from projections.connections import Connections
from tests.suites.histories import histories, recorded, sample
from workflows.account.events import AccountAuthorised
from workflows.connection.events import ParametersSet

PROJECTIONS = (Cards(), Connections(), Accounts(), AuditTrail(), AttemptTrail())
every_projection = pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)


def stored(rows, new):
    """Return the rows as a store would hold them: as JSON, without the removed ones."""
    kept = {**rows, **{key: row and row.model_dump_json() for key, row in new.items()}}
    return {key: json for key, json in kept.items() if json is not None}


def reading(projection, rows):
    """Return how a projection reads back the rows that were stored."""
    return lambda key: projection.row.model_validate_json(rows[key]) if key in rows else None


def nothing(key):
    """Return no row: nothing was folded yet."""


@settings(deadline=None)
@given(history=histories(), cuts=st.sets(st.integers(0, 40)))
def test_catching_up_in_any_pieces_gives_the_rows_of_a_rebuild(history, cuts):
    bounds = sorted({0, len(history), *(cut for cut in cuts if cut < len(history))})
    for projection in PROJECTIONS:
        rows = {}
        for start, stop in pairwise(bounds):
            rows = stored(rows, fold(projection, history[start:stop], reading(projection, rows))[0])
        whole, _ = fold(projection, history, nothing)
        assert rows == stored({}, whole), projection.name


@settings(deadline=None)
@given(history=histories())
def test_a_history_with_a_hole_is_folded_all_the_same(history):
    for projection in PROJECTIONS:
        for holed in (history[1:], history[::2]):
            rows, _ = fold(projection, holed, nothing)
            stored({}, rows)


@every_projection
def test_indexes_and_searches_are_fields_of_the_row(projection):
    named = {*projection.indexes, *projection.searches}
    assert named <= set(projection.row.model_fields)


def test_every_projection_has_a_name_of_its_own():
    assert len({projection.name for projection in PROJECTIONS}) == len(PROJECTIONS)


@every_projection
def test_a_row_refuses_a_secret_in_any_of_its_fields(projection):
    for name in projection.row.model_fields:
        for value in (Secret("s"), {"deep": Secret("s")}, {"deep": {"er": [Secret("s")]}}, [{"deep": Secret("s")}]):
            with pytest.raises(ValidationError) as refused:
                projection.row.model_validate({name: value})
            assert any(problem["loc"][0] == name and problem["type"] != "missing" for problem in refused.value.errors())


@pytest.mark.parametrize(
    ("projection", "event"),
    [
        (Connections(), sample(ParametersSet, "parameters_set")),
        (Accounts(), sample(AccountAuthorised, "authorised")),
    ],
    ids=["connections", "accounts"],
)
def test_a_secret_smuggled_into_an_event_is_not_written_with_a_row(projection, event):
    harmless = recorded(event)
    row = projection.evolve(None, harmless)
    object.__setattr__(harmless.event, "fields", {"password": Secret("s")})
    with pytest.raises((ValidationError, PydanticSerializationError)):
        projection.evolve(None, harmless)
    with pytest.raises(PydanticSerializationError):
        projection.evolve(row, harmless).model_dump_json()
