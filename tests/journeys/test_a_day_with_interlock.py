"""A day with Interlock, for each destination: from the catalog to saved, changed, paused, deleted, its account gone."""

from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.composition import compose
from adapters.settings import Settings
from engine.errors import GuardFailed, Invalid, NotFound, Refusal, TransitionRefused
from tests.suites import canaries
from tests.suites.servers import accepts_passwords, http_endpoint, moto_s3, sftp_server, sshd
from tests.suites.story import ANN, differing_views

CSV = {"file_type": "csv", "compression": "gzip"}


class Day:
    """Ann at work: each method is one thing that she does, and returns what she sees."""

    def __init__(self, system, destination):
        self.system, self.destination = system, destination
        self.id = self.etag = None
        self.refusals = 0

    def pick(self):
        outcome = self.system.wait(self.system.submit("connection", "select", {"destination": self.destination}, ANN))
        self.id, self.etag = outcome.shown["id"], outcome.etag
        return outcome.shown

    def do(self, command, **body):
        work = self.system.submit(
            "connection", command, body, ANN, target=self.id, if_match=self.etag, must_match=True, key=self.etag
        )
        outcome = self.system.wait(work)
        self.etag = outcome.etag
        return outcome.shown

    def is_refused(self, code, command, **body):
        before = self.now()
        with pytest.raises(Refusal) as error:
            self.do(command, **body)
        guards = [guard.code for guard in getattr(error.value, "guards", ()) if guard.passed is False]
        assert code in (error.value.code, *guards), (code, error.value, guards)
        assert error.value.fix
        assert error.value.attempt
        assert self.now() == before
        self.refusals += 1
        return error.value

    def now(self):
        return self.system.explain.get(ANN, "connection", self.id)

    def card(self):
        return self.system.cards.show(ANN, self.destination)

    def checks(self):
        """Return the checks of the newest step, each with its verdict."""
        facts = self.system.explain.history(ANN, "connection", self.id)[-1]["facts"]
        return {check["name"]: check["status"] for check in facts["checks"]}

    def choose_and_save(self):
        self.is_refused("transition-refused", "save")
        assert self.do("configure_alerts", alerts=self.card()["alerts"][:1])["state"] == "alerts_configured"
        assert self.do("govern", marketing_actions=["analytics"])["state"] == "governed"
        assert self.do("save", then="activate")["state"] == "saved"
        assert self.card()["control"]["code"] in ("activate", "activate_audiences")

    def pause_and_resume(self):
        assert self.do("disable")["status"] == "disabled"
        self.is_refused("transition-refused", "edit_alerts", alerts=[])
        assert self.do("enable")["status"] == "enabled"
        assert self.do("edit_alerts", alerts=[])["alerts"] == []

    def delete(self):
        account = self.now()["account_id"]
        if account:
            with pytest.raises(Refusal):
                self.system.wait(self.system.submit("account", "delete", {}, ANN, target=account))
            self.refusals += 1
        assert self.do("delete")["state"] == "deleted"
        self.is_refused("transition-refused", "enable")
        if account:
            self.system.wait(self.system.submit("account", "delete", {}, ANN, target=account))
        assert self.system.lists.accounts(ANN)["items"] == []
        assert self.system.lists.connections(ANN)["items"] == []
        assert self.card()["control"]["code"] == "set_up"

    def prove(self):
        """Check what must hold at the end of every day."""
        assert len(self.system.lists.audit_attempts(ANN, limit=None)["items"]) == self.refusals
        assert self.system.verify(ANN)["sound"]
        assert differing_views(self.system) == []
        replayed = self.system.replay(ANN, "connection", self.id)
        assert replayed[-1]["state"] == "deleted"
        assert [step["version"] for step in replayed] == list(range(1, self.now()["version"] + 1))


@contextmanager
def a_day(home, destination, *ports, secrets=()):
    """Let Ann work with one destination; at the end everything is proved, and no secret is in any file."""
    settings = Settings(home=home, allow_networks=tuple(f"127.0.0.1/32:{port}" for port in ports))
    with compose(settings) as system:
        day = Day(system, destination)
        assert day.card()["control"]["code"] == "set_up"
        assert day.pick()["state"] == "catalog_selected"
        yield day
        day.prove()
    with compose(settings) as system:
        day.system = system
        day.prove()
        assert list((home / "vault").glob("*.json")) == []
    assert canaries.traces_in_files(home) == {}
    contents = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    assert not [secret for secret in secrets if any(secret.encode() in content for content in contents)]


