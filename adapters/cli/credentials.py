"""A credential, put together from options, files, variables and hidden prompts; its secrets never in arguments."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from adapters.cli.errors import WrongUse
from adapters.cli.inputs import is_secret, pairs, segment, text_from, typed
from adapters.cli.session import Session

VariantOption = Annotated[
    str | None, typer.Option("--variant", help="How to sign in, where the destination offers more than one way.")
]
CredentialOption = Annotated[
    list[str] | None, typer.Option("--credential", metavar="NAME=VALUE", help="A field that is not secret; repeat it.")
]
FileOption = Annotated[
    list[str] | None,
    typer.Option("--credential-file", metavar="NAME=PATH", help="A field out of a file (- is standard input)."),
]
EnvironmentOption = Annotated[
    list[str] | None,
    typer.Option("--credential-env", metavar="NAME=VARIABLE", help="A field out of an environment variable."),
]


@dataclass(frozen=True, slots=True)
class Given:
    """What the options said about a credential."""

    variant: str | None = None
    fields: Sequence[str] = ()
    files: Sequence[str] = ()
    environment: Sequence[str] = ()

    @classmethod
    def of(
        cls, variant: str | None, fields: list[str] | None, files: list[str] | None, environment: list[str] | None
    ) -> "Given":
        """Return what the options said, none of them being nothing."""
        return cls(variant, fields or (), files or (), environment or ())


def collect(session: Session, destination: str, given: Given) -> dict[str, Any]:
    """Return `{variant?, credential?}` for a destination; what is required and missing is asked at a terminal.

    Raises:
        WrongUse: a secret stands on the command line, or a file or variable cannot be read.
    """
    schema = _schema(session, destination, given.variant)
    chosen = {"variant": given.variant} if given.variant else {}
    values: dict[str, Any] = typed(given.fields, schema or {}, "--credential")
    for name, value in [*_out_of_files(given.files), *_out_of_environment(given.environment)]:
        if name in values:
            raise WrongUse(f"{name} is given twice", "give each field once")
        values[name] = _wrapped(session, name, value, schema or {})
    if schema is not None:
        values |= _asked(session, schema, values)
    if schema is None and not values:
        return chosen
    return {**chosen, "credential": values}


def _schema(session: Session, destination: str, variant: str | None) -> dict[str, Any] | None:
    """Return the schema of the credential, None where none is asked; the API judges a variant that does not exist."""
    card = session.client.get(f"/v1/catalog/{segment(destination)}")
    variants: list[Mapping[str, Any]] = card.get("variants") or []
    variant = variant or card.get("default_variant")
    matching = [known for known in variants if known["id"] == variant] if variant else variants
    if not variant and len(variants) > 1:
        names = ", ".join(str(known["id"]) for known in variants)
        raise WrongUse(f"{card['name']} offers several ways to sign in: {names}", "choose one with --variant")
    schema: dict[str, Any] | None = matching[0].get("credential") if matching else None
    return schema


def _out_of_files(given: Sequence[str]) -> list[tuple[str, str]]:
    # Editors end a file with a line break that is no part of a password.
    return [
        (name, text_from(path, f"--credential-file {name}").removesuffix("\n").removesuffix("\r"))
        for name, path in pairs(given, "--credential-file").items()
    ]


def _out_of_environment(given: Sequence[str]) -> list[tuple[str, str]]:
    found = []
    for name, variable in pairs(given, "--credential-env").items():
        if variable not in os.environ:
            raise WrongUse(f"the variable that --credential-env names for {name} is not set", "set and export it")
        found.append((name, os.environ[variable]))
    return found


def _wrapped(session: Session, name: str, value: str, schema: Mapping[str, Any]) -> Any:
    """Return a value as it is sent: whatever came by a hidden way stays hidden, unless the schema has it plain."""
    from engine.secret import Secret

    field = (schema.get("properties") or {}).get(name)
    if field is not None and not is_secret(field):
        return typed([f"{name}={value}"], schema, "--credential")[name]
    secret = Secret(value)
    session.secrets.append(secret)
    return secret


def _asked(session: Session, schema: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Ask at a terminal for what is required and missing; elsewhere the API says what is."""
    missing = [name for name in schema.get("required") or () if name not in values]
    if not missing or not sys.stdin.isatty():
        return {}
    found = {}
    for name in missing:
        field = schema["properties"][name]
        answer = typer.prompt(str(field.get("title", name)), hide_input=is_secret(field), err=True)
        found[name] = _wrapped(session, name, answer, schema)
    return found
