"""One S3 service for every test of this folder that needs one: it takes two seconds to start."""

import pytest

from tests.suites.servers import moto_s3


@pytest.fixture(scope="session")
def s3():
    with moto_s3() as server:
        yield server
