"""The landing zone, in a folder and in a bucket."""

import random
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.suites.destinations import probe, verdicts


def attempt(zone, parameters=None, **more):
    return probe("landing_zone", "none", {}, parameters, zone=zone, **more)


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_zone_is_made_for_its_owner_only(tmp_path):
    report = attempt(tmp_path / "zone")
    assert verdicts(report) == {"folder": "passed"}
    assert stat.S_IMODE((tmp_path / "zone" / "prod").stat().st_mode) == 0o700


def test_a_file_is_written_read_back_and_removed(tmp_path):
    report = attempt(tmp_path, {"folder_path": "acme/2026/%SEGMENT_NAME%"})
    assert verdicts(report) == dict.fromkeys(("folder", "write", "read", "clean_up"), "passed")
    assert list((tmp_path / "prod").iterdir()) == []


def test_folders_that_were_there_stay_and_those_that_a_probe_made_go(tmp_path):
    (tmp_path / "prod" / "acme").mkdir(parents=True)
    assert attempt(tmp_path, {"folder_path": "acme/2026/05"}).failure is None
    assert attempt(tmp_path, {"folder_path": f"acme/{'x' * 256}"}).failure.code == "folder-refused"
    assert attempt(tmp_path, {"folder_path": f"acme/2027/{'ü' * 127}/{'y' * 255}"}).failure is None
    assert [path.name for path in (tmp_path / "prod").rglob("*")] == ["acme"]


def test_probes_of_one_folder_at_once_do_not_take_it_away_from_each_other(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(lambda _: attempt(tmp_path, {"folder_path": "a/b/c"}), range(64)))
    assert {report.outcome.value for report in reports} == {"passed"}
    assert list((tmp_path / "prod").iterdir()) == []


def test_a_probe_of_another_process_that_removes_its_folder_takes_it_from_nobody(tmp_path):
    """As the other one does when it leaves: an empty folder goes at any moment."""
    folder, over = tmp_path / "prod" / "exports", threading.Event()

    def another_process():
        while not over.is_set():
            time.sleep(random.random() / 5_000)
            with suppress(OSError):
                folder.rmdir()

    other = threading.Thread(target=another_process)
    other.start()
    try:
        outcomes = {attempt(tmp_path, {"folder_path": "exports"}).outcome.value for _ in range(150)}
    finally:
        over.set()
        other.join()
    assert outcomes == {"passed"}


@pytest.mark.parametrize(
    "path",
    ["..", "../other", "a/../../other", "a/..", "..\\other", "a\x00b", "a\nb", "x" * 256, "ü" * 200, "a/\u202e/b"],
)
def test_a_path_out_of_the_zone_is_refused(tmp_path, path):
    report = attempt(tmp_path / "zone", {"folder_path": path})
    assert (report.failure.code, report.failure.kind) == ("folder-refused", "parameters")
    assert report.failure.pointer == "/fields/folder_path"
    assert files(tmp_path) == []


def test_an_absolute_path_stays_in_the_zone(tmp_path):
    (tmp_path / "prod" / "etc").mkdir(parents=True)
    seen = (tmp_path / "prod" / "etc").stat().st_mtime_ns
    assert attempt(tmp_path, {"folder_path": "/etc/interlock"}).failure is None
    assert (tmp_path / "prod" / "etc").stat().st_mtime_ns > seen


@pytest.mark.parametrize("path", ["link", "link/deeper", "inside/link"])
def test_a_link_out_of_the_zone_is_refused(tmp_path, path):
    outside = tmp_path / "outside"
    outside.mkdir()
    zone = tmp_path / "zone" / "prod"
    (zone / "inside").mkdir(parents=True)
    (zone / "link").symlink_to(outside)
    (zone / "inside" / "link").symlink_to("../../../outside")
    report = attempt(tmp_path / "zone", {"folder_path": path})
    assert report.failure.code == "folder-escapes"
    assert list(outside.iterdir()) == []


def test_a_link_within_the_zone_may_be_followed(tmp_path):
    zone = tmp_path / "prod"
    (zone / "real").mkdir(parents=True)
    (zone / "link").symlink_to("real")
    assert attempt(tmp_path, {"folder_path": "link"}).failure is None


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "prod").mkdir()
    (tmp_path / "prod" / "taken").write_text("x")
    assert attempt(tmp_path, {"folder_path": "taken"}).failure.code == "folder-refused"


def test_a_zone_that_cannot_be_opened_is_the_operators_affair(tmp_path):
    (tmp_path / "zone").write_text("a file")
    report = attempt(tmp_path / "zone", {"folder_path": ""})
    assert (report.failure.code, report.failure.kind) == ("zone-missing", "configuration")
    assert "INTERLOCK_LANDING_ZONE" in report.failure.fix


@pytest.mark.parametrize("sandbox", ["..", "../x", "a/b", "", ".hidden", "x" * 200])
def test_a_sandbox_cannot_lead_out_of_the_zone(tmp_path, sandbox):
    report = attempt(tmp_path / "zone", {"folder_path": ""}, sandbox=sandbox)
    assert report.failure.code == "sandbox-refused"
    assert not (tmp_path / "zone").exists()


@pytest.mark.xdist_group("s3")
def test_a_zone_in_a_bucket_uses_the_installations_own_key(monkeypatch, s3):
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint)
    missing = attempt("s3://landing/zone", {"folder_path": "in"})
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.key[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.key[1])
    alone, good = attempt("s3://landing/zone"), attempt("s3://landing/zone", {"folder_path": "in/%SEGMENT_ID%"})
    tried = [check.tried for check in good.checks]
    absent = attempt("s3://nowhere/zone", {"folder_path": "in"})
    escaping = attempt("s3://landing/zone", {"folder_path": "../x"})
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not the secret")
    wrong = attempt("s3://landing/zone")
    assert (missing.failure.code, missing.failure.kind) == ("zone-key-missing", "configuration")
    assert (alone.outcome.value, good.outcome.value) == ("passed", "passed")
    assert any("s3://landing/zone/prod/in/.interlock-probe-" in text for text in tried)
    assert (absent.failure.code, absent.failure.kind) == ("bucket-missing", "configuration")
    assert (escaping.failure.code, escaping.failure.kind) == ("folder-refused", "parameters")
    assert (wrong.failure.code, wrong.failure.kind) == ("credential-rejected", "configuration")
