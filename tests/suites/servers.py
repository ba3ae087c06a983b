"""Real servers for tests: each listens on a free port of 127.0.0.1 and ends with its block. A missing one fails."""

import asyncio
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.demo.servers import HOST, Endpoint, SftpServer, http_endpoint, in_thread, sftp_server

__all__ = [
    "HOST",
    "Endpoint",
    "Peer",
    "S3Server",
    "SftpServer",
    "answering",
    "garbage",
    "http_endpoint",
    "moto_s3",
    "peer",
    "reset",
    "sftp_server",
    "silent",
    "sshd",
    "tls_answering",
]

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@dataclass
class Peer:
    """A server that does what a test wants; it counts connections and keeps what it received."""

    port: int
    connections: int = 0
    received: bytearray = field(default_factory=bytearray)

    @property
    def url(self):
        return f"http://{HOST}:{self.port}/"


@contextmanager
def peer(behave, *, tls=None):
    """Serve *behave(reader, writer)*, an async function, to each connection."""

    @asynccontextmanager
    async def serving():
        async def serve(reader, writer):
            running.connections += 1
            try:
                await behave(reader, writer, running)
            except (OSError, EOFError, asyncio.CancelledError):
                pass
            finally:
                writer.transport.abort()

        server = await asyncio.start_server(serve, HOST, 0, ssl=tls)
        running = Peer(server.sockets[0].getsockname()[1])
        yield running
        server.close()

    with in_thread(serving) as running:
        yield running


def silent():
    """A peer that accepts, and never says a word."""

    async def behave(reader, writer, running):
        while data := await reader.read(4096):
            running.received += data

    return peer(behave)


def reset():
    """A peer that resets each connection at once."""

    async def behave(reader, writer, running):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return peer(behave)


def garbage(data=b"\x00\xff\xfe nobody speaks this \r\n\r\n" * 20):
    """A peer that sends what belongs to no protocol."""

    async def behave(reader, writer, running):
        writer.write(data)
        await writer.drain()
        running.received += await reader.read(4096)
        await asyncio.sleep(0.05)

    return peer(behave)


def answering(*parts, pause=0.0, forever=b"", tls=None):
    """A peer that reads a request's head and sends *parts*, *pause* seconds apart, then *forever* again and again."""

    async def behave(reader, writer, running):
        running.received += await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        while forever:
            writer.write(forever)
            await writer.drain()
            await asyncio.sleep(pause)
        writer.write_eof() if writer.can_write_eof() else None
        await reader.read()

    return peer(behave, tls=tls)


def tls_answering(*parts, name="localhost", expired=False):
    """An HTTPS peer; yields it with the authority's context (its certificate names *name*)."""
    served, trusting = _certificate(name, expired)

    @contextmanager
    def running():
        with answering(*parts, tls=served) as peer_:
            yield peer_, trusting

    return running()


def _certificate(name, expired):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    issued = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(issued)
        .issuer_name(issued)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=-1 if expired else 1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        both = Path(folder, "both.pem")
        both.write_bytes(private + pem)
        served.load_cert_chain(both)
    return served, ssl.create_default_context(cadata=pem.decode())


@dataclass(frozen=True)
class S3Server:
    """An S3 service that checks signatures; `reader` may look and not write, `bucket` exists."""

    port: int
    key: tuple[str, str]
    reader: tuple[str, str]
    bucket: str = "landing"

    @property
    def endpoint(self):
        return f"http://{HOST}:{self.port}"

    def client(self):
        """Return a boto3 client with the full key, to look at what is there."""
        import boto3

        access, secret = self.key
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=access,
            aws_secret_access_key=secret,
        )

    def objects(self, bucket=None):
        """Return the keys of all objects."""
        found = self.client().list_objects_v2(Bucket=bucket or self.bucket)
        return [entry["Key"] for entry in found.get("Contents", [])]


