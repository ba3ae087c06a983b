"""SFTP servers: the host key first, the password only after it was confirmed, then a file written and removed."""

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from adapters.destinations.attempt import Attempt
from adapters.destinations.checks import CheckFailed, Checks
from adapters.destinations.folders import POINTER, PROBE_CONTENT, folder_parts, probe_name
from adapters.egress.errors import unreachable
from engine.secret import MASK
from workflows.probe import CheckStatus

if TYPE_CHECKING:
    import asyncssh

_SIGN_IN = ("resolve", "connect", "host_key", "authenticate", "authorise")
_STORE = ("folder", "write", "clean_up")


async def probe(attempt: Attempt, checks: Checks) -> None:
    """Sign in with a password; with parameters, write a file into the folder and remove it."""
    host, port = attempt.given("domain"), int(attempt.given("port") or 22)
    user = attempt.given("username")
    checks.plan = _SIGN_IN if attempt.parameters is None else _SIGN_IN + _STORE
    checks.host_pointer = "/credential/domain"
    checks.tried = f"{host} port {port}"
    if attempt.variant != "sftp-password":
        what = "signing in by this variant is not part of this release: nothing was tried"
        checks.plan = ()
        checks.add("authenticate", CheckStatus.NOT_TESTABLE, "variant-not-supported", what)
        return
    async with _session(attempt, checks, host, port) as connection:
        checks.principal = user
        checks.tried = f"{user}@{host} port {port}, subsystem sftp"
        with checks.making("authorise"):
            files = await _start_sftp(connection)
        if attempt.parameters is not None:
            await _store(files, attempt.parameter("folder_path"), checks)


@asynccontextmanager
async def _session(
    attempt: Attempt, checks: Checks, host: str, port: int
) -> "AsyncIterator[asyncssh.SSHClientConnection]":
    import asyncssh

    class Client(asyncssh.SSHClient):
        """Judges the host key, and hands over the password once, after that."""

        def __init__(self) -> None:
            self.seen: asyncio.Future[asyncssh.SSHKey] = asyncio.get_running_loop().create_future()
            self.asked = False

        def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
            if not self.seen.done():
                self.seen.set_result(key)
            return _same(key, attempt.given("host_key"))

        def password_auth_requested(self) -> str | None:
            first, self.asked = not self.asked, True
            return attempt.secret("password").reveal() if first else None

    client = Client()
    sock = await attempt.door.connect(host, port, stage=checks.stage)
    # Nothing of whoever runs the server may sign in here: no agent, keys, configuration or known hosts.
    connecting = asyncio.ensure_future(
        asyncssh.connect(
            host, port, sock=sock, username=attempt.given("username"), client_factory=lambda: client,
            known_hosts=([], [], []),
            config=None, agent_path=None, client_keys=None, preferred_auth="password", password_auth=True,
            public_key_auth=False, kbdint_auth=False, host_based_auth=False, gss_host=None,
        )
    )  # fmt: skip
    try:
        with checks.making("host_key", pointer="/credential/host_key"):
            either: set[asyncio.Future[Any]] = {connecting, client.seen}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if client.seen.done():
                _judge_host_key(client.seen.result(), attempt.given("host_key"))
            else:
                await _outcome(connecting, client)
        checks.tried = f"{attempt.given('username')}@{host} port {port} with password {MASK}"
        with checks.making("authenticate"):
            connection = await _outcome(connecting, client)
        try:
            yield connection
        finally:
            connection.abort()
    finally:
        connecting.cancel()
        with suppress(asyncio.CancelledError, Exception):  # told already, or of no more interest
            (await connecting).abort()
        client.seen.cancel()
        sock.close()


