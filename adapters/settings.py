"""Settings: the environment, read once and typed. Every variable is listed here; an unknown one is named."""

import os
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from engine.errors import Invalid
from workflows.limits import MOST_DRAFTS
from workflows.nearest import nearest
from workflows.permissions import SANDBOX_RULE, is_sandbox

PREFIX = "INTERLOCK_"
POSTGRES = ("postgresql://", "postgres://")
FOR_CLIENTS = ("url", "token", "token_file", "sandbox", "debug")
"""What the command line reads by itself: which server to talk to, how, and in which sandbox."""


def _comma_list(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _folded(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


class Settings(BaseModel):
    """What an operator decides. Each field is read from INTERLOCK_<FIELD>.

    `allow_networks` holds `CIDR[:port]` that the door may reach beyond public addresses; IPv6 networks with a port are
    written `[fd00::/8]:22`. `database` is `sqlite:///path`, `postgresql://user:password@host/name` or `memory:`;
    `landing_zone` a folder or `s3://bucket/prefix`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    home: Path = Field(default_factory=lambda: user_data_path("interlock", appauthor=False))
    database: str | None = Field(default=None, repr=False)  # it may hold a password
    host: str = "127.0.0.1"
    port: int = Field(default=8484, ge=0, le=65535)
    public_url: str | None = None
    allow_networks: Annotated[tuple[str, ...], BeforeValidator(_comma_list)] = ()
    catalog: Path | None = None
    landing_zone: str | None = None
    master_key_file: Path | None = None
    draft_days: int = Field(default=30, ge=1, le=36_500)
    limit_connections: int | None = Field(default=None, ge=1, le=1_000_000)
    limit_drafts: int = Field(default=MOST_DRAFTS, ge=1, le=1_000_000)
    probe_seconds: float = Field(default=15.0, gt=0, allow_inf_nan=False)
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_folded)] = "info"
    log_format: Annotated[Literal["console", "json"] | None, BeforeValidator(_folded)] = None

    @field_validator("allow_networks")
    @classmethod
    def _networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for number, network in enumerate(networks, 1):
            try:
                split_network(network)
            except ValueError as error:
                raise ValueError(f"network {number} {error}") from None
        return networks

    @field_validator("database")
    @classmethod
    def _database(cls, database: str | None) -> str | None:
        if database is None or database == "memory:" or database.removeprefix("sqlite:///") not in ("", database):
            return database
        if database.startswith(POSTGRES):
            _expect_postgres(database)
            return database
        raise ValueError("neither sqlite:///path, postgresql://user:password@host/name nor memory:")

    @property
    def postgres_url(self) -> str | None:
        """The address of a PostgreSQL database, which may hold a password; None for a log kept elsewhere."""
        return self.database if self.database is not None and self.database.startswith(POSTGRES) else None

    @property
    def in_memory(self) -> bool:
        """Whether the log ends with the process."""
        return self.database == "memory:"

    @property
    def shown_database(self) -> str:
        """The database as it may be shown: without a password, and without parameters, which can hold one too."""
        if self.postgres_url is None:
            return self.database or ""
        parts = urlsplit(self.postgres_url)
        user, at, host = parts.netloc.rpartition("@")
        return f"{parts.scheme}://{user.partition(':')[0]}{at}{host}{parts.path}"

    @property
    def database_path(self) -> Path | None:
        """The file of the event log; None for a log in memory or in PostgreSQL."""
        if self.in_memory or self.postgres_url is not None:
            return None
        if self.database is None:
            return self.home / "interlock.db"
        return Path(self.database.removeprefix("sqlite:///"))

    @property
    def key_path(self) -> Path:
        """The file of the vault's master key."""
        return self.master_key_file or self.home / "master.key"

    @property
    def vault_path(self) -> Path:
        """The folder of the vault: in the home, and beside a database that is kept elsewhere, to which it belongs."""
        if self.database is None or self.database_path is None:
            return self.home / "vault"
        return self.database_path.with_name(f"{self.database_path.name}.vault")

    @property
    def token_path(self) -> Path:
        """The file of the administrator's token."""
        return self.home / "admin.token"

    def landing_zone_of(self, sandbox: str) -> str:
        """Return the landing zone of a sandbox: a folder, or an S3 prefix.

        Raises:
            Invalid: the name of the sandbox could lead out of the landing zone.
        """
        if not is_sandbox(sandbox):
            raise Invalid([("/sandbox", SANDBOX_RULE)])
        if self.landing_zone is None:
            return str(self.home / "landing-zone" / sandbox)
        return f"{self.landing_zone.rstrip('/')}/{sandbox}"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment.

        Raises:
            Invalid: a value is wrong, or a variable is unknown; every one is named, with the variable as its pointer.
        """
        environ = os.environ if environ is None else environ
        given = {name.removeprefix(PREFIX).lower(): value for name, value in environ.items() if name.startswith(PREFIX)}
        known = list(cls.model_fields)
        variables = [f"{PREFIX}{name.upper()}" for name in (*known, *FOR_CLIENTS)]
        unknown = [
            (f"{PREFIX}{name.upper()}", f"is no setting{nearest(PREFIX + name.upper(), variables)}")
            for name in given
            if name not in known and name not in FOR_CLIENTS
        ]
        try:
            settings = cls.model_validate({name: value for name, value in given.items() if name in known and value})
        except ValidationError as error:
            wrong = [
                (f"{PREFIX}{str(problem['loc'][0]).upper()}", _told(problem["msg"]))
                for problem in error.errors(include_url=False, include_input=False)
            ]
            raise Invalid([*unknown, *wrong], fix="correct these environment variables") from None
        if unknown:
            raise Invalid(unknown, fix="correct or remove these environment variables")
        return settings


def _expect_postgres(url: str) -> None:
    """Refuse an address that libpq would not take; what is said never repeats a part of it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("is no address like postgresql://user:password@host/name") from None
    if parts.fragment:
        raise ValueError("has a # in it: write %23 if it belongs to the password")
    if not parts.path.strip("/"):
        raise ValueError("does not name a database: postgresql://user:password@host/name")
    try:
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        return  # whoever opens it tells what is not installed
    try:
        given = conninfo_to_dict(url)
        ports = str(given.get("port") or "0").split(",")
    except Exception:
        raise ValueError(
            "is no address that PostgreSQL's library takes: escape special characters as %XX, check the parameters"
        ) from None
    if not all(port.isascii() and port.isdecimal() and int(port) < 65536 for port in ports if port):
        raise ValueError("has a port that is no number from 1 to 65535")


def _told(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should be", "must be")


def split_network(text: str) -> tuple[str, int | None]:
    """Split `CIDR[:port]` into its network and port; raises ValueError when it is neither."""
    network, colon, port = text, "", ""
    if text.startswith("["):
        network, bracket, port = text[1:].partition("]")
        colon, port = port[:1], port[1:]
        if not bracket or colon not in ("", ":"):
            network = ""
    elif text.count(":") == 1:
        network, colon, port = text.partition(":")
    if colon and not (port.isascii() and port.isdecimal() and len(port) < 6 and 0 < int(port) < 65536):
        raise ValueError("has a port that is no number from 1 to 65535")
    try:
        return str(ip_network(network)), int(port) if port else None
    except ValueError:
        raise ValueError("is no network like 10.0.0.0/8, 10.1.2.3/32:22 or [fd00::/8]:22") from None
