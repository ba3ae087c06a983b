"""Debian's sshd for tests, with a user of its own that exists nowhere else."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from adapters.demo.servers import HOST, SftpServer

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
_NOBODY = 65534


@contextmanager
def sshd(password="the right one"):
    """Run Debian's sshd for the user `ann`; the password is a real one if `accepts_passwords`, else none is.

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


def accepts_passwords():
    """Whether sshd can be given a user here: only root can, where it may have a private copy of the user table."""
    mount = ["unshare", "--mount", "--propagation", "private", "mount", "-t", "tmpfs", "tmpfs", "/run"]
    return os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0


def _command(folder, home, password):
    if not accepts_passwords():
        plain = ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "config")]
        if os.geteuid() != 0:
            return plain
        os.chown(folder / "host_key", _NOBODY, _NOBODY)
        return ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", *plain]
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