async def _outcome(connecting: "asyncio.Future[Any]", client: Any) -> Any:
    """Wait for the connection; say what its failure means."""
    import asyncssh

    try:
        return await connecting
    except asyncssh.PermissionDenied:
        if not client.asked:
            what, fix = "the server does not take passwords", "have it allow password login, or use a key"
            raise CheckFailed("password-not-offered", what, kind="credential", fix=fix, pointer="/variant") from None
        what, fix = "the server refused this user name and password", "send a user name and password that it accepts"
        raise CheckFailed("credential-rejected", what, kind="credential", fix=fix, pointer="/credential") from None
    except asyncssh.ConnectionLost:
        what, fix = "the server ended the connection", "see the server's own log"
        raise CheckFailed("connection-lost", what, kind="unreachable", fix=fix, pointer="/credential/domain") from None
    except asyncssh.Error as error:
        what = f"this is no SSH server that we can talk to ({type(error).__name__})"
        fix = "correct domain and port; the server must speak SSH 2.0"
        raise CheckFailed("protocol-error", what, kind="unreachable", fix=fix, pointer="/credential/domain") from None
    except OSError as error:
        raise unreachable(error) from None
    except Exception as error:
        # A peer that breaks off or plays tricks can make the library itself stumble.
        what = f"the SSH exchange broke off ({type(error).__name__})"
        fix = "see the server's own log"
        raise CheckFailed("connection-lost", what, kind="unreachable", fix=fix, pointer="/credential/domain") from None


def _same(key: "asyncssh.SSHKey", pinned: str) -> bool:
    return hmac.compare_digest(key.get_fingerprint().encode(), _normal(pinned).encode("utf-8", "replace"))


def _normal(pinned: str) -> str:
    text = pinned.strip().rstrip("=")
    return text if text.startswith("SHA256:") or not text else f"SHA256:{text}"


def _judge_host_key(key: "asyncssh.SSHKey", pinned: str) -> None:
    shown, kind = key.get_fingerprint(), key.get_algorithm()
    pointer = "/credential/host_key"
    if not pinned.strip():
        what = f"the server shows the {kind} key {shown}, which nobody has confirmed; no password was sent"
        fix = f"send host_key {shown} after comparing it with what the server's operator says"
        raise CheckFailed("host-key-unknown", what, kind="host_key", fix=fix, pointer=pointer)
    if not _same(key, pinned):
        confirmed = (
            _normal(pinned) if _normal(pinned)[7:].replace("+", "").replace("/", "").isalnum() else "(unreadable)"
        )
        what = f"the server shows the {kind} key {shown}, but {confirmed[:60]} was confirmed; no password was sent"
        fix = "ask the server's operator whether its key was changed; only then send the new host_key"
        raise CheckFailed("host-key-changed", what, kind="host_key", fix=fix, pointer=pointer)


async def _start_sftp(connection: "asyncssh.SSHClientConnection") -> "asyncssh.SFTPClient":
    import asyncssh

    try:
        return await connection.start_sftp_client()
    except (asyncssh.Error, OSError):
        what, fix = "the server lets this user sign in, but not transfer files", "have it offer the subsystem sftp"
        raise CheckFailed("sftp-refused", what, kind="credential", fix=fix, pointer="/credential/username") from None


async def _store(files: "asyncssh.SFTPClient", folder_path: str, checks: Checks) -> None:
    import asyncssh

    with checks.making("folder", pointer=POINTER):
        parts = folder_parts(folder_path)
        folder = ("/" if folder_path.startswith("/") else "") + "/".join(parts) or "."
        checks.tried = f"folder {folder}"
        try:
            there = await files.realpath(folder)
            if not await files.isdir(there):
                raise _no_folder("folder-missing", "there is no such folder on the server")
        except asyncssh.SFTPError:
            raise _no_folder("folder-refused", "the server does not show this folder to this user") from None
    path = files.compose_path(there) + b"/" + probe_name().encode()
    checks.tried = f"a probe file in {folder}"
    with checks.making("write", pointer=POINTER):
        try:
            async with files.open(path, "xb") as file:
                await file.write(PROBE_CONTENT)
        except asyncssh.SFTPError as error:
            with suppress(asyncssh.SFTPError):
                await files.remove(path)
            raise _no_folder("write-refused", f"the server refused to write here ({type(error).__name__})") from None
    with checks.making("clean_up", pointer=POINTER):
        try:
            await files.remove(path)
        except asyncssh.SFTPError:
            what = f"the probe file {path.decode(errors='replace')} could be written, but not removed"
            raise _no_folder("clean-up-refused", what) from None


def _no_folder(code: str, what: str) -> CheckFailed:
    fix = "give a folder that exists and in which this user may write and remove files"
    return CheckFailed(code, what, kind="parameters", fix=fix, pointer=POINTER)
