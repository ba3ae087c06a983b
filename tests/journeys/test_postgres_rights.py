"""A server whose role has the rights that the operator's page grants, and no others."""

import re
from pathlib import Path

import pytest

from adapters.composition import compose
from adapters.settings import Settings
from adapters.store import schema
from tests.suites.postgres import PASSWORD, the_server
from tests.suites.story import ANN, ScriptedProber, connect, differing_views

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "operate.md"
pytestmark = pytest.mark.xdist_group("postgres")


def test_a_role_with_the_rights_of_the_page_does_all_that_a_server_does(tmp_path):
    server = the_server()
    database = server.new_database()
    schema.upgrade(Settings(home=tmp_path, database=server.url(database)))
    (grants,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    owner = server.administrator(database)
    owner.execute(f"CREATE ROLE interlock_server LOGIN PASSWORD '{PASSWORD}'")
    try:
        owner.execute(grants)
        settings = Settings(home=tmp_path / "home", database=server.url(database, user="interlock_server"))
        with compose(settings, prober=ScriptedProber()) as system, system.views.supervisor:
            for _ in range(2):
                system.wait(connect(system))
            assert len(system.lists.connections(ANN, limit=None)["items"]) == 2
            assert system.verify(ANN)["sound"]
            assert differing_views(system) == []
    finally:
        owner.execute("DROP OWNED BY interlock_server; DROP ROLE interlock_server")
        owner.close()
        server.drop(database)