_MOTO = """
import logging, sys
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""
_POLICIES = {
    "writer": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}',
    "reader": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}]}',
}
_SET_UP_CALLS = 8


@contextmanager
def moto_s3() -> Iterator[S3Server]:
    """Run moto as a process of its own, with signatures and policies enforced after its set-up."""
    import boto3

    environ = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(_SET_UP_CALLS)}
    command = [sys.executable, "-W", "ignore", "-c", _MOTO]
    with subprocess.Popen(
        command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            port = int(process.stdout.readline())
            made = {"endpoint_url": f"http://{HOST}:{port}", "region_name": "us-east-1"}
            made |= {"aws_access_key_id": "set-up", "aws_secret_access_key": "set-up"}
            iam, s3 = boto3.client("iam", **made), boto3.client("s3", **made)
            keys = {}
            for name, policy in _POLICIES.items():
                iam.create_user(UserName=name)
                iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=policy)
                key = iam.create_access_key(UserName=name)["AccessKey"]
                keys[name] = key["AccessKeyId"], key["SecretAccessKey"]
            s3.create_bucket(Bucket="landing")
            where = {"LocationConstraint": "eu-west-1"}
            s3.create_bucket(Bucket="elsewhere", CreateBucketConfiguration=where)
            yield S3Server(port, keys["writer"], keys["reader"])
        finally:
            process.stdin.close()
            process.terminate()
            process.wait(20)


_SSHD = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
UsePAM no
PasswordAuthentication yes
KbdInteractiveAuthentication no
PermitRootLogin no
StrictModes no
UseDNS no
LogLevel ERROR
Subsystem sftp internal-sftp
ForceCommand internal-sftp
"""
# A private copy of the user table: nothing outside this process and its children sees the user.
_IN_PRIVATE = """
set -e
mount --bind {folder}/passwd /etc/passwd
mount --bind {folder}/shadow /etc/shadow
mount -t tmpfs tmpfs /run
mkdir -m 0755 /run/sshd
exec /usr/sbin/sshd -D -e -f {folder}/config
"""
_UID = 61234


@contextmanager
def sshd(password="the right one"):
    """Run Debian's sshd for the user `ann`; as root the password is a real one, else none is accepted.

    Yields an SftpServer, whose root is the user's home folder.
    """
    if not Path("/usr/sbin/sshd").exists():
        raise AssertionError("there is no sshd here: apt-get install openssh-server")
    folder = Path(tempfile.mkdtemp(prefix="interlock-sshd-"))
    try:
        with socket.create_server((HOST, 0)) as free:
            port = free.getsockname()[1]
        folder.chmod(0o755)
        home = folder / "home"
        home.mkdir()
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "host_key"], check=True)
        (folder / "config").write_text(_SSHD.format(port=port, folder=folder))
        shown = subprocess.run(
            ["ssh-keygen", "-lf", folder / "host_key.pub"], check=True, capture_output=True, text=True
        ).stdout.split()[1]
        with _started(_command(folder, home, password), port, folder / "log"):
            yield SftpServer(port, shown, "ann", home)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _command(folder, home, password):
    if os.geteuid() != 0:
        return ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "config")]
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"], input=password, check=True, capture_output=True, text=True
    ).stdout.strip()
    users = Path("/etc/passwd").read_text() + f"ann:x:{_UID}:{_UID}::{home}:/bin/sh\n"
    (folder / "passwd").write_text(users)
    shadow = folder / "shadow"
    shadow.touch(0o600)
    shadow.write_text(f"root:*:20000::::::\nsshd:*:20000::::::\nann:{hashed}:20000::::::\n")
    os.chown(home, _UID, _UID)
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", _IN_PRIVATE.format(folder=folder)]


@contextmanager
def _started(command, port, log):
    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True) as process:
        try:
            _wait_for(port, process, log)
            yield
        finally:
            # Its own process group, by the id that started it: the children that serve connections are in it.
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(10)


def _wait_for(port, process, log):
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            socket.create_connection((HOST, port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the server did not start: {log.read_text()}")
