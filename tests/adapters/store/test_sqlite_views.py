import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pytest

from adapters.store.views import SQLiteViews
from engine.application import Workflows
from engine.errors import LogCorrupt, LogUnavailable
from engine.folding import catch_up
from engine.projection import Query
from tests.suites.rights import a_reachable_folder, nobody
from tests.suites.views import Stops, StopsAgain, ViewsSuite, a_stop, cities, post


@pytest.fixture
def path(tmp_path):
    return tmp_path / "views.db"


@pytest.fixture(params=["file", "memory"])
def views(request, path):
    views = SQLiteViews(path if request.param == "file" else ":memory:")
    yield views
    views.close()


class TestSQLiteViews(ViewsSuite):
    """Views in a file, and in memory."""


def kept(path, count=3):
    with closing(SQLiteViews(path)) as views:
        rows = {str(n): a_stop(n, note="x" * 500) for n in range(count)}
        views.write(Stops(), rows, count, after=0)


def test_views_are_there_after_a_restart(path):
    kept(path)
    with closing(SQLiteViews(path)) as views:
        cursor = views.query(Stops(), Query(limit=2)).next
    with closing(SQLiteViews(path)) as views:
        assert views.position(Stops()) == 3
        assert len(views.query(Stops(), Query()).items) == 3
        assert len(views.query(Stops(), Query(cursor=cursor)).items) == 1, "a cursor outlives the process"
        assert views.position(StopsAgain()) == 0


def test_nobody_else_may_read_them(path):
    kept(path)
    path.chmod(0o644)
    with closing(SQLiteViews(path)):
        modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {0o600}


def test_they_are_written_ahead_and_need_not_survive_a_power_cut(path):
    with closing(SQLiteViews(path)) as views:
        assert views._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert views._connection.execute("PRAGMA synchronous").fetchone() == (1,), "NORMAL"


@pytest.mark.parametrize("content", [b"no database " * 400, b"x", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_made_anew(path, content):
    path.write_bytes(content)
    with closing(SQLiteViews(path)) as views:
        assert views.position(Stops()) == 0
        assert views.write(Stops(), {"1": a_stop(1)}, 1, after=0)


def test_damage_found_while_reading_is_told_and_healed_from_the_log(path):
    workflows = Workflows()
    for number in range(200):
        post(workflows, f"City {number:03}")
    with closing(SQLiteViews(path)) as views:
        catch_up(Stops(), workflows.log, workflows.decode, views)
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(4096 * 5)
        file.write(b"\xa5" * (size - 4096 * 5))
    with closing(SQLiteViews(path)) as views:
        with pytest.raises(LogUnavailable, match="made anew") as refused:
            views.query(Stops(), Query(limit=None))
        assert refused.value.retryable
        assert views.position(Stops()) == 0
        assert catch_up(Stops(), workflows.log, workflows.decode, views) == 200
        assert len(cities(views.query(Stops(), Query(limit=None)))) == 200


def test_a_database_of_another_application_is_never_thrown_away(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(LogCorrupt, match="another application"):
        SQLiteViews(path)
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_written_is_named():
    with a_reachable_folder() as folder:
        folder.chmod(0o555)
        with nobody(), pytest.raises(LogUnavailable, match=r"views\.db"):
            SQLiteViews(folder / "views.db")


def test_a_view_that_another_program_holds_up_is_unavailable(path):
    with closing(SQLiteViews(path)) as views, closing(sqlite3.connect(path, isolation_level=None)) as other:
        views.position(Stops())
        views._connection.execute("PRAGMA busy_timeout=50")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogUnavailable, match="held by another program"):
            views.write(Stops(), {"1": a_stop(1)}, 1, after=0)
        other.execute("ROLLBACK")
        assert views.write(Stops(), {"1": a_stop(1)}, 1, after=0)


def test_a_write_that_fails_half_way_leaves_rows_and_position_as_they_were(path):
    with closing(SQLiteViews(path)) as views:
        views.write(Stops(), {"1": a_stop(1)}, 1, after=0)
        pages = views._connection.execute("PRAGMA page_count").fetchone()[0]
        views._connection.execute(f"PRAGMA max_page_count={pages + 1}")
        with pytest.raises(LogUnavailable, match="full"):
            views.write(Stops(), {str(n): a_stop(n, note="x" * 900) for n in range(100)}, 2, after=1)
        assert views.position(Stops()) == 1
        assert len(views.query(Stops(), Query()).items) == 1


def test_a_process_killed_between_batches_goes_on_where_it_was(path):
    program = (
        "import os, sys\n"
        "from adapters.store.views import SQLiteViews\n"
        "from tests.suites.views import Stops, a_stop\n"
        "views = SQLiteViews(sys.argv[1])\n"
        "views.write(Stops(), {'1': a_stop(1)}, 7, after=0)\n"
        "views._connection.execute('BEGIN IMMEDIATE')\n"
        "views._connection.execute('UPDATE views SET position=9')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, path], check=False).returncode == -9
    with closing(SQLiteViews(path)) as views:
        assert views.position(Stops()) == 7
        assert views.get(Stops(), "1") == a_stop(1)


def test_closed_views_say_so(path):
    views = SQLiteViews(path)
    views.close()
    views.close()
    with pytest.raises(LogUnavailable, match="closed"):
        views.get(Stops(), "1")
