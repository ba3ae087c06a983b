from uuid import UUID

import pytest
from pydantic import Field, ValidationError
from pydantic_core import PydanticSerializationError

from engine.command import Command, Hidden
from engine.secret import Secret


class SignIn(Command):
    """Show who you are."""

    TRIGGER = "sign_in"
    user: str
    attempts: int = 1
    credential: dict[str, Hidden] = Field(default_factory=dict)


@pytest.mark.parametrize("value", ["hunter2", ["hunter2"], {"a": {"b": ["hunter2"]}}])
def test_text_in_a_hidden_value_is_wrapped_at_once_however_deep(value):
    command = SignIn(user="ann", credential={"password": value, "port": 22})
    assert "hunter2" not in repr(command)
    assert "hunter2" not in str(command.model_dump())
    assert command.credential["port"] == 22


def test_a_hidden_text_can_be_revealed_and_a_secret_stays_the_same():
    secret = Secret("hunter2")
    command = SignIn(user="ann", credential={"a": "hunter2", "b": secret})
    assert command.credential["a"].reveal() == "hunter2"
    assert command.credential["b"] is secret


def test_a_command_with_a_hidden_text_has_no_serial_form():
    with pytest.raises(PydanticSerializationError):
        SignIn(user="ann", credential={"a": "hunter2"}).model_dump_json()


@pytest.mark.parametrize(
    "sent",
    [
        {"user": "ann", "credential": {"a": "hunter2"}, "unknown": "hunter2"},
        {"credential": {"a": "hunter2"}},
        {"user": "ann", "credential": "hunter2"},
        {"user": "ann", "attempts": "hunter2"},
        {"user": "ann", "attempts": "8"},
        {"user": ["hunter2"]},
    ],
)
def test_a_wrong_field_is_refused_without_repeating_what_was_sent(sent):
    with pytest.raises(ValidationError) as refused:
        SignIn(**sent)
    assert "hunter2" not in str(refused.value)


def test_a_command_never_changes_and_names_no_target_unless_it_says_so():
    command = SignIn(user="ann")
    with pytest.raises(ValidationError):
        command.user = "bob"
    assert command.target_id is None


def test_ids_are_taken_as_ids():
    class Open(Command):
        """Open it."""

        letter_id: UUID

    with pytest.raises(ValidationError):
        Open(letter_id="not an id")
