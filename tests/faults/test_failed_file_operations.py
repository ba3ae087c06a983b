"""Whatever file operation fails, once or for ever: no caller is lied to, nothing is lost, and no restart is needed.

TEST_FAULTS says how many runs are made of all: one for each operation, error and end, some 7,000 (default 80).
"""

import json
import os
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from tests.suites.faults_preload import python, quick_folder

RUNS = int(os.environ.get("TEST_FAULTS", "80"))
PARTS = 2

pytestmark = pytest.mark.timeout(0 if RUNS > 500 else 400)


def sweep(library, tmp_path, most, part=0, parts=1, log="as shipped"):
    """Run a part of the sweep in a process of its own; return each trial with what was found."""
    with tempfile.TemporaryDirectory(dir=quick_folder(tmp_path)) as folder:
        plan = {"folder": folder, "most": most, "seed": 1, "part": part, "parts": parts, "log": log}
        code = "from tests.suites.faults_sweep import main; main()"
        settings = python(code, library, FAULTS_PLAN=json.dumps(plan), HOME=folder)
        done = subprocess.run(**settings, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in Path(folder, "told").read_text().splitlines()]


@pytest.mark.parametrize("part", range(PARTS))
def test_a_failed_file_operation_is_told_honestly_and_loses_nothing(failing_files, tmp_path, part):
    found = sweep(failing_files, tmp_path, RUNS, part, PARTS)
    total = Counter()
    for _, one in found:
        total.update({name: value for name, value in one.items() if isinstance(value, int)})
    print(f"{len(found)} runs, {total}")
    wrong = [(trial, one["wrong"]) for trial, one in found if one["wrong"]]
    assert not wrong, f"{len(wrong)} of {len(found)} runs went wrong; the first: {wrong[0][0]}\n{wrong[0][1]}"
    bitten = sum(one["met"] > 0 for _, one in found)
    assert bitten > 0.95 * len(found), f"only {bitten} of {len(found)} runs met their fault"
    assert sum(one["refused"] > 0 for _, one in found) > len(found) / 4, "hardly anybody noticed the faults"


def test_a_log_that_acknowledges_what_it_could_not_store_is_caught(failing_files, tmp_path):
    found = sweep(failing_files, tmp_path, 12, log="careless")
    assert any(one["wrong"] for _, one in found)
