"""Field: one thing that a form asks for, with everything that decides whether, how and within which bounds."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

FROZEN = ConfigDict(frozen=True, extra="forbid")
Kind = Literal["people", "accounts", "prospects", "datasets"]


class Refusing(BaseModel):
    """A pattern that a value must *not* match as a whole, and what to say if it does."""

    model_config = FROZEN

    pattern: str
    message: str


class Condition(BaseModel):
    """Something that must hold: of another field of the same form, of the way to sign in, or of the data kind.

    Exactly one of `field`, `variant` and `data_kind` is given. A field is compared with `value` by `operator`;
    `filled` and `empty` take no value, `one_of` a list, `contains` asks whether a text or a list holds the value. A
    field that is itself not asked counts as empty (facts, section 5: conditional).
    """

    model_config = FROZEN

    field: str | None = None
    operator: Literal["equals", "not_equals", "one_of", "contains", "filled", "empty"] = "equals"
    value: Any = None
    variant: tuple[str, ...] = ()
    data_kind: tuple[Kind, ...] = ()

    @model_validator(mode="after")
    def _asks_one_thing(self) -> "Condition":
        if sum((self.field is not None, bool(self.variant), bool(self.data_kind))) != 1:
            raise ValueError("a condition asks one thing: field, variant or data_kind")
        takes_value = self.field is not None and self.operator not in ("filled", "empty")
        if takes_value and self.value is None:
            raise ValueError(f"{self.operator} needs a value")
        if not takes_value and self.value is not None:
            raise ValueError("a value is compared only with a field, by equals, not_equals, one_of or contains")
        if self.operator == "one_of" and not isinstance(self.value, list | tuple):
            raise ValueError("one_of needs a list of values")
        return self


class OptionsRequest(BaseModel):
    """How a REST destination is asked for a list: where, with which fields in the query, and what is in the answer.

    `path` is appended to the host that the credential is for; a field's name in braces stands for its value there, and
    `query` says which parameter holds which field. `items` leads to the list in the answer (names joined by dots, ""
    for the answer itself); `value` and `title` are the names of an item's entries. An API key goes into `key_header`.
    """

    model_config = FROZEN

    path: str
    query: dict[str, str] = {}
    key_header: str = "X-API-Key"
    items: str = ""
    value: str = "id"
    title: str = "name"


class Options(BaseModel):
    """Choices that are looked up when somebody asks: at the destination, or among Interlock's own objects.

    `list` names what is listed (`buckets`, `audiences` ...). `depends_on` are fields of the same form that must be
    filled in first; when one of them changes the choices are looked up again.
    """

    model_config = FROZEN

    source: Literal["destination", "interlock"]
    list: str
    depends_on: tuple[str, ...] = ()
    request: OptionsRequest | None = None


class Case(BaseModel):
    """What an object consists of while the field that it goes by has one of these values."""

    model_config = FROZEN

    value: tuple[str, ...]
    properties: tuple["Field", ...] = ()


class Field(BaseModel):
    """One thing that is asked: of a credential, of the parameters, of the file format, or for each audience.

    Whether it is asked: `when` (all must hold, else the field is neither asked nor kept), `hidden` (its default is
    kept, nobody is asked), `read_only` (shown with its default, nobody may send another value). Whether it must be
    given: `required`, or `required_when` all of that holds. `immutable`: fixed when the connection is saved. `unique`:
    no two connections of the destination may have the same value, in the sandbox or in the whole organisation.

    What it may be: `enum` with `enum_titles`, the choices in words in the same order (also written as `named_enum`, a
    list of name and value); an enum without choices is free text; `options` are looked up live and only suggested.
    `pattern` must match the whole value. `refuses` holds what look-aheads of published patterns express elsewhere.
    Where the field named by `pattern_unless` is filled in, the pattern is not asked: S3-compatible servers make keys of
    their own shape. `format` says what a text is beyond its pattern: a URL, a folder path (`absolute` if it may begin
    with a slash), a public key. `acknowledge` is a text that must be typed as it stands; a boolean must then be true.

    An `object` has `properties`, or `cases` chosen by the value of the field that `by` names; an `array` has `items`.
    `host` marks the field that names the host to which a credential goes. `group` is the heading under which fields
    stand together; the order of declaration is the order on the screen.
    """

    model_config = FROZEN

    name: str
    title: str
    type: Literal["string", "integer", "number", "boolean", "enum", "date", "object", "array"] = "string"
    group: str = ""
    required: bool = False
    required_when: tuple[Condition, ...] = ()
    when: tuple[Condition, ...] = ()
    hidden: bool = False
    read_only: bool = False
    immutable: bool = False
    unique: Literal["sandbox", "organisation"] | None = None
    secret: bool = False
    default: Any = None
    enum: tuple[str, ...] = ()
    enum_titles: tuple[str, ...] = ()
    options: Options | None = None
    pattern: str | None = None
    pattern_unless: str | None = None
    refuses: tuple[Refusing, ...] = ()
    format: Literal["url", "host", "folder-path", "public-key", "headers", "query", "email"] | None = None
    acknowledge: str | None = None
    min_length: int = 0
    max_length: int = 1024
    minimum: int | None = None
    maximum: int | None = None
    properties: tuple["Field", ...] = ()
    by: str | None = None
    cases: tuple[Case, ...] = ()
    items: "Field | None" = None
    min_items: int = 0
    max_items: int = 100
    host: bool = False
    absolute: bool = False
    help: str = ""
    example: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _named_enum(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "named_enum" not in data:
            return data
        named, rest = data["named_enum"], {key: value for key, value in data.items() if key != "named_enum"}
        if "enum" in rest or "enum_titles" in rest:
            raise ValueError("give either named_enum or enum with enum_titles")
        if not isinstance(named, list) or not all(
            isinstance(one, dict) and one.keys() == {"name", "value"} for one in named
        ):
            raise ValueError("named_enum is a list of {name, value}")
        return rest | {"enum": [one["value"] for one in named], "enum_titles": [one["name"] for one in named]}
