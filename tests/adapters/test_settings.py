"""Settings: every variable is read and typed, an unknown one is named, a wrong value is never repeated."""

from pathlib import Path

import pytest

from adapters.settings import Settings, split_network
from engine.errors import Invalid

GOOD = {
    "INTERLOCK_HOME": ("/srv/interlock", "home", Path("/srv/interlock")),
    "INTERLOCK_DATABASE": ("sqlite:////data/log.db", "database", "sqlite:////data/log.db"),
    "INTERLOCK_HOST": ("0.0.0.0", "host", "0.0.0.0"),
    "INTERLOCK_PORT": ("9000", "port", 9000),
    "INTERLOCK_PUBLIC_URL": ("https://interlock.example.com", "public_url", "https://interlock.example.com"),
    "INTERLOCK_ALLOW_NETWORKS": (
        "10.0.0.0/8, 127.0.0.1/32:22,[fd00::/8]:443,fd00::/8,",
        "allow_networks",
        ("10.0.0.0/8", "127.0.0.1/32:22", "[fd00::/8]:443", "fd00::/8"),
    ),
    "INTERLOCK_CATALOG": ("/etc/specs", "catalog", Path("/etc/specs")),
    "INTERLOCK_LANDING_ZONE": ("s3://bucket/prefix", "landing_zone", "s3://bucket/prefix"),
    "INTERLOCK_MASTER_KEY_FILE": ("/run/key", "master_key_file", Path("/run/key")),
    "INTERLOCK_DRAFT_DAYS": ("7", "draft_days", 7),
    "INTERLOCK_LIMIT_DRAFTS": ("20", "limit_drafts", 20),
    "INTERLOCK_LIMIT_CONNECTIONS": ("100", "limit_connections", 100),
    "INTERLOCK_PROBE_SECONDS": ("2.5", "probe_seconds", 2.5),
    "INTERLOCK_LOG_LEVEL": ("DEBUG", "log_level", "debug"),
    "INTERLOCK_LOG_FORMAT": ("json", "log_format", "json"),
}

WRONG = {
    "INTERLOCK_DATABASE": [
        "sqlite:///",
        "sqlite://x",
        "hunter2",
        "mysql://ann:hunter2@db/x",
        "postgresql://",
        "postgresql://ann:hunter2@db",
        "postgresql://ann:hunter2@db/",
        "postgresql://ann:hunter2@db:port/x",
        "postgresql://ann:hunter2@db:99999/x",
        "postgresql://ann:hunter2@[::1/x",
        "postgresql://ann:hun#ter2hunter2@db/x",
        "postgresql://ann:hunter2%@db/x",
        "postgresql://ann@db/x?hunter2=1",
    ],
    "INTERLOCK_PORT": ["hunter2", "-1", "65536", "1.5"],
    "INTERLOCK_ALLOW_NETWORKS": [
        "hunter2",
        "10.0.0.1/8",
        "10.0.0.0/8:",
        "10.0.0.0/8:0",
        "10.0.0.0/8:65536",
        "10.0.0.0/8:٣",
        "10.0.0.0/33",
        "[fd00::/8]22",
        "[fd00::/8",
        "[fd00::/8]:hunter2",
        "fd00::/8,hunter2",
    ],
    "INTERLOCK_DRAFT_DAYS": ["0", "-1", "hunter2", "999999999999"],
    "INTERLOCK_LIMIT_DRAFTS": ["0", "-1", "hunter2", "1000001"],
    "INTERLOCK_LIMIT_CONNECTIONS": ["0", "-1", "hunter2", "1000001"],
    "INTERLOCK_PROBE_SECONDS": ["0", "-1", "nan", "inf", "hunter2"],
    "INTERLOCK_LOG_LEVEL": ["hunter2", "critical"],
    "INTERLOCK_LOG_FORMAT": ["hunter2", "xml"],
}


def test_every_setting_is_read_from_its_variable():
    assert {name.removeprefix("INTERLOCK_").lower() for name in GOOD} == set(Settings.model_fields)
    settings = Settings.from_env({name: text for name, (text, _, _) in GOOD.items()})
    assert {field: getattr(settings, field) for _, field, _ in GOOD.values()} == {
        field: value for _, field, value in GOOD.values()
    }


def test_nothing_has_to_be_said():
    settings = Settings.from_env({"PATH": "/bin", "INTERLOCK_PORT": ""})
    assert (settings.host, settings.port, settings.draft_days) == ("127.0.0.1", 8484, 30)
    assert settings.database_path == settings.home / "interlock.db"
    assert settings.key_path == settings.home / "master.key"
    assert settings.vault_path == settings.home / "vault"
    assert settings.token_path == settings.home / "admin.token"
    assert settings.landing_zone_of("prod") == str(settings.home / "landing-zone" / "prod")


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_is_told_by_its_variable_and_never_repeated(name, value):
    with pytest.raises(Invalid) as error:
        Settings.from_env({name: value})
    [(pointer, message)] = error.value.errors
    assert pointer == name
    assert message
    assert "hunter2" not in str(error.value)
    assert "Value error" not in message
    assert error.value.fix


