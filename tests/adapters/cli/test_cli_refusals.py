import os
import pty
import select
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from adapters.cli.app import build
from adapters.cli.failures import exit_code_of, printable, report
from adapters.cli.speech import in_commands
from adapters.demo.servers import http_endpoint, sftp_server
from adapters.http.app import create_app
from adapters.http.meanings import MEANINGS
from adapters.main import Wiring
from engine.errors import VersionRequired
from engine.secret import Secret
from tests.suites.terminal import ROOT, Terminal, a_landing_zone

PASSWORD = "hunter2-in-the-open"
NOBODY = "018f0000-0000-7000-8000-000000000000"


@pytest.fixture
def interlock(tmp_path):
    return Terminal(tmp_path / "home", INTERLOCK_ALLOW_NETWORKS="127.0.0.0/8")


@pytest.fixture
def draft(interlock):
    return interlock.json("connections", "create", "data-landing-zone")["connection"]["id"]


@pytest.mark.parametrize(
    ("status", "codes", "expected"),
    [
        (409, ["transition-refused"], 3),
        (422, ["invalid"], 3),
        (404, ["not-found"], 3),
        (423, ["frozen"], 3),
        (409, ["conflict"], 3),
        (412, ["stale-version"], 4),
        (428, ["version-required"], 4),
        (401, ["unauthenticated"], 5),
        (403, ["permission-missing"], 5),
        (422, ["credential-rejected"], 7),
        (409, ["guard-failed", "parameters-rejected"], 7),
        (422, ["host-key-unknown"], 7),
        (422, ["probe-refused"], 7),
        (502, ["destination-unreachable"], 7),
        (504, ["destination-timeout"], 7),
        (503, ["log-unavailable"], 1),
        (500, ["internal-error"], 1),
        (429, ["too-many"], 1),
    ],
)
def test_exit_codes(status, codes, expected):
    assert exit_code_of(status, codes) == expected


def test_a_step_out_of_order_says_what_is_possible_instead(interlock, draft):
    result = interlock("connections", "save", draft, "--explain")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("error: save is not possible from catalog_selected")
    assert "authenticate" in result.stderr
    assert "fix: " in result.stderr
    assert "Traceback" not in result.stderr


def test_a_stale_version_has_its_own_exit_code_and_names_what_was_missed(interlock, draft):
    tag = interlock.json("connections", "show", draft)["etag"]
    interlock.json("connections", "authenticate", draft)
    result = interlock("connections", "authenticate", draft, "--if-match", tag)
    assert result.exit_code == 4
    assert "missed: version 2" in result.stderr


@pytest.mark.parametrize("identity", [NOBODY, "nonsense", "..", "../accounts", "a/b?c#d", "%2e%2e", "x" * 5000, "é"])
def test_an_id_that_is_none_is_refused(interlock, identity):
    result = interlock("connections", "show", identity)
    assert result.exit_code in (2, 3)
    assert result.stderr.startswith("error: ")
    assert result.stdout == ""


def test_an_unknown_destination_and_an_unknown_field_name_the_nearest(interlock, draft):
    assert "amazon-s3" in interlock("connections", "create", "amazon-s4").stderr
    interlock.json("connections", "authenticate", draft)
    named = ("--name", "N", "--data-kind", "people", "--field", "folder_pat=x")
    result = interlock("connections", "parameters", draft, *named)
    assert result.exit_code == 3
    assert "folder_path" in result.stderr


def test_a_secret_as_an_argument_is_refused_before_anything_is_sent(interlock):
    identity = interlock.json("connections", "create", "sftp")["connection"]["id"]
    result = interlock("connections", "authenticate", identity, "--credential", f"password={PASSWORD}")
    assert result.exit_code == 2
    assert "--credential-file password=PATH" in result.stderr
    assert "--credential-env password=VARIABLE" in result.stderr
    assert PASSWORD not in result.stderr
    assert interlock.json("audit", "attempts")["items"] == []
    assert interlock("accounts", "create", "sftp", "--credential", f"password={PASSWORD}").exit_code == 2
    assert interlock("probe", "sftp", "--credential", f"password={PASSWORD}").exit_code == 2


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--credential", PASSWORD), "is not name=value"),
        (("--credential", "domain=a", "--credential", "domain=b"), "twice"),
        (("--credential-env", "password=NOT_SET_ANYWHERE"), "is not set"),
        (("--credential-file", "password=/does/not/exist"), "cannot be read"),
        (("--credential-file", "password=/"), "cannot be read"),
    ],
)
def test_options_of_a_credential_that_make_no_sense_are_told(interlock, option, said):
    result = interlock("accounts", "create", "sftp", *option)
    assert result.exit_code == 2
    assert said in result.stderr
    assert PASSWORD not in result.stderr


