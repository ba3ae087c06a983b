"""The page about a destination, made from its spec: everything that it asks for, offers and demands, as Markdown."""

from collections.abc import Callable, Iterator
from typing import Any

from adapters.system.files_in_words import file_format
from adapters.system.in_words import form, kinds_in_words, sentence
from adapters.system.marking import bullets, code, either, link, text
from adapters.system.portraits import category_title, connection_type, frequency, notes_on
from workflows.catalog import DestinationSpec, Variant

_FAMILIES = {
    "streaming-segment": "streams who enters and leaves an audience",
    "streaming-profile": "streams profiles with their attributes",
    "file-based": "writes files",
    "dataset-export": "exports whole datasets",
    "edge-personalization": "answers questions about profiles at the edge, while a page is shown",
    "data-share": "shares data in place, without sending it",
    "extension": "is an extension: it is installed in a web page or an app, and not connected here",
    "not-stated": "is listed only; how it takes data is not known",
}
_ORIGINS = {
    "segmentation-service": "the segmentation service",
    "custom-upload": "uploads of files",
    "other-origins": "other origins",
    "federated-audience-composition": "federated audience composition",
}
_EXPORTS = {
    "profile-based": "profiles with the attributes that were chosen",
    "segment-based": "membership of audiences",
    "profile-request": "answers about one profile at a time",
    "dataset": "rows of datasets",
}
_STATUSES = {"beta": "It is in beta: it may still change.", "limited": "It is available to some organisations only."}
_WITHIN = {"sandbox": "in each sandbox", "organisation": "in the whole organisation"}


def in_sections(spec: DestinationSpec) -> dict[str, Any]:
    """Return the page section by section; one that would have nothing to say is missing."""
    written = ((name, title, write(spec)) for name, title, write in _SECTIONS)
    sections = [{"id": name, "title": title, "text": said} for name, title, said in written if said]
    return {"destination": spec.id, "title": spec.name, "sections": sections}


def markdown(spec: DestinationSpec) -> str:
    """Return the whole page."""
    parts = [f"# {text(spec.name)}"]
    for section in in_sections(spec)["sections"]:
        parts += [f"## {section['title']}", section["text"]]
    return "\n\n".join(parts) + "\n"


def _about(spec: DestinationSpec) -> str:
    first = f"{text(spec.description)} It {_FAMILIES[spec.type]}."
    facts = [("Category", text(category_title(spec.category)))]
    if spec.data_kinds:
        facts.append(("Carries", kinds_in_words(spec.data_kinds)))
    if spec.audience_origins:
        facts.append(("Audiences come from", either([_ORIGINS[one] for one in spec.audience_origins])))
    if spec.export_type:
        facts.append(("Exports", _EXPORTS[spec.export_type]))
    if kind := connection_type(spec):
        facts.append(("Connection type", kind))
    if often := frequency(spec):
        facts.append(("Frequency", often))
    if spec.identities:
        facts.append(("Identities", ", ".join(code(one) for one in spec.identities)))
    if spec.availability:
        facts.append(("Availability", text(spec.availability)))
    facts.append(("Id", code(spec.id)))
    told = [first, _STATUSES.get(spec.status, ""), bullets(f"{name}: {what}" for name, what in facts)]
    if spec.documentation:
        told.append(f"The partner's own page: {link(spec.name, spec.documentation)}")
    return "\n\n".join(part for part in told if part)


def _signing_in(spec: DestinationSpec) -> str:
    if not spec.variants:
        if spec.type == "extension":
            return ""
        why = spec.not_connectable or "its catalog entry names no way to sign in"
        return sentence(f"{text(spec.name)} cannot be connected: {text(why)}")
    return "\n\n".join(part for variant in spec.variants for part in _variant(spec, variant))


