"""An installation in memory, and its API."""

import pytest

from adapters.composition import compose
from adapters.settings import Settings
from tests.suites.api import Api, FakeProber


@pytest.fixture
def settings(tmp_path):
    return Settings(database="memory:", home=tmp_path, allow_networks=("127.0.0.1/32",))


@pytest.fixture
def prober():
    return FakeProber()


@pytest.fixture
def system(settings):
    """The real destinations; the landing zone needs nothing but a folder."""
    with compose(settings) as system:
        yield system


@pytest.fixture
def faked(settings, prober):
    """Every destination is the fake one."""
    with compose(settings, prober=prober) as system:
        yield system


@pytest.fixture
def api(system):
    api = Api(system)
    yield api
    api.close()


@pytest.fixture
def fake(faked):
    """The API over the fake destinations."""
    api = Api(faked)
    yield api
    api.close()
