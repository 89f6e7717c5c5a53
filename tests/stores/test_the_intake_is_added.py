"""A database that had files before the intake's book gets their rows when it is migrated."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction

import psycopg
import pytest
from tests.stores.conftest import database_of
from tests.stores.paper_town import ANALYST, LATER

from meterledger.facts.intake import Count
from meterledger.stores.postgres import verify_invariants
from meterledger.stores.postgres.opening import open_database
from meterledger.stores.postgres.private_server import OWNER, SUPERUSER, PrivateServer

pytestmark = pytest.mark.postgres

NAME = "before_the_intake"
UP_TO = """
import json, sys
from django.conf import settings
from meterledger.stores.postgres.addresses import STORE_APPS, django_database
settings.configure(
    INSTALLED_APPS=["django.contrib.postgres", *STORE_APPS],
    DATABASES={"default": django_database(json.load(sys.stdin))},
    USE_TZ=True, TIME_ZONE="UTC",
)
import django
django.setup()
from django.core.management import call_command
call_command("migrate", "readings", "0001_initial", verbosity=0)
"""
OLD_FILE = """
INSERT INTO received_file VALUES
    ('{sha}', 'old.cmep', 'cmep', 96, 1, '{channels}', '{at}');
INSERT INTO lake_version VALUES (1, '{at}', '{sha}');
INSERT INTO quarantined_line (line, data, reason, received_file_id)
    VALUES (7, 'x', 'It is broken.', '{sha}');
"""
CHANNELS = [
    {"commodity": "electricity", "kind": "interval", "unit": "kWh", "sum": "24.125"},
    {"commodity": "electricity", "kind": "register", "unit": "kWh", "sum": "99"},
    {"commodity": "gas", "kind": "interval", "unit": "therm", "sum": "5"},
]


@pytest.fixture
def old(server: PrivateServer) -> Iterator[dict[str, str]]:
    """The owner's connection to a database as it was, with one file."""
    owner = {**server.connection(OWNER), "dbname": NAME}
    with psycopg.connect(**server.connection(SUPERUSER), autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {NAME} OWNER {OWNER}")
        with psycopg.connect(
            **{**server.connection(SUPERUSER), "dbname": NAME}, autocommit=True
        ) as inside:
            inside.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        subprocess.run(
            [sys.executable, "-c", UP_TO], input=json.dumps(owner), text=True, check=True
        )
        with psycopg.connect(**owner) as hand:
            hand.execute(
                OLD_FILE.format(sha="a" * 64, channels=json.dumps(CHANNELS), at=LATER.isoformat())
            )
        yield owner
        administrator.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def test_files_of_before_are_in_the_book_and_it_balances(
    server: PrivateServer, old: dict[str, str]
) -> None:
    with open_database(database_of(server, NAME)) as store:
        (day,) = store.intake_days(LATER.date(), LATER.date(), zone_name="UTC")
        assert day.totals.stored == Count(1, 96, Fraction(24_125))
        assert day.totals.quarantined == Count(0, 1)
        assert day.totals.unread_rows == 1
        with store.viewing(ANALYST, ["all"]):
            (item,) = store.quarantined_items()
            assert (item.line.rows, item.line.energy_wh) == (1, None)
            said = {name: broken for name, _, broken in verify_invariants(store)}
    assert [broken for name, broken in said.items() if name.startswith("control totals")] == [[]]
