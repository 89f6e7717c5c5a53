"""Opening the system of record: prepared once, quick afterwards, never with too much right."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from tests.stores.conftest import NUMBERS, database_of
from tests.stores.paper_town import account_id, bill_of, payment_of, start_of

from meterledger.stores.postgres import (
    CannotMigrate,
    PostgresStore,
    ServerUnavailable,
    open_store,
    opening,
)
from meterledger.stores.postgres.opening import Database, open_database
from meterledger.stores.postgres.private_server import OWNER, SUPERUSER, PrivateServer

pytestmark = pytest.mark.postgres


@pytest.fixture
def empty(server: PrivateServer) -> Iterator[Database]:
    """A database without tables."""
    name = f"empty_{next(NUMBERS)}"
    with psycopg.connect(**server.connection(SUPERUSER), autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
        yield database_of(server, name)
        administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


def url_of(parameters: dict[str, str]) -> str:
    return psycopg.conninfo.make_conninfo(**parameters)


class TestWithNothingConfigured:
    def test_a_store_is_ready_and_keeps_what_it_was_given(self, folder: Path) -> None:
        with open_store(folder, durable=False) as store:
            store.start_service(start_of(1))
            store.record_bills([bill_of(1)])
            assert "private server" in store.describe()
            assert "1 accounts, 1 bills" in store.describe()
        with open_store(folder) as store:
            assert store.trial_balance() == {"142": 16519, "440": -16519}

    def test_two_commands_share_it(self, folder: Path) -> None:
        with open_store(folder, durable=False) as one, open_store(folder) as other:
            one.start_service(start_of(1))
            assert other.record_payment(*payment_of(1)) is True
            assert one.record_payment(*payment_of(1)) is False

    def test_many_first_commands_at_once_make_the_tables_once(self, empty: Database) -> None:
        def open_and_ask(_: int) -> int:
            with open_database(empty) as store:
                return store.lake_sequence()

        with ThreadPoolExecutor(3) as pool:
            assert list(pool.map(open_and_ask, range(3))) == [0, 0, 0]

    def test_opening_again_takes_no_time_and_no_django(self, database: Database) -> None:
        took = []
        for _ in range(5):
            began = time.monotonic()
            with open_database(database):
                took.append(time.monotonic() - began)
        assert min(took) < 0.2
        asked = "import sys, meterledger.stores.postgres; print('django' in sys.modules)"
        said = subprocess.run(
            [sys.executable, "-c", asked], capture_output=True, text=True, check=True
        )
        assert said.stdout.strip() == "False"


class TestARealServer:
    @pytest.fixture
    def configured(self, empty: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
        """Both variables set, as an administrator would."""
        monkeypatch.setenv("DATABASE_URL", url_of(empty.application))
        monkeypatch.setenv("METERLEDGER_OWNER_DATABASE_URL", url_of(empty.owner or {}))
        return empty

    def test_is_used_when_it_is_configured(self, configured: Database, folder: Path) -> None:
        with open_store(folder) as store:
            store.start_service(start_of(1))
            assert configured.application["dbname"] in store.describe()
        assert list(folder.iterdir()) == []  # no private server was made

    def test_needs_its_owner_only_to_make_tables(
        self, configured: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("METERLEDGER_OWNER_DATABASE_URL")
        with (
            pytest.raises(CannotMigrate, match="is not prepared for this version") as no,
            open_store(folder),
        ):
            pass
        assert "METERLEDGER_OWNER_DATABASE_URL" in no.value.sentence

        monkeypatch.setenv("METERLEDGER_OWNER_DATABASE_URL", url_of(configured.owner or {}))
        with open_store(folder):
            pass
        monkeypatch.delenv("METERLEDGER_OWNER_DATABASE_URL")
        with open_store(folder) as store:
            assert store.lake_sequence() == 0

    @pytest.mark.parametrize(("role", "word"), [(SUPERUSER, "a superuser"), (OWNER, "an owner")])
    def test_refuses_an_application_with_too_much_right(
        self,
        server: PrivateServer,
        configured: Database,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        role: str,
        word: str,
    ) -> None:
        parameters = {**server.connection(role), "dbname": configured.application["dbname"]}
        monkeypatch.setenv("DATABASE_URL", url_of(parameters))

        with (
            pytest.raises(ServerUnavailable, match=f"The role {role} is {word}") as no,
            open_store(folder),
        ):
            pass

        assert "as a role that owns nothing" in no.value.sentence

    def test_refuses_an_application_that_may_become_the_owner(
        self, server: PrivateServer, configured: Database, folder: Path
    ) -> None:
        with psycopg.connect(**server.connection(SUPERUSER), autocommit=True) as administrator:
            administrator.execute("GRANT meterledger_owner TO meterledger_app")
            try:
                with (
                    pytest.raises(ServerUnavailable, match="is an owner"),
                    open_store(folder),
                ):
                    pass
            finally:
                administrator.execute("REVOKE meterledger_owner FROM meterledger_app")

    def test_that_is_not_there_is_named_without_its_password(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = f"postgresql://somebody:secret-word@/ledger?host={folder}"
        monkeypatch.setenv("DATABASE_URL", url)
        with (
            pytest.raises(ServerUnavailable, match=r"cannot be reached") as no,
            open_store(folder),
        ):
            pass
        assert "secret-word" not in no.value.sentence
        assert "unset it to use a private server" in no.value.sentence

    def test_that_goes_away_while_it_is_asked_is_told(
        self, configured: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(opening, "QUESTION", "SELECT pg_terminate_backend(pg_backend_pid())")
        with pytest.raises(ServerUnavailable, match="went away") as no, open_store(folder):
            pass
        assert "Run the command again; nothing was changed" in no.value.sentence

    def test_with_an_unreadable_address_is_refused(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", "no such=thing at all")
        with (
            pytest.raises(ServerUnavailable, match="DATABASE_URL is not a PostgreSQL address"),
            open_store(folder),
        ):
            pass

    def test_made_by_a_newer_version_is_refused(
        self, server: PrivateServer, database: Database
    ) -> None:
        owner = replace(database, application=database.owner or {}).application
        with psycopg.connect(**owner) as connection:
            connection.execute(
                "INSERT INTO django_migrations (app, name, applied)"
                " VALUES ('bills', '0099_from_the_future', now())"
            )
            connection.execute("UPDATE schema_stamp SET stamp = 'another'")
        with (
            pytest.raises(CannotMigrate, match=r"newer Meterledger: it has bills/0099_from"),
            open_database(database),
        ):
            pass


class TestTables:
    def test_agree_with_the_models(self) -> None:
        said = subprocess.run(
            [sys.executable, "-c", CHECK], capture_output=True, text=True, check=False
        )
        assert said.returncode == 0, said.stdout + said.stderr

    def test_have_the_columns_that_models_say(self, database: Database) -> None:
        said = subprocess.run(
            [sys.executable, "-c", COLUMNS], capture_output=True, text=True, check=True
        )
        with psycopg.connect(**(database.owner or {})) as connection:
            for line in said.stdout.splitlines():
                table, *columns = line.split()
                rows = connection.execute(
                    "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass"
                    " AND attnum > 0 AND NOT attisdropped",
                    [table],
                )
                own_words = {"written_in"}  # the database's own, unknown to models
                assert {name for (name,) in rows} - own_words == set(columns), table


SETUP = """
import django
from django.conf import settings
from django.core.management import call_command
from meterledger.stores.postgres.addresses import STORE_APPS
settings.configure(INSTALLED_APPS=["django.contrib.postgres", *STORE_APPS], USE_TZ=True,
                   DATABASES={"default": {"ENGINE": "django.db.backends.postgresql"}})
