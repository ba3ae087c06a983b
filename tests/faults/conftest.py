"""The preloaded libraries, compiled once for each process of a test run."""

import pytest

from tests.suites.faults_preload import build


@pytest.fixture(scope="session")
def failing_files(tmp_path_factory):
    return build("faults_files.c", tmp_path_factory.mktemp("preload"))


@pytest.fixture(scope="session")
def recorded_files(tmp_path_factory):
    return build("powerloss_files.c", tmp_path_factory.mktemp("preload"))
