import copy
import dataclasses
import io
import json
import logging
import marshal
import pickle
import pprint
import traceback

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from engine.secret import MASK, Secret

CANARY = "hunter2-canary"


@pytest.fixture
def secret():
    return Secret(CANARY)


class Login(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)
    user: str
    password: Secret


@dataclasses.dataclass
class Kept:
    secret: Secret


def test_the_one_way_out_is_reveal(secret):
    assert secret.reveal() == CANARY
    assert len(secret) == len(CANARY)
    assert secret
    assert not Secret("")


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        ascii,
        format,
        pprint.pformat,
        "{}".format,
        "{!r:>40}".format,
        "{:>40}".format,
        "{:s}".format,
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
        lambda secret: f"{secret}{secret!r}{secret!s}{secret:x}",
        lambda secret: repr([secret, {"a": secret}, Kept(secret), Login(user="ann", password=secret)]),
        lambda secret: str(Login(user="ann", password=secret)),
        lambda secret: str(vars(Login(user="ann", password=secret))),
        lambda secret: str(ValueError(secret)),
        lambda secret: json.dumps(secret, default=str),
        lambda secret: to_json(secret, fallback=str).decode(),
    ],
)
def test_every_way_of_looking_shows_the_mask(secret, show):
    shown = show(secret)
    assert CANARY not in shown
    assert "\u2022" in shown or "\\u2022" in shown


@pytest.mark.parametrize(
    "take",
    [
        pickle.dumps,
        *(lambda secret, protocol=protocol: pickle.dumps(secret, protocol) for protocol in range(6)),
        marshal.dumps,
        copy.copy,
        copy.deepcopy,
        lambda secret: copy.deepcopy({"a": [secret]}),
        lambda secret: dataclasses.asdict(Kept(secret)),
        json.dumps,
        to_json,
        iter,
        list,
        sorted,
        bytes,
        set,
        "".join,
        hash,
        vars,
        reversed,
        lambda secret: secret[0],
        lambda secret: "h" in secret,
        lambda secret: secret + "",
        lambda secret: "" + secret,
        lambda secret: secret < secret,
        lambda secret: secret.__getstate__(),
        lambda secret: secret.__reduce__(),
        lambda secret: Login(user="ann", password=secret).model_dump_json(),
        lambda secret: Login(user="ann", password=secret).model_dump(),
        lambda secret: Login(user="ann", password=secret).model_dump(mode="json"),
        lambda secret: Login(user="ann", password=secret).model_copy(deep=True),
    ],
)
def test_it_cannot_be_taken_apart_copied_or_serialised(secret, take):
    with pytest.raises((TypeError, ValueError, PydanticSerializationError)) as refused:
        take(secret)
    assert CANARY not in str(refused.value)


def test_it_never_changes(secret):
    with pytest.raises(AttributeError):
        secret._value = "x"
    with pytest.raises(AttributeError):
        secret.other = "x"
    assert secret.reveal() == CANARY


def test_secrets_are_equal_by_value_and_never_equal_to_text(secret):
    assert secret == Secret(CANARY)
    assert secret != Secret(CANARY + "x")
    assert secret != CANARY
    assert Secret("\ud800") == Secret("\ud800")


@pytest.mark.parametrize("value", [None, 5, b"bytes", ["x"]])
def test_only_text_is_wrapped(value):
    with pytest.raises(TypeError):
        Secret(value)


def test_a_log_line_shows_the_mask(secret):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.Logger("test")
    logger.addHandler(handler)
    logger.warning("got %s and %r in %s", secret, secret, {"password": secret})
    assert CANARY not in stream.getvalue()
    assert stream.getvalue().count(MASK) == 3


def test_a_traceback_with_local_variables_shows_the_mask(secret):
    def fails():
        kept = {"password": secret}
        raise RuntimeError(kept)

    with pytest.raises(RuntimeError) as raised:
        fails()
    shown = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    text = "".join(shown.format())
    frame = [line for line in text.splitlines() if "kept = {" in line]
    assert frame
    assert all(CANARY not in line for line in frame)


def test_pydantic_takes_text_or_a_secret(secret):
    assert Login(user="ann", password=CANARY).password == secret
    assert Login(user="ann", password=secret).password is secret
    assert Login.model_validate_json(json.dumps({"user": "ann", "password": CANARY})).password == secret


@pytest.mark.parametrize("password", [5, None, [CANARY], {"a": CANARY}])
def test_pydantic_refuses_anything_else_without_repeating_it(password):
    with pytest.raises(ValidationError, match="a secret must be text") as refused:
        Login(user="ann", password=password)
    assert CANARY not in str(refused.value)


def test_its_schema_says_that_it_is_written_and_never_read():
    assert Login.model_json_schema()["properties"]["password"] == {
        "type": "string",
        "format": "password",
        "writeOnly": True,
        "title": "Password",
    }
