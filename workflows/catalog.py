"""DestinationSpec: a destination's entry in the catalog, which every face, check and redaction reads."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from engine.errors import Invalid, NotFound
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

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Refusing(BaseModel):
    """A pattern that a value must *not* match as a whole, and what to say if it does."""

    model_config = _FROZEN

    pattern: str
    message: str


class Field(BaseModel):
    """One thing that is asked: of a credential, of the parameters, or of the file format.

    `pattern` must match the whole value. `refuses` holds what look-aheads of published patterns express elsewhere.
    Where the field named by `pattern_unless` is filled in, the pattern is not asked: S3-compatible servers make keys of
    their own shape. `format` says what a text is beyond its pattern: a URL, a folder path (`absolute` if it may begin
    with a slash), a public key. `host` marks the field that names the host to which a credential goes. `enum_titles`
    are the choices in words, in the order of `enum`; an enum without choices is free text.
    """

    model_config = _FROZEN

    name: str
    title: str
    type: Literal["string", "integer", "number", "boolean", "enum"] = "string"
    required: bool = False
    secret: bool = False
    default: Any = None
    enum: tuple[str, ...] = ()
    enum_titles: tuple[str, ...] = ()
    pattern: str | None = None
    pattern_unless: str | None = None
    refuses: tuple[Refusing, ...] = ()
    format: Literal["url", "host", "folder-path", "public-key", "headers", "query"] | None = None
    min_length: int = 0
    max_length: int = 1024
    minimum: int | None = None
    maximum: int | None = None
    immutable: bool = False
    host: bool = False
    absolute: bool = False
    help: str = ""
    example: str | None = None


class Variant(BaseModel):
    """A way to sign in.

    `kind`: a credential is asked; none is needed; the installation provides; listed at the partner. `reason` says why
    nothing is asked; it is recorded when the connection passes the step.
    """

    model_config = _FROZEN

    id: str
    type: str
    title: str
    kind: Literal["credential", "none", "provisioned", "allow_listed"] = "credential"
    reason: str = ""
    fields: tuple[Field, ...] = ()


class FileFormatSpec(BaseModel):
    """What a file-based destination offers: file types by data kind, compression, CSV options, the manifest."""

    model_config = _FROZEN

    file_types: tuple[str, ...] = ("csv", "json", "parquet")
    dataset_file_types: tuple[str, ...] = ("json", "parquet")
    compressions: tuple[str, ...] = ("none", "gzip")
    csv_options: tuple[Field, ...] = ()
    manifest: bool = True


class DestinationSpec(BaseModel):
    """A destination as the catalog knows it. `version` counts changes of the entry; `digest` pins its content.

    `connector` names the module that can reach the platform; without one nothing can be tested. A spec without any
    `variants` cannot be connected: `not_connectable` says why.
    """

    model_config = _FROZEN

    id: str
    version: int = 1
    name: str
    category: str
    description: str
    documentation: str = ""
    type: Literal[
        "streaming-segment",
        "streaming-profile",
        "file-based",
        "dataset-export",
        "edge-personalization",
        "data-share",
        "extension",
    ]
    supports: tuple[Literal["audiences", "datasets", "events"], ...]
    audience_types: tuple[Literal["people", "account", "prospect"], ...] = ("people",)
    status: Literal["ga", "beta", "limited"] = "ga"
    availability: str = ""
    connector: str | None = None
    variants: tuple[Variant, ...] = ()
    not_connectable: str = ""
    parameters: tuple[Field, ...] = ()
    file_format: FileFormatSpec | None = None
    alerts: Literal["file-based", "streaming", "none"] = "none"
    locked_actions: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over the content of the entry, in hexadecimal."""
        return sha256(self.model_dump_json().encode()).hexdigest()

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
        """Return a variant by its id; None stands for the only one.

        Raises:
            Invalid: there is none of that id (with the nearest), or None does not say which.
        """
        ids = [variant.id for variant in self.variants]
        if not ids:
            raise Invalid([("/variant", f"{self.name} cannot be connected: {self.not_connectable}")])
        if variant_id is None:
            if len(ids) == 1:
                return self.variants[0]
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
