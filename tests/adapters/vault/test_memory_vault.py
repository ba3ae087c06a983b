import pytest

from adapters.vault.memory import MemoryVault
from engine.secret import Secret
from tests.suites.vault import VaultSuite


@pytest.fixture
def vault():
    return MemoryVault()


class TestMemoryVault(VaultSuite):
    """The vault in memory."""


def test_fingerprints_of_two_vaults_say_nothing_about_each_other():
    secret = Secret("s3cret")
    assert MemoryVault().fingerprint(secret, "p") != MemoryVault().fingerprint(secret, "p")