def test_a_rejected_credential_and_an_unknown_host_key_are_failed_probes(interlock, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    with sftp_server(root, password="the right one") as server:
        plain = ("--credential", f"domain={server.host}", "--credential", f"port={server.port}")
        plain += ("--credential", f"username={server.username}", "--credential-env", "password=P")
        unknown = interlock("accounts", "create", "sftp", *plain, P=PASSWORD)
        assert unknown.exit_code == 7
        assert server.fingerprint in unknown.stderr
        pinned = (*plain, "--credential", f"host_key={server.fingerprint}")
        rejected = interlock("accounts", "create", "sftp", *pinned, P=PASSWORD)
        assert rejected.exit_code == 7
        assert "credential-rejected" in rejected.stderr
        assert PASSWORD not in rejected.stderr
        probed = interlock("probe", "sftp", *pinned, P=PASSWORD)
        assert (probed.exit_code, "outcome: failed" in probed.stdout) == (7, True)
        good = interlock("accounts", "create", "sftp", *pinned, P="the right one")
        assert good.exit_code == 0, good.stderr


def test_an_endpoint_that_refuses_fails_the_probe_at_the_parameters(interlock):
    with http_endpoint("another token") as endpoint:
        identity = interlock.json("connections", "create", "http-api")["connection"]["id"]
        given = ("--variant", "bearer", "--credential-env", "bearer_token=T")
        interlock.json("connections", "authenticate", identity, *given, T=PASSWORD)
        field = ("--name", "N", "--field", f"http_endpoint={endpoint.url}")
        result = interlock("connections", "parameters", identity, *field)
    assert result.exit_code == 7
    assert PASSWORD not in result.stdout + result.stderr


def test_a_destination_with_several_ways_to_sign_in_asks_which(interlock):
    identity = interlock.json("connections", "create", "http-api")["connection"]["id"]
    result = interlock("connections", "authenticate", identity)
    assert result.exit_code == 2
    assert "--variant" in result.stderr


def test_deleting_and_discarding_need_a_yes_where_nobody_can_be_asked(interlock, draft):
    for words in (("discard", draft), ("delete", draft)):
        result = interlock("connections", *words)
        assert result.exit_code == 2
        assert "--yes" in result.stderr
    assert interlock.json("connections", "show", draft)["state"] == "catalog_selected"
    assert interlock.json("connections", "discard", draft, "--yes")["connection"]["state"] == "discarded"


def test_choosing_nothing_must_be_said(interlock, draft):
    assert "--none" in interlock("connections", "alerts", draft).stderr
    assert interlock("connections", "govern", draft, "--none", "--marketing-action", "analytics").exit_code == 2


@pytest.mark.parametrize("name", ["INTERLOCK_SANDBOX", "KEY"])
def test_what_cannot_be_sent_in_a_header_is_wrong_use(interlock, draft, name):
    words = ("--key", "käse") if name == "KEY" else ("--sandbox", "käse")
    assert interlock("connections", "discard", draft, "--yes", *words).exit_code == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("connections", "create", "sfpt"), "fix: interlock catalog list shows them"),
        (("connections", "show", "zzz"), "fix: list them: interlock connections list"),
        (("accounts", "show", "zzz"), "fix: list them: interlock accounts list"),
        (("connections", "discard", "DRAFT", "--yes", "--if-match", "W/1"), "fix: say --if-match and the etag that"),
        (("connections", "show", "DRAFT", "--as-of", "yesterday"), "  --as-of: is neither"),
        (("audit", "replay", "nope"), "error: no connection or account of that id here"),
        (("audit", "replay", NOBODY), "fix: list them: interlock connections list, or interlock accounts list"),
        (("connections", "list", "--sandbox", "No"), "  --sandbox: must be"),
    ],
)
def test_a_fix_is_something_to_type_and_no_address_of_the_api(interlock, draft, words, told):
    result = interlock(*(draft if word == "DRAFT" else word for word in words))
    assert result.exit_code == 3
    assert told in result.stderr
    for foreign in ("GET ", "POST ", "/v1/", "If-Match", "ETag", "Idempotency-Key"):
        assert foreign not in result.stderr


