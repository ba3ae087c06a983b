"""What of a draft no longer holds, now that its destination's entry in the catalog is another than when it began."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol
from uuid import UUID

from engine.errors import Invalid
from workflows.catalog import DestinationSpec
from workflows.parameters import validate_parameters
from workflows.ports import Patterns


class Draft(Protocol):
    """What was chosen so far."""

    variant: str
    account_id: UUID | None
    alerts: Any
    marketing_actions: Any

    @property
    def parameters(self) -> dict[str, Any]:
        """What the parameters step chose, in the shape of its command."""


def outdated(spec: DestinationSpec, draft: Draft, patterns: Patterns) -> Sequence[tuple[str, str]]:
    """Return what the present spec refuses of what was chosen, as pairs of the step to take again and why."""
    return tuple(_faults(spec, draft, patterns))


def _faults(spec: DestinationSpec, draft: Draft, patterns: Patterns) -> Iterator[tuple[str, str]]:
    variant = next((variant for variant in spec.variants if variant.id == draft.variant), None)
    if variant is None:
        yield "authenticate", "this way to sign in is no longer there"
    elif (variant.kind == "credential") != (draft.account_id is not None):
        yield "authenticate", f"{spec.name} now asks for {'a' if variant.kind == 'credential' else 'no'} credential"
    chosen = draft.parameters
    try:
        kept = validate_parameters(spec, chosen, patterns, variant=draft.variant)
    except Invalid as invalid:
        for pointer, message in invalid.errors:
            yield "set_parameters", f"{pointer or '/'} {message}"
    else:
        if kept["file_format"] is not None and chosen["file_format"] is None:
            yield "set_parameters", "/file_format was not asked for, and now is"
    if any(alert not in spec.offered_alerts for alert in draft.alerts):
        yield "configure_alerts", "an alert that was chosen is no longer on offer"
    if missing := [action for action in spec.locked_actions if action not in draft.marketing_actions]:
        yield "govern", f"the destination cannot do without {', '.join(missing)}"
