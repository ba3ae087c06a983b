"""What bodies of requests look like, for the description of the API; the commands themselves judge what is sent."""

from collections.abc import Mapping
from typing import Any

from engine.command import Command
from workflows.account.commands import CreateAccount
from workflows.catalog import FILE_ALERTS, MARKETING_ACTIONS
from workflows.connection.commands import SelectDestination

_TEXT = {"type": "string"}
_OBJECT = {"type": "object"}
_PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 255},
        "description": {"type": "string", "maxLength": 1024},
        "data_kind": {"enum": ["people", "accounts", "prospects", "datasets"]},
        "fields": {**_OBJECT, "description": "As the destination's `parameters` schema in the catalog says."},
        "file_format": {"type": ["object", "null"], "description": "For destinations that take files."},
    },
    "additionalProperties": False,
}
_PROBE = {
    "type": "object",
    "properties": {
        "destination": _TEXT,
        "variant": {"type": ["string", "null"]},
        "credential": {"type": ["object", "null"], "writeOnly": True},
        "fields": {"type": ["object", "null"]},
    },
    "required": ["destination"],
    "additionalProperties": False,
}
_NAMED = {"name": "Nightly export", "data_kind": "people", "fields": {"folder_path": "campaigns/2026"}}
_ACCESS_KEY = {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "..."}

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "select": {"a destination": {"destination": "amazon-s3"}},
    "authorise": {"an access key": {"destination": "amazon-s3", "credential": _ACCESS_KEY, "name": "Exports"}},
    "authenticate": {
        "nothing to ask": {},
        "an account": {"account_id": "01934c2e-0000-7000-8000-000000000001"},
        "a credential": {"variant": "s3-access-key", "credential": _ACCESS_KEY, "account_name": "Exports"},
    },
    "set_parameters": {"a folder": _NAMED},
    "edit_parameters": {"another name": {"name": "Nightly export, new"}},
    "configure_alerts": {"a failure": {"alerts": [FILE_ALERTS[2]]}, "none": {"alerts": []}},
    "edit_alerts": {"none": {"alerts": []}},
    "govern": {"an action": {"marketing_actions": [MARKETING_ACTIONS[4]]}, "none": {"marketing_actions": []}},
    "edit_marketing_actions": {"none": {"marketing_actions": []}},
    "save": {"and leave": {"then": "exit"}, "and go on": {"then": "activate"}},
    "reauthorise": {"a new key": {"credential": _ACCESS_KEY}},
    "person.add": {"a person": {"name": "Ann", "email": "ann@example.com", "opt_ins": ["email"]}},
    "person.edit": {"no messages": {"opt_ins": []}},
    "service_account.add": {"a program": {"name": "nightly-deploy"}},
    "give_role": {"a role": {"role": "viewer"}},
    "take_role": {"a role": {"role": "viewer"}},
    "role.define": {
        "to connect in one sandbox": {
            "name": "connector",
            "permissions": ["view-destinations", "manage-destinations"],
            "sandboxes": ["dev"],
            "labels": ["internal"],
        }
    },
    "role.redefine": {"another sandbox": {"sandboxes": ["dev", "stage"]}},
    "token.issue": {
        "to look only": {
            "owner": "nightly-deploy",
            "name": "pipeline",
            "permissions": ["view-destinations"],
            "expires_at": "2027-01-01T00:00:00Z",
        }
    },
    "sandbox.create": {"a sandbox": {"name": "dev", "title": "Development"}},
    "sandbox.retitle": {"a title": {"title": "For trying things out"}},
    "hand_over": {"to a person": {"to": "ann@example.com"}},
    "set_tags": {"two tags": {"tags": ["summer", "shop"]}, "none": {"tags": []}},
    "apply_labels": {"a label": {"labels": ["internal"]}, "none": {"labels": []}},
    "rename": {"a name": {"name": "Exports of the north"}},
}


def examples_of(command: type[Command]) -> Mapping[str, Any]:
    """Return examples of the body of a command, by what they show."""
    own = EXAMPLES.get(f"{command.TARGET}.{command.TRIGGER}")
    return own or EXAMPLES.get(command.TRIGGER) or {"nothing to say": {}}


def command_body(command: type[Command]) -> dict[str, Any]:
    """Return the description of the body of a command."""
    if command.TRIGGER in ("set_parameters", "edit_parameters"):
        schema = {**_PARAMETERS}
        if command.TRIGGER == "set_parameters":
            schema["required"] = ["name"]
    else:
        schema = command.model_json_schema()
        hidden = f"{command.TARGET}_id"
        if not command.OPENS:
            schema["properties"] = {name: part for name, part in schema["properties"].items() if name != hidden}
            schema["required"] = [name for name in schema.get("required", ()) if name != hidden]
    schema = {name: part for name, part in schema.items() if name not in ("title", "description") and part != []}
    return _body(schema, examples_of(command), required="required" in schema)


def _body(schema: Mapping[str, Any], examples: Mapping[str, Any], *, required: bool) -> dict[str, Any]:
    shown = {name: {"value": value} for name, value in examples.items()}
    return {"required": required, "content": {"application/json": {"schema": dict(schema), "examples": shown}}}


SELECT = command_body(SelectDestination)
CREATE_ACCOUNT = command_body(CreateAccount)
PARAMETERS = _body(_PARAMETERS, {"a folder": _NAMED}, required=True)
PROBE = _body(_PROBE, {"a landing zone": {"destination": "data-landing-zone"}}, required=True)
BULK = _body(
    {
        "type": "object",
        "properties": {
            "command": _TEXT,
            "ids": {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 100},
            "body": {**_OBJECT, "description": "The body of the command, the same for each."},
        },
        "required": ["command", "ids"],
        "additionalProperties": False,
    },
    {"pause one": {"command": "disable", "ids": ["01934c2e-0000-7000-8000-000000000001"]}},
    required=True,
)
VERIFY = _body(
    {"type": "object", "properties": {"expect": {"type": ["string", "null"]}}, "additionalProperties": False},
    {"all of it": {}},
    required=False,
)
_POSITION = {"type": ["integer", "null"], "minimum": 1}
PARK = _body(
    {
        "type": "object",
        "properties": {
            "position": {"type": "integer", "minimum": 1},
            "reason": {"type": ["string", "null"], "maxLength": 500},
        },
        "required": ["position"],
        "additionalProperties": False,
    },
    {"an event": {"position": 7, "reason": "under examination"}},
    required=True,
)
RETRY = _body(
    {"type": "object", "properties": {"position": _POSITION}, "additionalProperties": False},
    {"all that could not be folded": {}, "one event": {"position": 7}},
    required=False,
)
REBUILD = _body(
    {"type": "object", "properties": {"check": {"type": ["boolean", "null"]}}, "additionalProperties": False},
    {"compare, and switch": {}, "compare only": {"check": True}},
    required=False,
)
NOTHING = _body({"type": "object", "additionalProperties": False}, {"nothing to say": {}}, required=False)
