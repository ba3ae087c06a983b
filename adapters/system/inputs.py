"""What a command asks for, as JSON Schema 2020-12: forms, options and `path` are read from it."""

from typing import Any

from workflows.catalog import MARKETING_ACTIONS, DestinationSpec
from workflows.connection.aggregate import Connection
from workflows.connection.commands import COMMANDS
from workflows.parameters import credential_schema, draft_parameters, parameters_schema
from workflows.ports import Patterns

SCHEMA = "https://json-schema.org/draft/2020-12/schema"


def input_schema(trigger: str, spec: DestinationSpec | None, connection: Connection) -> dict[str, Any]:
    """Return the schema of the body of a command to *connection*, which is one to that destination.

    Without a spec (the destination left the catalog), what the command takes from any destination.
    """
    if spec is None:
        return _of_any_destination(trigger)
    match trigger:
        case "authenticate":
            return {"$schema": SCHEMA, "title": "Authenticate", "oneOf": _ways_to_sign_in(spec)}
        case "set_parameters":
            return parameters_schema(spec, variant=connection.variant or None)
        case "edit_parameters":
            return _edit(parameters_schema(spec, connection.data_kind or None, connection.variant or None))
        case "configure_alerts" | "edit_alerts":
            return _choice("alerts", "Alerts", spec.offered_alerts)
        case "govern" | "edit_marketing_actions":
            schema = _choice("marketing_actions", "Marketing actions", MARKETING_ACTIONS)
            locked = [{"contains": {"const": action}} for action in spec.locked_actions]
            if locked:
                schema["properties"]["marketing_actions"]["allOf"] = locked
            return schema
        case _:
            return _of_any_destination(trigger)


def _of_any_destination(trigger: str) -> dict[str, Any]:
    schema = COMMANDS[trigger].model_json_schema(mode="validation")
    schema["properties"] = {n: p for n, p in schema["properties"].items() if n != "connection_id"}
    schema["required"] = [name for name in schema.get("required", ()) if name != "connection_id"]
    return {"$schema": SCHEMA, **schema, "title": COMMANDS[trigger].__name__}


def _edit(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an edit: what is left out stays as it is."""
    return {name: part for name, part in schema.items() if name != "required"} | {"minProperties": 1}


def _ways_to_sign_in(spec: DestinationSpec) -> list[dict[str, Any]]:
    kept = {
        "title": "An existing account",
        "type": "object",
        "properties": {"account_id": {"type": "string", "format": "uuid", "title": "Account"}},
        "required": ["account_id"],
        "additionalProperties": False,
    }
    ways: list[dict[str, Any]] = []
    for variant in spec.variants:
        name = {"variant": {"const": variant.id}}
        needs_name = ["variant"] if len(spec.variants) > 1 and variant.id != spec.default_variant else []
        if variant.kind == "credential":
            properties = {**name, "credential": credential_schema(spec, variant)}
            properties["account_name"] = {"type": "string", "title": "Name of the account", "maxLength": 255}
            required = [*needs_name, "credential"]
        else:
            properties, required = {**name}, needs_name
        ways.append(
            {
                "title": variant.title,
                "description": variant.reason,
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": False,
            }
        )
    return [kept, *ways] if any(variant.kind == "credential" for variant in spec.variants) else ways


def _choice(name: str, title: str, offered: tuple[str, ...]) -> dict[str, Any]:
    items: dict[str, Any] = {"enum": list(offered)} if offered else {"not": {}}
    return {
        "$schema": SCHEMA,
        "type": "object",
        "properties": {name: {"type": "array", "title": title, "items": items, "uniqueItems": False}},
        "required": [name],
        "additionalProperties": False,
    }


def prefill(trigger: str, connection: Connection, spec: DestinationSpec | None, patterns: Patterns) -> dict[str, Any]:
    """Return what was chosen before at that step, to begin with; empty when nothing was.

    Fields that are no longer asked, known or in order are left out, as far as there is a spec to tell.
    """
    match trigger:
        case "authenticate" if connection.account_id is not None:
            return {"account_id": str(connection.account_id)}
        case "set_parameters" | "edit_parameters" if connection.name:
            chosen = {name: value for name, value in connection.parameters.items() if value is not None}
            if spec is None:
                return chosen
            still = draft_parameters(spec, {}, patterns, variant=connection.variant or None, before=chosen)
            return chosen | {name: value for name, value in still.values.items() if value is not None}
        case "configure_alerts" | "edit_alerts" if connection.alerts:
            return {"alerts": list(connection.alerts)}
        case "govern" | "edit_marketing_actions" if connection.marketing_actions:
            return {"marketing_actions": list(connection.marketing_actions)}
        case _:
            return {}
