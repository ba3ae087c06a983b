"""The built-in destinations, their patterns, and short ways to judge something against them."""

from adapters.catalog.loader import load_catalog
from adapters.catalog.patterns import Re2Patterns
from engine.errors import Invalid
from workflows.parameters import validate_credential, validate_parameters

CATALOG = load_catalog()
PATTERNS = Re2Patterns()
S3, SFTP, HTTP, ZONE = (CATALOG.get(name) for name in ("amazon-s3", "sftp", "http-api", "data-landing-zone"))
BODIES = {
    "amazon-s3": {
        "name": "Nightly",
        "data_kind": "people",
        "fields": {"bucket_name": "my-bucket", "folder_path": "out"},
    },
    "sftp": {"name": "Nightly", "data_kind": "people", "fields": {"folder_path": "/out"}},
    "http-api": {"name": "Live", "fields": {"http_endpoint": "https://events.example.com/in"}},
    "data-landing-zone": {"name": "Nightly", "data_kind": "people"},
}
"""The least that each destination takes."""


def accepted(spec, body, before=None):
    """Return the validated parameters."""
    return validate_parameters(spec, body, PATTERNS, before=before)


def refused(spec, body, before=None):
    """Return why the parameters are refused: pointer to message."""
    return _errors(validate_parameters, spec, body, PATTERNS, before=before)


def accepted_credential(spec, raw, variant=None):
    """Return the validated credential."""
    return validate_credential(spec, spec.variant(variant), raw, PATTERNS)


def refused_credential(spec, raw, variant=None):
    """Return why the credential is refused: pointer to message."""
    return _errors(validate_credential, spec, spec.variant(variant), raw, PATTERNS)


def with_fields(spec, **fields):
    """Return the least body of a destination, with some of its fields altered."""
    body = BODIES[spec.id]
    return {**body, "fields": {**body.get("fields", {}), **fields}}


def with_format(spec, data_kind="people", **file_format):
    """Return the least body of a destination, of a data kind and with a file format."""
    return {**BODIES[spec.id], "data_kind": data_kind, "file_format": file_format}


def _errors(judge, *arguments, **options):
    try:
        judge(*arguments, **options)
    except Invalid as invalid:
        return dict(invalid.errors)
    return {}