def test_a_day_with_the_landing_zone(tmp_path):
    with a_day(tmp_path, "data-landing-zone") as ann:
        ann.is_refused("transition-refused", "set_parameters", name="Drop", fields={})
        assert ann.do("authenticate")["account_id"] is None
        parameters = {"name": "Drop", "data_kind": "people", "file_format": CSV}
        ann.is_refused("invalid", "set_parameters", **parameters, fields={"folder_path": "../../etc"})
        ann.is_refused("invalid", "set_parameters", **parameters, fields={"folder_pth": "x"})
        ann.do("set_parameters", **parameters, fields={"folder_path": "exports/%SEGMENT_NAME%"})
        assert set(ann.checks().values()) == {"passed"}
        assert {"write", "clean_up"} <= set(ann.checks())
        left = [path for path in (tmp_path / "landing-zone").rglob("*") if path.is_file()]
        assert left == []
        ann.choose_and_save()
        edited = ann.do("edit_parameters", **parameters | {"name": "Drop two"}, fields={"folder_path": "other"})
        assert (edited["name"], edited["fields"]["folder_path"]) == ("Drop two", "other")
        ann.pause_and_resume()
        ann.delete()


def test_a_day_with_an_open_endpoint(tmp_path):
    with http_endpoint(None) as endpoint, a_day(tmp_path, "http-api", endpoint.port) as ann:
        assert ann.do("authenticate", variant="none")["account_id"] is None
        wrong = endpoint.url.replace(str(endpoint.port), "1")
        error = ann.is_refused("probe-refused", "set_parameters", name="Live", fields={"http_endpoint": wrong})
        assert "INTERLOCK_ALLOW_NETWORKS" in error.fix
        ann.do("set_parameters", name="Live", fields={"http_endpoint": endpoint.url})
        assert set(ann.checks().values()) == {"passed"}
        assert endpoint.received
        ann.choose_and_save()
        ann.do("edit_parameters", name="Live two", fields={"http_endpoint": endpoint.url})
        ann.pause_and_resume()
        ann.delete()


def test_a_day_with_an_endpoint_that_wants_a_token(tmp_path):
    with http_endpoint(canaries.TOKEN) as endpoint, a_day(tmp_path, "http-api", endpoint.port) as ann:
        fields = {"http_endpoint": endpoint.url}
        ann.do("authenticate", variant="bearer", credential={"bearer_token": canaries.WRONG_TOKEN}, account_name="Old")
        assert ann.checks() == {"authenticate": "not_testable"}
        ann.is_refused("credential-rejected", "set_parameters", name="Live", fields=fields)
        wrong = ann.now()["account_id"]
        ann.do("authenticate", variant="bearer", credential={"bearer_token": canaries.TOKEN}, account_name="New")
        ann.do("set_parameters", name="Live", fields=fields)
        assert set(ann.checks().values()) == {"passed"}
        ann.system.wait(ann.system.submit("account", "delete", {}, ANN, target=wrong))
        ann.choose_and_save()
        elsewhere = {"http_endpoint": endpoint.url.replace("127.0.0.1", "localhost")}
        heard = len(endpoint.received)
        ann.is_refused("host-altered", "edit_parameters", name="Live", fields=elsewhere)
        assert len(endpoint.received) == heard, "a token is never sent to another host"
        ann.do("edit_parameters", name="Live two", fields=fields)
        ann.pause_and_resume()
        ann.delete()


@pytest.fixture
def files(tmp_path_factory):
    """A real SFTP server: Debian's own where a user can be given to it."""
    if accepts_passwords():
        with sshd(canaries.PASSWORD) as server:
            yield server
    else:
        with sftp_server(Path(tmp_path_factory.mktemp("sftp")), password=canaries.PASSWORD) as server:
            yield server


