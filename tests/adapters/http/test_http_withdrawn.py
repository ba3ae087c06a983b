"""A destination that leaves the catalog, as callers of the API see it."""

from adapters.composition import compose
from adapters.settings import Settings
from tests.suites.api import Api, FakeProber

ENTRY = """
id: parcels
name: Parcels
category: streaming
description: Sends parcels.
type: streaming-profile
supports: [audiences]
alerts: streaming
variants:
  - {id: none, type: none, title: Nothing, kind: none, reason: Nobody asks.}
"""


def test_a_connection_to_a_withdrawn_destination_is_explained_and_refused_with_a_code_of_its_own(tmp_path):
    entry = tmp_path / "catalog" / "parcels.yaml"
    entry.parent.mkdir()
    entry.write_text(ENTRY)
    settings = Settings(home=tmp_path / "home", catalog=entry.parent)
    with compose(settings, prober=FakeProber()) as system:
        api = Api(system)
        made = api.post("/v1/connections", {"destination": "parcels"})
        where = f"/v1/connections/{made.json()['connection']['id']}"
        api.close()
    entry.unlink()
    with compose(settings, prober=FakeProber()) as system:
        api = Api(system)
        seen = api.get(where)
        refused = api.post(f"{where}/commands/authenticate", {}, headers={"if-match": seen.headers["etag"]})
        assert (refused.status_code, refused.json()["code"]) == (409, "destination-withdrawn")
        assert refused.json()["allowed_commands"] == ["discard", "rename", "hand_over", "set_tags"]
        assert refused.json()["retryable"] is False
        for question in ("actions", "path?to=saved", "history", "diagram"):
            assert api.get(f"{where}/{question}").status_code == 200
        assert api.post(f"{where}/commands/discard", {}, headers={"if-match": seen.headers["etag"]}).status_code == 200
        api.close()
