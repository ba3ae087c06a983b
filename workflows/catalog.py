"""DestinationSpec: a destination's entry in the catalog, which every face, check and redaction reads."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Literal

from pydantic import BaseModel

from engine.errors import Invalid, NotFound
from workflows.fields import FROZEN, Field
from workflows.nearest import nearest

STREAMING_ALERTS = ("skip-rate",)
FILE_ALERTS = ("flow-run-start", "flow-run-success", "flow-run-failure", "flow-run-delay", "skip-rate")
"""What can be subscribed to, by family (facts, section 8)."""

MARKETING_ACTIONS = (
    "analytics",
    "combineWithPii",
    "crossSiteTargeting",
    "dataScience",
    "emailTargeting",
    "exportToThirdParty",
    "onsiteAdvertising",
    "onsitePersonalization",
    "segmentMatch",
    "singleIdentityPersonalization",
)
"""The standard marketing actions (facts, section 9.2)."""


class Variant(BaseModel):
    """A way to sign in. The same `type` may occur twice, under two ids.

    `kind`: a credential is asked; the person signs in at the partner (`redirect`); none is needed; the installation
    provides; listed at the partner. `reason` says why nothing is asked; it is recorded when the connection passes the
    step. What the credential proves lapses after `token_lifetime_days`, if that is given.
    """

    model_config = FROZEN

    id: str
    type: str
    title: str
    kind: Literal["credential", "redirect", "none", "provisioned", "allow_listed"] = "credential"
    reason: str = ""
    help: str = ""
    token_lifetime_days: int | None = None
    fields: tuple[Field, ...] = ()


class FileNameSpec(BaseModel):
    """How exported files are called: a template of macros in `%`; which further ones may be used; or all fixed."""

    model_config = FROZEN

    default: str
    macros: tuple[str, ...] = ()
    fixed: bool = False


class FileFormatSpec(BaseModel):
    """What a file-based destination offers: file types by data kind, compression, options, the manifest, names.

    `options` are the names of options that a person may choose (facts, section 7), `fixed` those that the destination
    decides, with their values; `required` have no default and must be chosen; `narrowed` leaves only some choices of an
    option, `defaults` begins with others than usual.
    """

    model_config = FROZEN

    file_types: tuple[str, ...] = ("csv", "json", "parquet")
    dataset_file_types: tuple[str, ...] = ("json", "parquet")
    compressions: tuple[str, ...] = ("none", "gzip")
    options: tuple[str, ...] = ()
    fixed: dict[str, Any] = {}
    required: tuple[str, ...] = ()
    narrowed: dict[str, tuple[str, ...]] = {}
    defaults: dict[str, Any] = {}
    manifest: bool = True
    export_arrays: bool = False
    most_rows: int = 5_000_000
    file_name: FileNameSpec | None = None


class MappingSpec(BaseModel):
    """A mapping that the destination demands: `preset` is filled in already, and `read_only` if it may not change.

    An empty `source` is chosen by the person. Mappings of one `at_least_one_of` group are alternatives.
    """

    model_config = FROZEN

    target: str
    source: str = ""
    preset: bool = False
    read_only: bool = False
    at_least_one_of: str = ""
    help: str = ""


class ScheduleSpec(BaseModel):
    """Which exports a destination takes, and how often; `fixed` if nobody may choose."""

    model_config = FROZEN

    export_modes: tuple[Literal["full", "incremental"], ...] = ("full", "incremental")
    frequencies: tuple[
        Literal["once", "hourly", "every-3-hours", "every-6-hours", "every-8-hours", "every-12-hours"]
        | Literal["daily", "weekly", "monthly"],
        ...,
    ] = ()
    fixed: bool = False
    help: str = ""


class DestinationSpec(BaseModel):
    """A destination as the catalog knows it. `version` counts changes of the entry; `digest` pins its content.

    `connector` names the module that can reach the platform; without one nothing can be tested. A spec without any
    `variants` cannot be connected: `not_connectable` says why. `default_variant` is meant when nobody says which: who
    signed in while there was one alone need not change anything when a second is added. Only `published` ones are shown
    and can be connected. `one_per`: only one connection may be saved, in a sandbox or in the organisation.
    `advised_per_sandbox` is a limit that may be passed, with a warning (facts, section 13).
    """

    model_config = FROZEN

    id: str
    version: int = 1
    name: str
    category: str
    description: str
    documentation: str = ""
    notes: str = ""
    lifecycle: Literal["test", "published", "deleted"] = "published"
    type: Literal[
        "streaming-segment",
        "streaming-profile",
        "file-based",
        "dataset-export",
        "edge-personalization",
        "data-share",
        "extension",
        "not-stated",
    ]
    supports: tuple[Literal["audiences", "datasets", "events"], ...]
    audience_types: tuple[Literal["people", "account", "prospect"], ...] = ("people",)
    audience_origins: tuple[
        Literal["segmentation-service", "custom-upload", "other-origins", "federated-audience-composition"], ...
    ] = ()
    export_type: Literal["", "profile-based", "segment-based", "profile-request", "dataset"] = ""
    export_frequency: Literal["", "streaming", "batch", "live"] = ""
    identities: tuple[str, ...] = ()
    status: Literal["ga", "beta", "limited"] = "ga"
    availability: str = ""
    connector: str | None = None
    variants: tuple[Variant, ...] = ()
    default_variant: str | None = None
    not_connectable: str = ""
    parameters: tuple[Field, ...] = ()
    file_format: FileFormatSpec | None = None
    alerts: Literal["file-based", "streaming", "none"] = "none"
    locked_actions: tuple[str, ...] = ()
    preset_actions: tuple[str, ...] = ()
    mappings: tuple[MappingSpec, ...] = ()
    per_audience_fields: tuple[Field, ...] = ()
    schedule: ScheduleSpec | None = None
    one_per: Literal["sandbox", "organisation"] | None = None
    advised_per_sandbox: int | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over the content of the entry, in hexadecimal."""
        return sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def not_offered(self) -> str:
        """Why the entry takes no new connections and accounts; nothing if it does."""
        if self.lifecycle == "test":
            return f"{self.name} is being tried out by its author: its entry is not published yet"
        if self.lifecycle == "deleted":
            return f"{self.name} was withdrawn by its author: it takes no new connections"
        return "" if self.variants else self.not_connectable or f"{self.name} has no connection lifecycle"

    @property
    def data_kinds(self) -> tuple[str, ...]:
        """What a connection may carry, one of it: people, accounts, prospects, datasets."""
        plural = {"people": "people", "account": "accounts", "prospect": "prospects"}
        audiences = tuple(plural[kind] for kind in self.audience_types) if "audiences" in self.supports else ()
        return (*audiences, "datasets") if "datasets" in self.supports else audiences

    @property
    def offered_alerts(self) -> tuple[str, ...]:
        """The alerts that can be subscribed to, by the destination's family."""
        return {"file-based": FILE_ALERTS, "streaming": STREAMING_ALERTS, "none": ()}[self.alerts]

    @property
    def host_field(self) -> Field | None:
        """The parameter that names the host to which the credential goes, if it is not part of the credential."""
        return next((field for field in self.parameters if field.host), None)

    def variant(self, variant_id: str | None) -> Variant:
        """Return a variant by its id; None stands for the default one, or the only one.

        Raises:
            Invalid: there is none of that id (with the nearest), or None does not say which.
        """
        ids = [variant.id for variant in self.variants]
        if not ids:
            raise Invalid([("/variant", f"{self.name} cannot be connected: {self.not_connectable}")])
        if variant_id is None and len(ids) == 1:
            return self.variants[0]
        variant_id = self.default_variant if variant_id is None else variant_id
        if variant_id is None:
            raise Invalid([("/variant", f"choose how to sign in: {', '.join(ids)}")], fix="send variant")
        for variant in self.variants:
            if variant.id == variant_id:
                return variant
        raise Invalid([("/variant", f"unknown variant{nearest(variant_id, ids)}; known: {', '.join(ids)}")])


def find_spec(specs: Sequence[DestinationSpec], destination: str) -> DestinationSpec:
    """Return the spec of that id; raises NotFound with the nearest known id."""
    for spec in specs:
        if spec.id == destination:
            return spec
    ids = [spec.id for spec in specs]
    raise NotFound(f"the catalog has no such destination{nearest(destination, ids)}", fix="GET /v1/catalog lists them")
