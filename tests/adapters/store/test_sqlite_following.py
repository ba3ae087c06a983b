from contextlib import closing

import pytest

from adapters.store.views import SQLiteViews
from tests.suites.following import FollowingSuite


@pytest.fixture(params=["file", "memory"])
def views(request, tmp_path):
    with closing(SQLiteViews(tmp_path / "views.db" if request.param == "file" else ":memory:")) as views:
        yield views


class TestFollowingOnSQLite(FollowingSuite):
    """Views in a file, and in memory."""
