"""Every example of the README and the docs runs: Python blocks as they stand, console blocks command by command."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXPECTED_EXIT = re.compile(r"#\s*exit (\d+)")


def run(command, tmp_path, timeout=60):
    return subprocess.run(
        command,
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def blocks(language):
    for page in PAGES:
        for number, found in enumerate(BLOCK.finditer(page.read_text())):
            if found[1] == language:
                yield pytest.param(found[2], id=f"{page.relative_to(ROOT)}-{number}")


def environment(tmp_path):
    env = {name: value for name, value in os.environ.items() if not name.startswith("INTERLOCK_")}
    env["INTERLOCK_HOME"] = str(tmp_path / "home")
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    return env


@pytest.mark.parametrize("code", list(blocks("python")))
def test_a_python_example_runs(code, tmp_path):
    done = run([sys.executable, "-W", "error", "-c", code], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip(), "an example shows something"


def test_the_python_examples_of_the_readme_say_what_they_promise(tmp_path):
    text = (ROOT / "README.md").read_text()
    said = []
    for _, code in (found.groups() for found in BLOCK.finditer(text) if found[1] == "python"):
        lines = [line for line in code.splitlines() if line.strip()]
        assert len(lines) <= 10, "the README promises ten lines"
        done = run([sys.executable, "-c", code], tmp_path)
        said.append(done.stdout.strip())
    assert said == ["saved True", "over; before that: lent"]


@pytest.mark.parametrize("block", list(blocks("console")))
def test_every_command_of_a_console_example_ends_as_it_says(block, tmp_path):
    script = []
    for line in block.splitlines():
        if not line.startswith("$ "):
            continue
        command, expected = line[2:], EXPECTED_EXIT.search(line)
        code = expected[1] if expected else "0"
        script.append(
            f'{command}\nsaid=$?; [ $said = {code} ] || {{ echo "exit $said, not {code}: {command[:60]}"; exit 99; }}'
        )
    assert script, "a console example has commands"
    done = run(["bash", "-c", "\n".join(script)], tmp_path, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_every_setting_stands_in_the_manual():
    from adapters.settings import PREFIX, Settings

    manual = (ROOT / "docs/howto/operate.md").read_text()
    missing = [name for name in Settings.model_fields if f"{PREFIX}{name.upper()}" not in manual]
    assert missing == []
