"""A terminal: the command line over an installation in a folder, in process or as a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from adapters.cli.app import build
from adapters.http.app import create_app
from adapters.http.callers import only
from adapters.main import Wiring

ROOT = Path(__file__).parents[2]
OURS = [name for name in os.environ if name.startswith("INTERLOCK_")]


class OneApi:
    """Makes the API once, and puts it over another System each time: that is what takes long of a command."""

    def __init__(self):
        self.app = None

    def __call__(self, system, *, token):
        if self.app is None:
            self.app = create_app(system, token=token)
        self.app.state.system, self.app.state.allows = system, only(token)
        return self.app


API = OneApi()


class Terminal:
    """Calls `interlock` with a home of its own; `json` returns what it printed for programs."""

    def __init__(self, home, **environ):
        self.home = home
        self.environ = dict.fromkeys(OURS) | {"INTERLOCK_HOME": str(home), **environ}

    def __call__(self, *args, input=None, **environ):
        runner = CliRunner(env=self.environ | environ)
        return runner.invoke(build(Wiring(API)), [str(arg) for arg in args], input=input)

    def json(self, *args, **options):
        """Run a command that must succeed, and return its answer."""
        result = self(*args, "-o", "json", **options)
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    def environment(self, **environ):
        """Return the whole environment for a process of its own."""
        env = {name: value for name, value in os.environ.items() if name not in OURS}
        return env | {name: value for name, value in (self.environ | environ).items() if value is not None}

    def process(self, *args, input=None, **environ):
        """Run a command in a process of its own."""
        command = [sys.executable, "-m", "adapters.main", *map(str, args)]
        env = self.environment(**environ)
        return subprocess.run(
            command, check=False, input=input, capture_output=True, text=True, env=env, cwd=ROOT, timeout=60
        )


def every_command(command=None, path=()):
    """Yield every command and group of the command line, with the words that lead to it."""
    command = command or get_command(build(Wiring()))
    yield path, command
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield from every_command(inner, (*path, name))


def a_landing_zone(terminal, name="Nightly files"):
    """Connect a landing zone, from the catalog to saved; return the connection's id."""
    identity = terminal.json("connections", "create", "data-landing-zone")["connection"]["id"]
    terminal.json("connections", "authenticate", identity)
    terminal.json("connections", "parameters", identity, "--name", name, "--data-kind", "people")
    terminal.json("connections", "alerts", identity, "--none")
    terminal.json("connections", "govern", identity, "--marketing-action", "analytics")
    terminal.json("connections", "save", identity)
    return identity