def test_a_wrong_network_is_told_by_its_place():
    with pytest.raises(Invalid, match="network 2 is no network like"):
        Settings.from_env({"INTERLOCK_ALLOW_NETWORKS": "10.0.0.0/8,nonsense"})


def test_every_wrong_and_unknown_variable_is_told_at_once():
    environ = {"INTERLOCK_PORT": "x", "INTERLOCK_DRAFT_DAY": "3", "INTERLOCK_TOKN": "hunter2", "INTERLOCK_HOST": "h"}
    with pytest.raises(Invalid) as error:
        Settings.from_env(environ)
    told = dict(error.value.errors)
    assert set(told) == {"INTERLOCK_PORT", "INTERLOCK_DRAFT_DAY", "INTERLOCK_TOKN"}
    assert told["INTERLOCK_DRAFT_DAY"] == "is no setting; did you mean INTERLOCK_DRAFT_DAYS?"
    assert told["INTERLOCK_TOKN"] == "is no setting; did you mean INTERLOCK_TOKEN?"
    assert "hunter2" not in str(error.value)


def test_a_variable_like_nothing_known_is_named_without_a_guess():
    with pytest.raises(Invalid) as error:
        Settings.from_env({"INTERLOCK_ZZZZZZZZZZZZZZZZZZZZZZZZZZZZ": "1"})
    [(_, message)] = error.value.errors
    assert message == "is no setting"


def test_what_the_command_line_reads_by_itself_is_no_unknown_setting():
    names = ("URL", "TOKEN", "TOKEN_FILE", "SANDBOX", "DEBUG")
    Settings.from_env({f"INTERLOCK_{name}": "x" for name in names})


@pytest.mark.parametrize(
    ("database", "path"),
    [
        ("memory:", None),
        ("sqlite:///log.db", Path("log.db")),
        ("sqlite:////data/log.db", Path("/data/log.db")),
        (None, Path("/srv/interlock.db")),
        ("postgresql://ann:hunter2@db/x", None),
    ],
)
def test_the_forms_of_a_database(database, path):
    settings = Settings(home="/srv", database=database)
    assert settings.database_path == path
    beside = Path("/srv/vault") if path is None or database is None else path.with_name("log.db.vault")
    assert settings.vault_path == beside


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:hunter2@db.example.com:5433/x", "postgresql://ann@db.example.com:5433/x"),
        ("postgres://ann@db/x?password=hunter2", "postgres://ann@db/x"),
        ("postgresql:///x?host=/run/postgresql", "postgresql:///x"),
        ("postgresql://ann:hunter%402@one,two:1,2/x?target_session_attrs=primary", "postgresql://ann@one,two/x"),
    ],
)
def test_the_password_of_a_database_is_never_shown(url, shown):
    settings = Settings.from_env({"INTERLOCK_HOME": "/srv", "INTERLOCK_DATABASE": url})
    assert settings.postgres_url == url
    assert (settings.database_path, settings.in_memory) == (None, False)
    assert settings.vault_path == Path("/srv/vault")
    assert settings.shown_database == shown.replace("one,two", "one,two:1,2")
    assert "hunter" not in repr(settings)
    assert "hunter" not in str(settings)


def test_the_forms_of_a_network():
    assert split_network("10.0.0.0/8") == ("10.0.0.0/8", None)
    assert split_network("10.0.0.1") == ("10.0.0.1/32", None)
    assert split_network("10.0.0.1/32:22") == ("10.0.0.1/32", 22)
    assert split_network("fd00::/8") == ("fd00::/8", None)
    assert split_network("[fd00::/8]") == ("fd00::/8", None)
    assert split_network("[fd00::/8]:22") == ("fd00::/8", 22)
    assert split_network("0.0.0.0/0") == ("0.0.0.0/0", None)


def test_the_landing_zone_of_a_sandbox_stays_in_the_landing_zone():
    assert Settings(landing_zone="s3://bucket/prefix/").landing_zone_of("dev") == "s3://bucket/prefix/dev"
    for name in ("", "..", "../prod", "a/b", "A", "a\x00", "a\n", "x" * 64, "-a"):
        with pytest.raises(Invalid, match="/sandbox"):
            Settings(home="/srv").landing_zone_of(name)


def test_settings_never_change():
    with pytest.raises(ValueError, match="frozen"):
        Settings(home="/srv").port = 1
