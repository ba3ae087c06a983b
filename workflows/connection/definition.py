"""The table of the connection workflow: one row is one step."""

from engine.definition import Definition, Transition
from engine.events import WorkflowEvent
from engine.guard import Guard
from workflows.connection import events, guards
from workflows.withdrawal import in_catalog

DRAFT_STATES = ("catalog_selected", "authenticated", "parameters_set", "alerts_configured", "governed")
SAVED_STATES = ("saved", "disabled")
STEPS = ("authenticate", "set_parameters", "configure_alerts", "govern", "save")


def from_step(state: str) -> tuple[str, ...]:
    """Return *state* and every later draft state: going back, and doing a step again, are ordinary moves."""
    return DRAFT_STATES[DRAFT_STATES.index(state) :]


def staying(trigger: str, states: tuple[str, ...], event: type[WorkflowEvent], *rules: Guard) -> tuple[Transition, ...]:
    """Return the rows of a step that changes something of the connection, and not where it stands."""
    return tuple(Transition(trigger, (state,), state, event, rules) for state in states)


DEFINITION = Definition(
    name="connection",
    version=1,
    initial="catalog_selected",
    opening=events.CatalogSelected,
    transitions=(
        Transition(
            "authenticate",
            from_step("catalog_selected"),
            "authenticated",
            events.Authenticated,
            (in_catalog, guards.account_of_destination, guards.account_authorised, guards.probe_passed),
        ),
        Transition(
            "set_parameters",
            from_step("authenticated"),
            "parameters_set",
            events.ParametersSet,
            (in_catalog, guards.account_authorised, guards.secret_stays_with_host, guards.probe_passed),
        ),
        Transition(
            "configure_alerts",
            from_step("parameters_set"),
            "alerts_configured",
            events.AlertsConfigured,
            (in_catalog, guards.alerts_on_offer),
        ),
        Transition(
            "govern",
            from_step("alerts_configured"),
            "governed",
            events.Governed,
            (in_catalog, guards.known_actions, guards.locked_actions),
        ),
        Transition(
            "save",
            ("governed",),
            "saved",
            events.Saved,
            (in_catalog, guards.account_authorised, guards.spec_unchanged, guards.values_free, guards.room),
        ),
        Transition(
            "edit_parameters",
            ("saved",),
            "saved",
            events.ParametersEdited,
            (
                in_catalog,
                guards.account_authorised,
                guards.secret_stays_with_host,
                guards.probe_passed,
                guards.values_free,
            ),
        ),
        Transition("edit_alerts", ("saved",), "saved", events.AlertsEdited, (in_catalog, guards.alerts_on_offer)),
        Transition(
            "edit_marketing_actions",
            ("saved",),
            "saved",
            events.MarketingActionsEdited,
            (in_catalog, guards.known_actions, guards.locked_actions),
        ),
        Transition("disable", ("saved",), "disabled", events.Disabled),
        Transition("enable", ("disabled",), "saved", events.Enabled, (in_catalog, guards.account_authorised)),
        Transition("delete", ("saved", "disabled"), "deleted", events.Deleted),
        Transition("discard", DRAFT_STATES, "discarded", events.Discarded),
        Transition("expire", DRAFT_STATES, "expired", events.Expired, (guards.draft_is_old,)),
        *staying("rename", DRAFT_STATES, events.Renamed),
        *staying("hand_over", DRAFT_STATES, events.HandedOver, guards.receiver_can_go_on),
        *staying("set_tags", (*DRAFT_STATES, *SAVED_STATES), events.TagsSet),
        *staying("apply_labels", SAVED_STATES, events.LabelsApplied),
    ),
    final=("deleted", "discarded", "expired"),
)
