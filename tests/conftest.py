"""What holds for all tests together: no planted secret is left readable in any file that a test made."""

import pytest

from tests.suites.canaries import traces_in_files

LEFT_ON_PURPOSE = ("leak",)
"""Files in which the tests of the search itself plant something to be found."""


@pytest.fixture(scope="session", autouse=True)
def no_planted_secret_is_left_in_a_file(tmp_path_factory):
    yield
    found = traces_in_files(tmp_path_factory.getbasetemp())
    leaks = {path: forms for path, forms in found.items() if not path.endswith(LEFT_ON_PURPOSE)}
    assert not leaks, f"planted secrets are readable in {leaks}"
