"""Commands that a stranger may think of: mostly sound, now and then with something wrong in them."""

from hypothesis import strategies as st

from tests.suites import story
from tests.suites.expectations import Ask

USERS = ("ann", "bob")
NONSENSE = (None, [], "x", 7, {"colour": "red"}, {"connection_id": "x"}, {"_type_": "x", "_data_": []})
TRIGGERS = (
    *story.WAY,
    "edit_parameters",
    "edit_alerts",
    "edit_marketing_actions",
    "disable",
    "enable",
    "delete",
    "discard",
    "expire",
)
HOW = ("plain", "plain", "key", "version", "foreign", "nonsense")
VARIETY = st.integers(0, 5)


def ask(trigger, destination, variety):
    """Return a command to a connection of that destination: mostly sound, now and then with something wrong in it."""
    if variety == 5:
        return Ask(trigger, {**story.usual_body(trigger, destination), "colour": "red"}, sound=False)
    match trigger:
        case "authenticate" if destination != "data-landing-zone":
            user, good = USERS[variety % 2], variety != 3
            if variety == 4:
                body = {**story.new_credential(destination), "credential": story.malformed(destination)}
                return Ask(trigger, body, sound=False)
            return Ask(trigger, story.new_credential(destination, user, good=good), sound=good, fresh=good)
        case "set_parameters" | "edit_parameters":
            if variety == 4:
                return Ask(trigger, {**story.parameters(destination), "name": "\u200b"}, sound=False)
            host = "" if destination != "http-api" else "events.example.com" if variety < 3 else "elsewhere.example.com"
            folder = "out" if variety != 3 else story.MISSING
            body = story.parameters(destination, f"Nightly {variety}", folder=folder, host=host)
            return Ask(trigger, body, sound=variety != 3 or destination == "http-api", host=host)
        case "configure_alerts" | "edit_alerts":
            return Ask(trigger, {"alerts": ["skip-rate", "earthquake"][: variety % 3]}, sound=variety % 3 < 2)
        case "govern" | "edit_marketing_actions":
            actions = ["analytics", "telepathy"][: variety % 3]
            return Ask(trigger, {"marketing_actions": actions}, sound=variety % 3 < 2)
        case "save":
            return Ask(trigger, {"then": ("exit", "activate", "vanish")[variety % 3]}, sound=variety % 3 < 2)
    return Ask(trigger, {})
