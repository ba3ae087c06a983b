"""A destination that asks for everything that a form can ask for, as a file of the catalog folder."""

import json

_TOKEN = {"name": "token", "title": "Token", "required": True, "secret": True, "max_length": 200}
FORM = {
    "id": "every-field",
    "name": "Every field",
    "category": "crm",
    "description": "For tests: asks for everything that can be asked for.",
    "type": "streaming-segment",
    "supports": ["audiences"],
    "audience_types": ["people", "account"],
    "alerts": "streaming",
    "variants": [
        {"id": "first", "type": "bearer", "title": "The first token", "fields": [_TOKEN]},
        {
            "id": "second",
            "type": "bearer",
            "title": "The second token",
            "fields": [_TOKEN, {"name": "region_code", "title": "Region", "pattern": "[a-z]{2}"}],
        },
        {"id": "open", "type": "none", "title": "No token", "kind": "none", "reason": "The destination is open."},
    ],
    "parameters": [
        {"name": "region", "title": "Region", "type": "enum", "enum": ["eu", "us"], "required": True},
        {
            "name": "client_id",
            "title": "Client",
            "required": True,
            "pattern": "[a-z]{3,20}",
            "when": [{"field": "region", "value": "eu"}],
        },
        {
            "name": "plan",
            "title": "Plan",
            "type": "enum",
            "named_enum": [{"name": "Basic", "value": "basic"}, {"name": "With all", "value": "\t"}],
            "when": [{"variant": ["first", "second"]}],
        },
        {"name": "lifetime", "title": "Lifetime", "type": "integer", "minimum": 1, "maximum": 10},
        {"name": "rate", "title": "Rate", "type": "number", "minimum": 0, "maximum": 1},
        {"name": "consent", "title": "Consent", "type": "boolean"},
        {"name": "terms", "title": "Terms", "acknowledge": "I agree"},
        {"name": "starts", "title": "Starts", "type": "date"},
        {"name": "mail", "title": "Mail", "format": "email"},
        {
            "name": "alias",
            "title": "Alias",
            "immutable": True,
            "unique": "sandbox",
            "refuses": [{"pattern": "(?i)admin", "message": "is a word that means something else"}],
        },
        {"name": "internal", "title": "Internal", "hidden": True, "default": "kept"},
        {"name": "fixed", "title": "Fixed", "read_only": True, "default": "always"},
        {
            "name": "settings",
            "title": "Settings",
            "type": "object",
            "properties": [
                {"name": "owner", "title": "Owner", "required": True, "max_length": 20},
                {"name": "level", "title": "Level", "type": "integer", "minimum": 1},
            ],
        },
        {"name": "tags", "title": "Tags", "type": "array", "max_items": 3, "items": {"name": "tag", "title": "Tag"}},
        {"name": "channel", "title": "Channel", "type": "enum", "enum": ["mail", "push"], "default": "mail"},
        {
            "name": "target",
            "title": "Target",
            "type": "object",
            "by": "channel",
            "cases": [
                {"value": ["mail"], "properties": [{"name": "sender", "title": "Sender"}]},
                {"value": ["push"], "properties": [{"name": "app", "title": "App", "required": True}]},
            ],
        },
    ],
}

GOOD = {"name": "Every field", "data_kind": "people", "fields": {"region": "us", "settings": {"owner": "ann"}}}
"""The least that it takes."""


def write_to(folder, **altered):
    """Write it as a file, some of it altered, and return the folder."""
    folder.mkdir(exist_ok=True)
    folder.joinpath("every-field.yaml").write_text(json.dumps({**FORM, **altered}))
    return folder