def _variant(spec: DestinationSpec, variant: Variant) -> Iterator[str]:
    yield f"### {text(variant.title)}"
    ways = {
        "credential": "A credential is asked for, and tried before it is kept.",
        "redirect": "People sign in at the partner, who sends them back with a token.",
        "none": "No credential is asked for.",
        "provisioned": "This installation provides the credential; nobody is asked for one.",
        "allow_listed": "No credential is asked for: the partner lists who may send.",
    }
    said = [ways[variant.kind], f"Variant: {code(variant.id)}."]
    said += [sentence(text(part)) for part in (variant.reason, variant.help) if part]
    if variant.token_lifetime_days is not None:
        said.append(f"What it proves lapses after {variant.token_lifetime_days} days; then sign in again.")
    yield " ".join(said)
    if variant.fields:
        yield form(variant.fields, spec)


def _parameters(spec: DestinationSpec) -> str:
    if not spec.variants:
        return form(spec.parameters, spec) if spec.parameters else ""
    named = "Every connection has a name, and may have a description."
    kinds = f" It carries {kinds_in_words(spec.data_kinds)}; that is fixed once it is saved." if spec.data_kinds else ""
    if not spec.parameters:
        return f"{named}{kinds} Nothing else is asked for."
    return f"{named}{kinds}\n\n{form(spec.parameters, spec)}"


def _mappings(spec: DestinationSpec) -> str:
    lines = []
    for one in spec.mappings:
        said = f"{code(one.target)} {f'from {code(one.source)}' if one.source else 'from a field that you choose'}"
        said += ", filled in already" if one.preset else ""
        said += ", cannot be changed" if one.read_only else ""
        said += f"; at least one of the group “{text(one.at_least_one_of)}”" if one.at_least_one_of else ""
        lines.append(f"{said}{f'. {text(one.help)}' if one.help else ''}")
    return bullets(lines)


def _per_audience(spec: DestinationSpec) -> str:
    return form(spec.per_audience_fields, spec) if spec.per_audience_fields else ""


def _schedule(spec: DestinationSpec) -> str:
    offer = spec.schedule
    if offer is None:
        return ""
    lines = [f"Files: {either(offer.export_modes)}"] if offer.export_modes else []
    if offer.frequencies:
        lines.append(f"Frequency: {either([one.replace('-', ' ') for one in offer.frequencies])}")
    if offer.fixed:
        lines.append("The destination decides the schedule; nobody chooses it")
    if offer.help:
        lines.append(text(offer.help))
    return bullets(lines)


def _alerts(spec: DestinationSpec) -> str:
    if not spec.offered_alerts:
        return "No alerts are on offer." if spec.variants else ""
    return f"These can be subscribed to: {', '.join(code(alert) for alert in spec.offered_alerts)}."


def _governance(spec: DestinationSpec) -> str:
    lines = [f"Always on: {', '.join(code(one) for one in spec.locked_actions)}"] if spec.locked_actions else []
    if preset := [code(one) for one in spec.preset_actions if one not in spec.locked_actions]:
        lines.append(f"On to begin with: {', '.join(preset)}")
    return bullets(lines)


def _limits(spec: DestinationSpec) -> str:
    lines = []
    if spec.one_per is not None:
        lines.append(f"One connection {_WITHIN[spec.one_per]}")
    if spec.advised_per_sandbox is not None:
        lines.append(f"More than {spec.advised_per_sandbox} connections in a sandbox are advised against, not refused")
    return bullets(lines)


def _testing(spec: DestinationSpec) -> str:
    if not spec.variants:
        return ""
    if spec.connector is None:
        return "It cannot be tested from here: what is given is kept as it is, and the destination is not asked."
    return f"Credentials and connections are tried for real, by the connector {code(spec.connector)}."


def _notes(spec: DestinationSpec) -> str:
    return bullets(text(note) for note in notes_on(spec))


_SECTIONS: tuple[tuple[str, str, Callable[[DestinationSpec], str]], ...] = (
    ("about", "What it is", _about),
    ("sign-in", "How to sign in", _signing_in),
    ("parameters", "Parameters", _parameters),
    ("file-format", "File format", file_format),
    ("mappings", "Mappings", _mappings),
    ("per-audience", "For each audience", _per_audience),
    ("schedule", "Schedule", _schedule),
    ("alerts", "Alerts", _alerts),
    ("marketing-actions", "Marketing actions", _governance),
    ("limits", "Limits", _limits),
    ("testing", "What can be tested", _testing),
    ("notes", "Notes", _notes),
)