@pytest.mark.xdist_group("sftp")
def test_a_day_with_a_server_for_files(tmp_path, files):
    with a_day(tmp_path, "sftp", files.port) as ann:
        login = {"domain": files.host, "port": files.port, "username": files.username}
        good = {**login, "password": canaries.PASSWORD}
        error = ann.is_refused("host-key-unknown", "authenticate", credential=good)
        assert files.fingerprint in error.fix
        other = "SHA256:" + "k" * 43
        ann.is_refused("host-key-changed", "authenticate", credential={**good, "host_key": other})
        known = {"host_key": files.fingerprint}
        ann.is_refused(
            "credential-rejected", "authenticate", credential={**login, **known, "password": canaries.WRONG_PASSWORD}
        )
        shown = ann.do("authenticate", credential={**good, **known}, account_name="Drop box")
        assert (shown["account_name"], bool(shown["principal"])) == ("Drop box", True)
        assert set(ann.checks().values()) == {"passed"}
        parameters = {"name": "Nightly", "data_kind": "datasets", "file_format": {"file_type": "parquet"}}
        missing = {"folder_path": "/nowhere/at/all"}
        error = ann.is_refused("parameters-rejected", "set_parameters", **parameters, fields=missing)
        assert error.details["checks"]
        fields = {"folder_path": str(files.root) if accepts_passwords() else "/"}
        ann.do("set_parameters", **parameters, fields=fields)
        assert set(ann.checks().values()) == {"passed"}
        ann.choose_and_save()
        ann.is_refused("invalid", "edit_parameters", **parameters | {"data_kind": "people"}, fields=fields)
        ann.do("edit_parameters", **parameters | {"name": "Nightly two"}, fields=fields)
        ann.pause_and_resume()
        ann.delete()


@pytest.mark.xdist_group("s3")
def test_a_day_with_a_bucket(tmp_path):
    with moto_s3() as server:
        wrong = "CanaryS3secret/ThatNobodyGaveOut+abcdefg"
        secrets = (server.key[1], server.reader[1], wrong)
        with a_day(tmp_path, "amazon-s3", server.port, secrets=secrets) as ann:
            where = {"region": "us-east-1", "endpoint": f"http://127.0.0.1:{server.port}"}
            key = {"access_key": server.key[0], **where}
            ann.is_refused("credential-rejected", "authenticate", credential={**key, "secret_key": wrong})
            ann.do("authenticate", credential={**key, "secret_key": server.key[1]}, account_name="Bucket")
            assert set(ann.checks().values()) == {"passed"}
            parameters = {"name": "Exports", "data_kind": "people", "file_format": CSV}
            missing = {"bucket_name": "no-such-bucket", "folder_path": "in/box"}
            error = ann.is_refused("parameters-rejected", "set_parameters", **parameters, fields=missing)
            assert [check.status for check in error.details["checks"]].count("failed") == 1
            fields = {"bucket_name": server.bucket, "folder_path": "in/box"}
            ann.do("set_parameters", **parameters, fields=fields)
            assert {"write", "clean_up"} <= set(ann.checks())
            assert set(ann.checks().values()) == {"passed"}
            ann.choose_and_save()
            ann.do("edit_parameters", **parameters, fields={**fields, "folder_path": "out"})
            ann.pause_and_resume()
            ann.delete()


def test_a_day_on_which_nothing_is_finished(tmp_path):
    with compose(Settings(home=tmp_path)) as system:
        ann = Day(system, "data-landing-zone")
        with pytest.raises(NotFound, match="did you mean"):
            system.wait(system.submit("connection", "select", {"destination": "data-landing-zon"}, ANN))
        ann.pick()
        ann.do("authenticate")
    with compose(Settings(home=tmp_path)) as system:
        ann.system = system
        assert ann.now()["state"] == "authenticated"
        [draft] = system.lists.connections(ANN, status="draft")["items"]
        assert draft["id"] == ann.id
        assert isinstance(ann.is_refused("transition-refused", "govern", marketing_actions=[]), TransitionRefused)
        assert isinstance(ann.is_refused("invalid", "set_parameters", name=""), Invalid)
        assert ann.do("discard")["state"] == "discarded"
        with pytest.raises(Refusal) as error:
            ann.do("authenticate")
        assert not isinstance(error.value, GuardFailed)
        assert system.verify(ANN)["sound"]
