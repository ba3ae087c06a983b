"""A process that follows a log on PostgreSQL until it is ended, as a server does (`python -m` this module).

It prints `ready`, and writes a line to its file for each batch that it folds: which process, up to which position.
"""

import os
import sys
import time

from adapters.store.postgres import PostgresLog
from adapters.store.postgres_connection import Postgres
from adapters.store.postgres_leases import PostgresLeases
from adapters.store.postgres_views import PostgresViews
from engine.application import Workflows
from engine.follower import Follower
from engine.supervisor import Supervisor
from tests.suites.views import Stops


class Telling(PostgresViews):
    """Views that tell of each write which they took."""

    def write(self, projection, rows, position, **options):
        taken = super().write(projection, rows, position, **options)
        if taken:
            os.write(self.file, f"{os.getpid()} {options['after']} {position}\n".encode())
        return taken


def main(url, file):
    postgres = Postgres(url)
    log = PostgresLog(postgres)
    workflows = Workflows(log=log)
    leases = PostgresLeases(postgres)
    views = Telling(postgres, leases)
    views.file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    follower = Follower(Stops(), log, workflows.decode, views, leases)
    with Supervisor([follower], log, workflows.decode):
        print("ready", flush=True)
        while True:
            time.sleep(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
