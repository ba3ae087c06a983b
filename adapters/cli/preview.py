"""interlock connections preview: a sample of the files that a connection would export."""

import base64
from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.cli.command import command
from adapters.cli.connections import IdArgument
from adapters.cli.errors import WrongUse
from adapters.cli.inputs import body_from, segment, typed
from adapters.cli.printing import cell, console, for_programs, new_table, note, say
from adapters.cli.session import Session


def add_to(app: typer.Typer) -> None:
    """Register the command among those of connections."""

    @command(app, "preview")
    def preview(
        session: Session,
        id: IdArgument,
        data_kind: Annotated[
            str | None, typer.Option("--data-kind", help="people, accounts, prospects or datasets.")
        ] = None,
        file_format: Annotated[
            list[str] | None,
            typer.Option("--file-format", metavar="NAME=VALUE", help="An option of the file; repeat it."),
        ] = None,
        body: Annotated[
            str | None, typer.Option("--body", help="A JSON file with data_kind and file_format (- is standard input).")
        ] = None,
        to: Annotated[
            Path | None, typer.Option("--to", help="Also write the bytes of the sample into this new file.")
        ] = None,
    ) -> None:
        """Show a sample file in a format, exactly as an export would write it; nothing is recorded."""
        if body is not None and (data_kind or file_format):
            raise WrongUse("--body and other options exclude each other", "put everything into the body")
        asked = body_from(body) if body is not None else _asked(session, id, data_kind, file_format)
        found = session.client.request("POST", f"/v1/connections/{segment(id)}/format/preview", body=asked).body
        if to is not None:
            _write(to, found)
        if not for_programs(session, found):
            _show(found)


def _asked(session: Session, id: str, data_kind: str | None, options: list[str] | None) -> dict[str, Any]:
    asked: dict[str, Any] = {"data_kind": data_kind} if data_kind else {}
    if options:
        connection = session.client.get(f"/v1/connections/{segment(id)}")
        card = session.client.get(f"/v1/catalog/{segment(connection['destination'])}")
        schemas = (card.get("parameters") or {}).get("properties") or {}
        asked["file_format"] = typed(options, schemas.get("file_format") or {}, "--file-format")
    return asked


def _bytes(found: dict[str, Any]) -> bytes:
    """Return the bytes of the sample; text in UTF-16 begins with its mark, as in the file."""
    if found["encoding"] == "base64":
        return base64.b64decode(found["sample"])
    text: str = found["sample"]
    return text.encode("utf-16-be" if "utf-16" in found["content_type"] else "utf-8")


def _write(file: Path, found: dict[str, Any]) -> None:
    try:
        with file.open("xb") as stream:
            stream.write(_bytes(found))
    except OSError as error:
        raise WrongUse(
            f"what --to names cannot be written: {error.strerror}", "name a file that is not there"
        ) from None


def _show(found: dict[str, Any]) -> None:
    table = new_table("File", "Bytes", "Rows", title=f"A sample, {found['content_type']}")
    for file in found["files"]:
        table.add_row(cell(file["name"]), cell(file["bytes"]), cell(file["rows"]))
    if found["manifest"]:
        table.add_row(cell(found["manifest"]["file_name"]), cell(""), cell(""))
    console().print(table)
    if found["encoding"] == "text":
        for line in found["sample"].removeprefix("\ufeff").split("\n"):
            say(line)
    else:
        say("the file is compressed, or no text: --to writes its bytes")
    say(f"SHA-256: {found['digest']}")
    for warning in found["warnings"]:
        note(f"warning: {warning['pointer']} {warning['message']}")
