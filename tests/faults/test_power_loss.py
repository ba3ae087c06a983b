"""After a power cut at any moment everything acknowledged is there: the log, the vault's files, the key file.

TEST_POWER_CUTS says how many images of the disk are built (default 20,000).
"""

import os
import tempfile
from pathlib import Path

import pytest

from tests.suites.faults_preload import quick_folder
from tests.suites.powerloss import cut_power, record, without_syncs

IMAGES = int(os.environ.get("TEST_POWER_CUTS", "20000"))
VARIANTS = ("as shipped", "checkpoints early")

pytestmark = pytest.mark.timeout(0 if IMAGES > 20_000 else 400)


@pytest.fixture
def disk(tmp_path):
    with tempfile.TemporaryDirectory(dir=quick_folder(tmp_path)) as folder:
        yield Path(folder)


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_was_acknowledged_survives_a_power_cut_at_any_moment(recorded_files, disk, variant):
    recorded = record(recorded_files, disk, variant)
    tally = cut_power(recorded, disk / "image", most=IMAGES // len(VARIANTS), seed=1)
    print(tally)
    assert not tally.wrong, f"{tally}; the first: {tally.wrong[0]}"
    assert tally.images > 0.9 * IMAGES / len(VARIANTS), str(tally)


@pytest.mark.parametrize("variant", ["synchronous NORMAL", "synchronous OFF"])
def test_a_log_that_does_not_wait_for_the_disk_is_caught(recorded_files, disk, variant):
    recorded = record(recorded_files, disk, variant)
    tally = cut_power(recorded, disk / "image", most=4000, seed=1)
    assert any("were acknowledged" in wrong for wrong in tally.wrong), str(tally)


@pytest.mark.parametrize("forgotten", ["/vault", ".unfinished", "/home"])
def test_a_vault_that_forgets_a_sync_is_caught(recorded_files, disk, forgotten):
    recorded = without_syncs(record(recorded_files, disk), forgotten)
    tally = cut_power(recorded, disk / "image", most=4000, seed=1)
    assert tally.wrong, str(tally)