django.setup()
"""
CHECK = (
    SETUP
    + """
from unittest import mock
from django.db.migrations.loader import MigrationLoader
with mock.patch.object(MigrationLoader, "check_consistent_history"):  # asks the database
    call_command("makemigrations", check=True, dry_run=True)
"""
)
COLUMNS = (
    SETUP
    + """
from django.apps import apps
for model in apps.get_models():
    if model.__module__.startswith("meterledger."):
        print(model._meta.db_table, *(one.column for one in model._meta.concrete_fields
                                      if one.column))
"""
)


def test_an_older_postgresql_does_as_well(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own version (15 on Debian 12), where it is installed: oldest we promise."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("no PostgreSQL of the system on this machine; the wheel's is tested")
    monkeypatch.setenv("METERLEDGER_POSTGRES_PROGRAMS", str(programs[0].parent))
    with open_store(folder, durable=False) as store:
        assert isinstance(store, PostgresStore)
        store.start_services([start_of(1), start_of(2)])
        assert store.record_bills([bill_of(1), bill_of(2)]) == {
            bill_of(number)[0].bill_id for number in (1, 2)
        }
        assert store.record_payment(*payment_of(1)) is True
        assert store.record_bills([bill_of(1)]) == set()
        assert store.trial_balance() == {"131": 5_000, "142": 28038, "440": -33038}
        assert f"PostgreSQL {programs[0].parts[4]}." in store.describe()
        assert account_id(1) != account_id(2)
