import subprocess
import sys

import pytest

from adapters.settings import FOR_CLIENTS, PREFIX
from tests.suites.terminal import ROOT, Terminal, every_command

COMMANDS = dict(every_command())
# Typer itself takes pydantic as soon as it reads options; to list what there is, it does not.
HEAVY = ("fastapi", "httpx2", "eventsourcing", "structlog", "asyncssh", "obstore", "cryptography", "uvicorn")


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_a_help_text_and_so_has_each_of_its_options(path):
    command = COMMANDS[path]
    assert len(command.help or "") > 10
    for option in command.params:
        assert getattr(option, "help", None), f"{' '.join(path)} {option.name}"


def test_the_commands_are_those_of_the_product():
    found = {path[0]: set() for path in COMMANDS if path}
    for path in COMMANDS:
        if len(path) > 1:
            found[path[0]].add(path[1])
    assert found == {
        "serve": set(),
        "demo": set(),
        "doctor": set(),
        "probe": set(),
        "db": {"status", "upgrade"},
        "backup": set(),
        "restore": set(),
        "catalog": {"connections", "docs", "list", "show", "validate"},
        "connections": {
            "create", "authenticate", "parameters", "alerts", "govern", "save", "edit-parameters", "edit-alerts",
            "edit-marketing-actions", "enable", "disable", "delete", "discard", "list", "show", "history", "actions",
            "path", "diff", "diagram", "probe", "options", "preview", "rename", "hand-over", "tags", "labels", "bulk",
        },
        "accounts": {"create", "list", "show", "history", "reauthorise", "rename", "delete"},
        "audit": {"history", "attempts", "follow", "verify", "replay"},
        "projections": {"status", "park", "retry", "rebuild"},
        "token": {"create", "list", "path", "revoke"},
        "people": {"add", "edit", "give-role", "history", "list", "reinstate", "show", "suspend", "take-role"},
        "service-accounts": {"add", "give-role", "history", "list", "reinstate", "show", "suspend", "take-role"},
        "roles": {"define", "delete", "history", "list", "redefine", "restore", "show"},
        "sandboxes": {"create", "delete", "history", "list", "restore", "retitle", "show"},
        "can-i": set(),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("argument", "heavy"),
    [
        ("--help", (*HEAVY, "pydantic", "rich", "adapters.cli.lifecycle")),
        ("connections --help", HEAVY),
        ("connections parameters --help", HEAVY),
        ("--version", HEAVY),
    ],
)
def test_help_imports_nothing_that_is_slow(argument, heavy):
    script = (
        "import sys\n"
        "from adapters.main import main\n"
        f"sys.argv = ['interlock', *{argument.split()!r}]\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        f"print('slow:', [name for name in {heavy!r} if name in sys.modules])\n"
    )
    line = [sys.executable, "-c", script]
    result = subprocess.run(line, check=False, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert result.stderr == ""
    assert "slow: []" in result.stdout


def test_the_module_can_be_run_as_the_console_script(tmp_path):
    result = Terminal(tmp_path).process("--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert "connections" in result.stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("connections forget 1", "No such command"),
        ("connections show", "Missing argument"),
        ("connections show 1 --passwort=hunter2", "No such option: --passwort"),
        ("connections show 1 hunter2", "more arguments than this command takes"),
        ("connections show 1 -o hunter2", "one of: table, json, yaml"),
        ("serve --port hunter2", "the value of --port"),
    ],
)
def test_wrong_use_is_told_in_one_line_with_a_fix_and_never_repeats_a_value(tmp_path, line, said):
    result = Terminal(tmp_path)(*line.split())
    assert (result.exit_code, result.stdout) == (2, "")
    first, second = result.stderr.splitlines()
    assert first.startswith("error: ")
    assert said in first
    assert second.startswith("fix: interlock")
    assert "hunter2" not in result.stderr


def test_what_the_command_line_reads_by_itself_is_known_to_the_settings():
    assert {f"{PREFIX}{name.upper()}" for name in FOR_CLIENTS} == {
        "INTERLOCK_URL", "INTERLOCK_TOKEN", "INTERLOCK_TOKEN_FILE", "INTERLOCK_SANDBOX", "INTERLOCK_DEBUG",
    }  # fmt: skip