def test_no_fix_of_any_error_of_the_api_names_an_address_at_a_terminal():
    for meaning in MEANINGS.values():
        for foreign in ("GET ", "POST ", "/v1/", "If-Match", "ETag"):
            assert foreign not in in_commands(meaning.fix)
    assert in_commands(str(VersionRequired("3"))) == "this change needs the version it was decided on (--if-match)"


def test_a_sandbox_that_can_be_none_is_refused(interlock):
    assert interlock("connections", "list", "--sandbox", "Not A Sandbox").exit_code == 3


def test_long_and_hostile_texts_are_refused_clearly(interlock, draft):
    interlock.json("connections", "authenticate", draft)
    for name in ("x" * 100_000, "a\udc80b", "a\x1bb"):
        result = interlock("connections", "parameters", draft, "--name", name, "--data-kind", "people")
        assert result.exit_code == 3
        assert len(result.stderr) < 2000
        assert "\x1b" not in result.stderr
    path = interlock("connections", "parameters", draft, "--name", "N", "--field", "folder_path=../../etc")
    assert path.exit_code == 3


def test_something_unexpected_is_one_line_with_an_id_and_its_places_only_when_debugging(capsys):
    def fails():
        raise ZeroDivisionError(PASSWORD)

    for debug in (False, True):
        with pytest.raises(ZeroDivisionError) as caught:
            fails()
        assert report(caught.value, explain=False, debug=debug, secrets=[Secret(PASSWORD)]) == 1
        told = capsys.readouterr().err
        assert "ZeroDivisionError, error id" in told
        assert PASSWORD not in told
        assert ("test_cli_refusals.py" in told) is debug


def test_what_nobody_foresaw_inside_the_api_is_told_by_its_id_alone(tmp_path):
    def without_a_system(system, *, token):
        app = create_app(system, token=token)
        app.state.system = None
        return app

    broken = build(Wiring(without_a_system))
    for debug, shown in (("", False), ("1", True)):
        environ = {"INTERLOCK_HOME": str(tmp_path / "home"), "INTERLOCK_DEBUG": debug}
        result = CliRunner(env=environ).invoke(broken, ["connections", "list"])
        assert (result.exit_code, result.stdout) == (1, "")
        assert "error: " in result.stderr
        assert "id" in result.stderr
        assert ("AttributeError" in result.stderr) is shown


def test_printable_text_does_nothing_to_a_terminal():
    assert printable("a\x1b[2Jb\u202ec\x9bd\ne ü") == "a?[2Jb?c?d\ne ü"


def test_at_a_terminal_a_missing_secret_is_asked_and_not_shown(interlock):
    secret = "typed-in-the-dark"
    with http_endpoint(secret):
        line = [sys.executable, "-m", "adapters.main", "accounts", "create", "http-api", "--variant", "bearer"]
        screen, inside = pty.openpty()
        process = subprocess.Popen(
            line, stdin=inside, stdout=inside, stderr=inside, env=interlock.environment(), cwd=ROOT
        )
        os.close(inside)
        seen, answered, give_up = b"", False, time.monotonic() + 60
        try:
            while time.monotonic() < give_up:
                if select.select([screen], [], [], 0.2)[0]:
                    try:
                        seen += os.read(screen, 65536)
                    except OSError:
                        break
                if b"Bearer token" in seen and not answered:
                    time.sleep(0.1)
                    os.write(screen, f"{secret}\n".encode())
                    answered = True
            assert process.wait(30) == 0, seen.decode()
        finally:
            os.close(screen)
            process.kill()
            process.wait()
    assert answered
    assert secret.encode() not in seen
    assert len(interlock.json("accounts", "list")["items"]) == 1
    assert a_landing_zone(interlock)
