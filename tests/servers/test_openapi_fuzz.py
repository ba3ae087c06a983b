"""A stranger who has read the description of the API and sends everything that it allows, and what it does not."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from adapters.composition import compose
from adapters.http.app import create_app
from adapters.settings import Settings
from engine.secret import Secret
from tests.suites.api import TOKEN, Api

EXAMPLES = 8
"""For each operation; there are about forty."""


@pytest.fixture(scope="module")
def description(tmp_path_factory):
    """The API over a memory of its own, with something in it to find."""
    home = tmp_path_factory.mktemp("home")
    with compose(Settings(database="memory:", home=home, allow_networks=("127.0.0.1/32",), probe_seconds=1)) as system:
        api = Api(system)
        for state in ("catalog_selected", "governed", "saved"):
            api.come_to(state)
        api.close()
        app = create_app(system, token=Secret(TOKEN))
        yield schemathesis.openapi.from_asgi("/v1/openapi.json", app)


CHECKS = (status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.mark.servers
@pytest.mark.parametrize("mode", list(GenerationMode), ids=[mode.value for mode in GenerationMode])
def test_nothing_that_can_be_sent_makes_the_server_fail_or_answer_as_it_does_not_say(description, mode):
    # Without the pytest plugin of schemathesis, which reaches into pytest's own parts.
    sent = 0
    for operation in (found.ok() for found in description.get_all_operations()):

        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case):
            nonlocal sent
            sent += 1
            # A position that is yet to come is waited for, and then answered with 503: as it says.
            (case.query or {}).pop("min_position", None)
            answer = case.call(headers={"authorization": f"Bearer {TOKEN}"})
            # 502 and 504 tell of a destination.
            assert answer.status_code not in (500, 503), answer.text
            case.validate_response(answer, checks=CHECKS)

        try:
            send()
        except Unsatisfiable:
            continue  # nothing wrong can be sent where nothing is asked
    assert sent > 150
