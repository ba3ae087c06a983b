"""What an operator does with an installation on PostgreSQL, by the command line alone, beside a server or without."""

import json
import signal

import pytest

from tests.suites.postgres import PASSWORD, the_server
from tests.suites.postgres_service import Place

pytestmark = pytest.mark.xdist_group("postgres-operator")
WRONG = "canary-1b7d-wrong-password"


def place_at(folder, **variables):
    return Place(folder / "home", the_server().url(the_server().new_database()), **variables)


def told(done, code=0):
    assert done.returncode == code, (done.stdout, done.stderr)
    for secret in (PASSWORD, WRONG):
        assert secret not in done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


def test_a_server_that_cannot_begin_says_what_to_do(tmp_path):
    place, server = place_at(tmp_path), the_server()
    assert "interlock db upgrade" in told(place.interlock("serve", "--port", 0), 1)
    wrong = server.url("postgres", password=WRONG)
    assert "the password in INTERLOCK_DATABASE" in told(
        place.interlock("serve", "--port", 0, INTERLOCK_DATABASE=wrong), 1
    )


def test_commands_beside_a_server_a_backup_and_its_restoration(tmp_path):
    place = place_at(tmp_path).prepare()
    with place.serving() as server:
        connection = server.begin().json()["connection"]["id"]
        follower = place.start("-o", "json", "--url", server.address, "audit", "follow", "--after", 0)
        done = json.loads(told(place.interlock("-o", "json", "connections", "authenticate", connection)))
        assert server.items("/v1/connections")[0]["state"] == done["connection"]["state"] == "authenticated"
        head = json.loads(told(place.interlock("-o", "json", "audit", "verify")))["head"]
        assert server.verify()["head"] == head
        assert server.get("/v1/projections").json()["items"][0]["behind"] == 0
        told(place.interlock("backup", tmp_path / "kept"))
        seen = [json.loads(follower.stdout.readline())["position"] for _ in range(2)]
        follower.send_signal(signal.SIGINT)
        assert follower.wait(20) in (0, 130)
        follower.stdout.close()
        assert seen == [event["position"] for event in reversed(server.items("/v1/audit/events"))]
    assert PASSWORD not in place.told()

    other = place_at(tmp_path / "other").prepare()
    told(other.interlock("restore", tmp_path / "kept", "--expect", head))
    with other.serving() as server:
        # A server in a home of its own gives its administrator a token, which is on record.
        assert server.verify(expect=head)["sound"]
        shown = server.get(f"/v1/connections/{connection}")
        assert server.take("discard", connection, shown.headers["etag"], body={}).status_code == 200
    assert "already" in told(other.interlock("restore", tmp_path / "kept"), 2)
