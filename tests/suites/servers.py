"""Real servers for tests: each listens on a free port of 127.0.0.1 and ends with its block. A missing one fails."""

import asyncio
import socket
import ssl
import struct
import tempfile
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.demo.servers import HOST, Endpoint, SftpServer, http_endpoint, in_thread, sftp_server
from tests.suites.moto import S3Server, moto_s3
from tests.suites.sshd import accepts_passwords, sshd

__all__ = [
    "HOST",
    "Endpoint",
    "Peer",
    "S3Server",
    "SftpServer",
    "accepts_passwords",
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
