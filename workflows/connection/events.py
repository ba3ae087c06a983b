"""What happens to a connection, in the order in which it usually happens: the published language."""

from typing import Any, ClassVar
from uuid import UUID

from engine.events import WorkflowEvent
from workflows.limits import LimitWarning
from workflows.probe import ProbeCheck


class ConnectionEvent(WorkflowEvent):
    """What every event of a connection says: to which destination."""

    TOPIC: ClassVar[str] = ""
    destination: str


class CatalogSelected(ConnectionEvent):
    """Somebody picked a destination in the catalog; the version and digest of its spec are pinned."""

    TOPIC = "connection.catalog_selected"
    spec_version: int
    spec_digest: str


class Authenticated(ConnectionEvent):
    """The destination accepted the credential, or needs none: then `reason` says why and `account_id` is absent."""

    TOPIC = "connection.authenticated"
    variant: str
    account_id: UUID | None = None
    account_name: str | None = None
    principal: str | None = None
    reason: str | None = None
    checks: tuple[ProbeCheck, ...] = ()


class ParametersSet(ConnectionEvent):
    """Name, data kind, the destination's fields and the file format were chosen, and tried."""

    TOPIC = "connection.parameters_set"
    name: str
    description: str = ""
    data_kind: str
    fields: dict[str, Any]
    file_format: dict[str, Any] | None = None
    checks: tuple[ProbeCheck, ...] = ()


class AlertsConfigured(ConnectionEvent):
    """The alerts were chosen; none is a choice."""

    TOPIC = "connection.alerts_configured"
    alerts: tuple[str, ...]


class Governed(ConnectionEvent):
    """The marketing actions were chosen; none is a choice."""

    TOPIC = "connection.governed"
    marketing_actions: tuple[str, ...]


class Saved(ConnectionEvent):
    """The connection is set up. `then` is where its maker goes on: exit, or activate.

    `reserved` are the streams of what it alone may have from now on; `warnings` tell of soft limits that it passed.
    """

    TOPIC = "connection.saved"
    then: str
    reserved: tuple[UUID, ...] = ()
    warnings: tuple[LimitWarning, ...] = ()


class ParametersEdited(ConnectionEvent):
    """Parameters of a saved connection were changed, and tried. `reserved`: as of `Saved`; None: as before."""

    TOPIC = "connection.parameters_edited"
    name: str
    description: str = ""
    data_kind: str
    fields: dict[str, Any]
    file_format: dict[str, Any] | None = None
    checks: tuple[ProbeCheck, ...] = ()
    reserved: tuple[UUID, ...] | None = None


class AlertsEdited(ConnectionEvent):
    """Alerts of a saved connection were changed."""

    TOPIC = "connection.alerts_edited"
    alerts: tuple[str, ...]


class MarketingActionsEdited(ConnectionEvent):
    """Marketing actions of a saved connection were changed."""

    TOPIC = "connection.marketing_actions_edited"
    marketing_actions: tuple[str, ...]


class Disabled(ConnectionEvent):
    """All exports of the connection are paused."""

    TOPIC = "connection.disabled"


class Enabled(ConnectionEvent):
    """Exports may run again."""

    TOPIC = "connection.enabled"


class Deleted(ConnectionEvent):
    """The connection is gone; its account stays."""

    TOPIC = "connection.deleted"


class Discarded(ConnectionEvent):
    """Somebody gave the draft up."""

    TOPIC = "connection.discarded"


class Expired(ConnectionEvent):
    """The draft lay untouched for too long."""

    TOPIC = "connection.expired"
    days: int


class Renamed(ConnectionEvent):
    """Somebody gave the draft a name before its parameters were set, or another one since."""

    TOPIC = "connection.renamed"
    name: str


class HandedOver(ConnectionEvent):
    """The draft is somebody else's from now on: `to` is the actor that they are, `name` what they are called."""

    TOPIC = "connection.handed_over"
    to: str
    name: str = ""


class TagsSet(ConnectionEvent):
    """These are the tags of the connection now; none is a choice."""

    TOPIC = "connection.tags_set"
    tags: tuple[str, ...]


class LabelsApplied(ConnectionEvent):
    """These are the access labels of the connection now: whoever does not hold them all does not see it."""

    TOPIC = "connection.labels_applied"
    labels: tuple[str, ...]
