"""Legal histories of several connections and accounts at once, as a log would hand them to a projection."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from hypothesis import strategies as st

from engine.attempts import AttemptRefused, AttemptsCounted
from engine.envelope import Envelope
from engine.events import WorkflowEvent
from engine.mapper import EventMapper
from engine.projection import Recorded
from workflows.account import events as account
from workflows.account.definition import DEFINITION as ACCOUNT
from workflows.connection import events as connection
from workflows.connection.definition import DEFINITION as CONNECTION
from workflows.probe import CheckStatus, ProbeCheck

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
PLANTED = "planted-value"
"""What the plain fields hold: no sentence repeats it."""

STREAM = UUID(int=1)
ACCOUNT_ID = UUID(int=1 << 100)
SLOW = ProbeCheck(name="write", status=CheckStatus.WARNING, code="slow", message="took 4 s")

FACTS = {
    connection.CatalogSelected: {"spec_version": 1, "spec_digest": "d1"},
    connection.Authenticated: {
        "variant": "basic",
        "account_id": ACCOUNT_ID,
        "account_name": "Shop",
        "principal": "svc",
    },
    connection.ParametersSet: {
        "name": "Nightly export",
        "description": "for the shop",
        "data_kind": "people",
        "fields": {"bucket_name": PLANTED},
        "file_format": {"file_type": "csv", "header": True},
        "checks": (SLOW,),
    },
    connection.AlertsConfigured: {"alerts": ("skip-rate",)},
    connection.Governed: {"marketing_actions": ("analytics", "dataScience")},
    connection.Saved: {"then": "exit"},
    connection.ParametersEdited: {"name": "Hourly export", "data_kind": "people", "fields": {"bucket_name": PLANTED}},
    connection.AlertsEdited: {"alerts": ()},
    connection.MarketingActionsEdited: {"marketing_actions": ("analytics",)},
    connection.Expired: {"days": 30},
    connection.Renamed: {"name": "Nightly, to be"},
    connection.HandedOver: {"to": "bob", "name": "Bob"},
    connection.TagsSet: {"tags": ("summer", "shop")},
    connection.LabelsApplied: {"labels": ("internal",)},
    account.AccountAuthorised: {
        "variant": "basic",
        "name": "Shop",
        "fields": {"username": PLANTED},
        "fingerprints": {"password": PLANTED},
        "principal": "svc",
        "vault_version": 1,
        "expires_at": START + timedelta(days=60),
    },
    account.AccountReauthorised: {
        "fields": {"username": PLANTED},
        "fingerprints": {"password": f"{PLANTED}-2"},
        "principal": "svc",
        "vault_version": 2,
    },
    account.AccountLinked: {"connection_id": UUID(int=7)},
    account.AccountUnlinked: {"connection_id": UUID(int=7)},
    account.AccountBound: {"host": "files.example.com"},
    account.AccountRenamed: {"name": "Shop, the old one"},
    AttemptRefused: {
        "command": "govern",
        "target": "connection 1",
        "code": "transition-refused",
        "reason": "govern is not possible from catalog_selected",
        "target_state": "catalog_selected",
        "target_version": 1,
        "guards": ({"name": "known_actions", "passed": None},),
    },
    AttemptsCounted: {
        "command": "govern",
        "target": "connection 1",
        "code": "transition-refused",
        "minute": START,
        "total": 40,
    },
}
"""Something to say for every kind of event that says more than its destination."""


def sample(
    kind: type[WorkflowEvent],
    state: str = "somewhere",
    *,
    stream: UUID = STREAM,
    version: int = 1,
    at: datetime = START,
    number: int = 1,
    actor: str = "ann",
    on_behalf_of: str | None = None,
    sandbox: str = "prod",
    destination: str = "amazon-s3",
    **facts,
) -> WorkflowEvent:
    """Return an event of that kind, with facts of its own where none are given."""
    envelope = Envelope(
        event_id=UUID(int=(1 << 64) + number),
        actor=actor,
        on_behalf_of=on_behalf_of,
        sandbox=sandbox,
        command_id=UUID(int=2),
        correlation_id=UUID(int=3),
        causation_id=UUID(int=2),
        definition="d",
        definition_version=1,
        occurred_at=at,
    )
    facts = {**FACTS.get(kind, {}), **facts}
    if "destination" in kind.model_fields:
        facts["destination"] = destination
    return kind(originator_id=stream, originator_version=version, timestamp=at, state=state, envelope=envelope, **facts)


def recorded(event: WorkflowEvent, position: int = 1, sequence: int | None = None) -> Recorded:
    """Return the event as the log hands it back: through its stored bytes."""
    mapper = EventMapper()
    digest = sha256(str(position).encode()).digest()
    return Recorded(mapper.to_domain_event(mapper.to_stored_event(event)), position, sequence or position, digest)


def sequence(*steps: tuple[type[WorkflowEvent], str] | WorkflowEvent) -> list[Recorded]:
    """Return events of one connection, in order: kinds with the state that each leads to, or whole events."""
    return [
        recorded(
            step
            if isinstance(step, WorkflowEvent)
            else sample(*step, version=number, number=number, at=START + timedelta(minutes=number)),
            number,
        )
        for number, step in enumerate(steps, 1)
    ]


@st.composite
def histories(draw, most=40) -> list[Recorded]:
    """Draw a legal history: connections and accounts in two sandboxes take turns, and some attempts are refused."""
    places = [(sandbox, to) for sandbox in ("prod", "dev") for to in ("amazon-s3", "sftp")]
    standing: dict[UUID, list] = {}
    history: list[Recorded] = []
    for number in range(1, draw(st.integers(0, most)) + 1):
        what = draw(st.sampled_from(("go on", "go on", "go on", "connect", "open account", "attempt")))
        common = {"number": number, "at": START + timedelta(seconds=number), "actor": draw(st.sampled_from("ab"))}
        live = [stream for stream, (table, state, *_) in standing.items() if state not in table.final]
        if what == "attempt":
            kind = draw(st.sampled_from((AttemptRefused, AttemptsCounted)))
            event = sample(kind, "noted", stream=UUID(int=5), version=number, **common)
        elif what == "go on" and live:
            stream = draw(st.sampled_from(live))
            table, state, version, (sandbox, to) = standing[stream]
            onward = table.path(state, "saved")[:1] if table is CONNECTION else ()
            row = draw(st.sampled_from((*table.rows_from(state), *onward * 8)))  # else few would ever be saved
            where = {"sandbox": sandbox, "destination": to}
            event = sample(
                row.event, row.target, stream=stream, version=version + 1, **where, **common, **draw(novelty(row.event))
            )
            standing[stream] = [table, row.target, version + 1, (sandbox, to)]
        else:
            table = ACCOUNT if what == "open account" else CONNECTION
            stream, (sandbox, to) = UUID(int=1000 + number), draw(st.sampled_from(places))
            event = sample(table.opening, table.initial, stream=stream, sandbox=sandbox, destination=to, **common)
            standing[stream] = [table, table.initial, 1, (sandbox, to)]
        history.append(recorded(event, 2 * number, number))  # positions may have holes, the sequence has none
    return history


@st.composite
def novelty(draw, kind: type[WorkflowEvent]) -> dict:
    """Draw facts that differ from one event of a kind to the next."""
    if kind in (connection.ParametersSet, connection.ParametersEdited):
        text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=200)
        return {"name": draw(text), "description": draw(text)}
    if kind is connection.Authenticated:
        return draw(st.sampled_from(({}, {"account_id": None, "account_name": None, "principal": None})))
    if kind in (account.AccountLinked, account.AccountUnlinked):
        return {"connection_id": UUID(int=draw(st.integers(1, 3)))}
    return {}
