"""What PostgreSQL itself refuses, to the application's role and to a hand at the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

import psycopg
import pytest
from psycopg import errors
from tests.journeys.card_place import keep_card_refunds
from tests.stores.asking_tables import columns_of, partition_of
from tests.stores.bank_of_paper import keep_bank
from tests.stores.channels_of_paper import keep_channels
from tests.stores.combined_paper import keep_combinations
from tests.stores.deposit_paper import keep_deposits
from tests.stores.every_table import (
    keep_documents,
    keep_held,
    keep_intake,
    keep_lake,
    keep_taxes,
    keep_usage,
)
from tests.stores.extension_town import keep_extensions
from tests.stores.late_paper import keep_late_charges
from tests.stores.options_of_paper import keep_options
from tests.stores.paper_town import (
    ANALYST,
    LATER,
    UNUSABLE,
    account_id,
    agreement_of,
    bill_of,
    case_of,
    difference_left,
    event_of,
    held_of,
    meter_changes,
    month_of,
    payment_of,
    rebill_of,
    register_channel,
    start_of,
)
from tests.stores.payments_of_paper import keep_payments
from tests.stores.programs_of_paper import keep_programs
from tests.stores.relief_paper import keep_relief
from tests.stores.together_paper import keep_together

from meterledger.facts.events import CaseState, CaseStep
from meterledger.facts.periods import PeriodClose
from meterledger.stores.postgres.migrating import APPEND_ONLY, CLOSED_ONCE
from meterledger.stores.postgres.opening import Database, open_database
from meterledger.stores.postgres.private_server import (
    DATABASE,
    OWNER,
    SUPERUSER,
    PrivateServer,
)

pytestmark = pytest.mark.postgres

Connection = psycopg.Connection[tuple[Any, ...]]
TABLES = (*APPEND_ONLY, *CLOSED_ONCE)
PARTITIONED = ("bill", "bill_line", "entry", "posting", "record")
PERSONAL = (
    *("person", "account", "account_holder", "premise", "tax_place", "service_point"),
    *("meter_event", "meter_case", "meter_case_event", "meter_case_step"),
    *("meter", "meter_configuration", "premise_link", "meter_work", "unmetered_load"),
    *("meter_installation", "agreement", "bill", "bill_line", "service_period_claim"),
    *("document", "document_set_aside", "document_came_back", "sales_tax_place", "tax_exemption"),
    *("held_bill", "entry", "posting", "receivable_balance", "payment", "record"),
    *("bill_correction", "difference_left", "lake_hold", "lake_hold_released"),
    *("extension_contract", "extension_event"),
    *("relief_agreement", "relief_step", "bill_relief"),
    *("late_charge", "late_charge_reversal", "late_charge_wait", "government_account"),
    *("held_case", "held_step", "settlement", "settlement_step", "verified_payee"),
    *("budget_plan", "budget_amount", "budget_election", "budget_bill"),
    *("due_date_choice", "delivery_preference", "participation"),
    *("combination", "combined_account", "combined_statement", "combined_bill"),
    "billed_together",
    *("payment_file_line", "receipt", "receipt_step", "application"),
    *("bank_account", "bank_stop", "autopay_enrollment", "ach_order", "ach_returned"),
    "ach_return_done",
    *("autopay_question", "autopay_answer", "checkout", "checkout_step", "pledge", "pledge_step"),
    *("card_refund", "card_refund_step", "bank_change_told"),
    *("bank_line", "bank_match_expectation", "bank_line_step", "accrual_line"),
    *("register_reading", "quarantined_line", "quarantine_outcome", "intake_movement"),
)
NOT_ALLOWED = errors.InsufficientPrivilege


@pytest.fixture(scope="module")
def filled(server: PrivateServer) -> Iterator[str]:
    """A database in which every table holds a row."""
    name = "filled"
    with psycopg.connect(**server.connection(SUPERUSER), autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE} OWNER {OWNER}")
        application = {**server.connection(), "dbname": name}
        with open_database(Database(application, None, "filled")) as store:
            store.start_services([start_of(1), start_of(2)])
            for change in meter_changes():
                store.change_meters(change)
            store.record_events([event_of()], name="events.csv")
            store.record_cases([case_of(event_of())])
            case = case_of(event_of()).case_id
            store.settle_case(CaseStep(case, CaseState.IN_WORK, "Ana", "on it", LATER))
            store.record_bills([bill_of(1), bill_of(2)])
            store.record_rebills([rebill_of(2)])
            store.leave_difference(difference_left())
            store.record_payment(*payment_of(1))
            store.close_period(PeriodClose(date(2024, 1, 1), "Ana", LATER))
            store.record_held([held_of(2)], on=month_of(0).until_day, learned_at=LATER)
            store.record_file(
                sha256="a" * 64,
                name="file",
                format="csv",
                channels=[register_channel()],
                quarantined=[UNUSABLE],
                lake_files=["a.parquet"],
                learned_at=LATER,
            )
            keep_lake(store)
            keep_intake(store)
            keep_usage(store)
            keep_documents(store)
            keep_held(store)
            keep_extensions(store)
            keep_options(store, month=7)
            keep_taxes(store)
            keep_combinations(store)
            keep_together(store)
            keep_programs(store)
            keep_payments(store)
            keep_channels(store)
            keep_deposits(store)
            keep_late_charges(store)
            keep_bank(store)
            with store.viewing(ANALYST, [account_id(2)]):
                keep_card_refunds(store, account_id(2))
            keep_relief(store)
            with store.viewing(ANALYST, [account_id(1)]):
                pass
        yield name
        administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def as_role(server: PrivateServer, filled: str) -> Iterator[Callable[..., Connection]]:
    """Connections to the filled database as a role, viewing unless told otherwise."""
    opened: list[Connection] = []

    def connect(role: str | None = None, *, viewing: bool = True) -> Connection:
        parameters = server.connection(role) if role else server.connection()
        connection = psycopg.connect(**{**parameters, "dbname": filled})
        if viewing:
            connection.execute(
                "SELECT set_config('meterledger.viewer', 'a test', false),"
                " set_config('meterledger.purpose', 'to test', false)"
            )
            connection.commit()
        opened.append(connection)
        return connection

    yield connect
    for connection in opened:
        connection.close()


class TestTheApplication:
    """As the application's own role, viewing, on tables that hold rows."""

    @pytest.mark.parametrize("table", TABLES)
    def test_sees_the_row_that_it_may_not_change(
        self, as_role: Callable[..., Connection], table: str
    ) -> None:
        assert as_role().execute(f"SELECT count(*) FROM {table}").fetchone() != (0,)

    @pytest.mark.parametrize("table", TABLES)
    def test_updates_no_column_but_the_one_that_is_closed_once(
        self, as_role: Callable[..., Connection], table: str
    ) -> None:
        connection = as_role()
        for column in columns_of(connection, table):
            if column == CLOSED_ONCE.get(table):
                continue
            with pytest.raises(NOT_ALLOWED, match="permission denied"):
                connection.execute(f'UPDATE {table} SET "{column}" = "{column}"')
            connection.rollback()

    @pytest.mark.parametrize("table", TABLES)
    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM {table}",
            "TRUNCATE {table}",
            "TRUNCATE {table} CASCADE",
            "ALTER TABLE {table} DISABLE TRIGGER ALL",
            "ALTER TABLE {table} DISABLE TRIGGER USER",
            "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
            "DROP TABLE {table}",
            "CREATE TRIGGER mine BEFORE INSERT ON {table} EXECUTE FUNCTION refuse_change()",
            "CREATE POLICY mine ON {table} USING (true)",
        ],
    )
    def test_can_neither_remove_nor_switch_off(
        self, as_role: Callable[..., Connection], table: str, statement: str
    ) -> None:
        with pytest.raises(NOT_ALLOWED):
            as_role().execute(statement.format(table=table))

    @pytest.mark.parametrize("table", PARTITIONED)
    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT FROM {part}",
            "INSERT INTO {part} SELECT * FROM {table}",
            "UPDATE {part} SET {column} = {column}",
            "DELETE FROM {part}",
            "TRUNCATE {part}",
            "DROP TABLE {part}",
            "ALTER TABLE {table} DETACH PARTITION {part}",
            "ALTER TABLE {part} DISABLE TRIGGER ALL",
        ],
    )
    def test_reaches_no_partition_directly(
        self, as_role: Callable[..., Connection], table: str, statement: str
    ) -> None:
        connection = as_role()
        part = partition_of(connection, table)
        column = columns_of(connection, table)[0]

        with pytest.raises(NOT_ALLOWED):
            connection.execute(statement.format(table=table, part=part, column=column))

    @pytest.mark.parametrize(
        "statement",
        [
            "SET session_replication_role = replica",
            "SET LOCAL session_replication_role = replica",
            "CREATE TABLE mine (a int)",
            "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE SCHEMA mine",
            "CREATE ROLE mine",
            "ALTER ROLE meterledger_app BYPASSRLS",
            "SET ROLE meterledger_owner",
            "SET SESSION AUTHORIZATION meterledger_owner",
            "GRANT meterledger_owner TO meterledger_app",
            "ALTER FUNCTION ensure_month(text, date) SECURITY INVOKER",
            "SELECT keep_append_only('account')",
            "UPDATE schema_stamp SET stamp = ''",
            "DELETE FROM django_migrations",
            "DELETE FROM entry_check",
            "DELETE FROM moved_at_commit",
            "UPDATE receivable_balance SET cents = 0",
            "UPDATE ledger_sum SET cents = 0",
            "UPDATE bank_sum SET cents = 0",
            "INSERT INTO bill_check DEFAULT VALUES",
            "COPY person TO '/dev/null'",
            "SELECT pg_read_file('postgresql.conf')",
        ],
    )
    def test_has_no_other_way_round(
        self, as_role: Callable[..., Connection], statement: str
    ) -> None:
        with pytest.raises(NOT_ALLOWED):
            as_role().execute(statement)

    def test_may_ask_for_a_month_of_five_tables_and_no_other(
        self, as_role: Callable[..., Connection]
    ) -> None:
        connection = as_role()
        for table in PARTITIONED:
            connection.execute("SELECT ensure_month(%s, '2031-02-28')", [table])
            connection.execute("SELECT ensure_month(%s, '2031-02-01')", [table])
        with pytest.raises(errors.InvalidParameterValue, match="Table person has no months"):
            connection.execute("SELECT ensure_month('person', '2031-02-28')")
        connection.rollback()
        with pytest.raises(errors.InvalidParameterValue, match="No month is kept for 1066-10-14"):
            connection.execute("SELECT ensure_month('bill', '1066-10-14')")

    @pytest.mark.parametrize(
        ("table", "column"),
        [
            ("bill", "written_in"),
            ("bill_line", "written_in"),
            ("entry", "written_in"),
            ("read_log", "at"),
        ],
    )
    def test_may_not_say_what_the_database_says_itself(
        self, as_role: Callable[..., Connection], table: str, column: str
    ) -> None:
        with pytest.raises(NOT_ALLOWED):
            as_role().execute(f'INSERT INTO {table} ("{column}") VALUES (NULL)')


class TestTheOwner:
    """Whoever migrates is not stopped by grants: triggers stop a slip of the hand."""

    @pytest.mark.parametrize("table", APPEND_ONLY)
    @pytest.mark.parametrize("word", ["UPDATE", "DELETE", "TRUNCATE"])
    def test_is_refused_by_the_trigger(
        self, as_role: Callable[..., Connection], table: str, word: str
    ) -> None:
        connection = as_role(OWNER)
        column = columns_of(connection, table)[-1]
        statement = {
            "UPDATE": f'UPDATE {table} SET "{column}" = "{column}"',
            "DELETE": f"DELETE FROM {table}",
            "TRUNCATE": f"TRUNCATE {table} CASCADE",
        }[word]

        with pytest.raises(errors.RestrictViolation, match=f"{word} refused: table .* append-only"):
            connection.execute(statement)

    @pytest.mark.parametrize("table", PARTITIONED)
    @pytest.mark.parametrize("word", ["DELETE FROM", "TRUNCATE"])
    def test_is_refused_on_a_partition_too(
        self, as_role: Callable[..., Connection], table: str, word: str
    ) -> None:
        connection = as_role(OWNER)
        part = partition_of(connection, table)

        with pytest.raises(errors.RestrictViolation, match=r"refused: table .* is append-only"):
            connection.execute(f"{word} {part}")

    @pytest.mark.parametrize("table", CLOSED_ONCE)
    @pytest.mark.parametrize("word", ["DELETE FROM", "TRUNCATE"])
    def test_removes_no_row_on_two_clocks(
        self, as_role: Callable[..., Connection], table: str, word: str
    ) -> None:
        with pytest.raises((errors.RestrictViolation, errors.FeatureNotSupported)):
            as_role(OWNER).execute(f"{word} {table}")

    @pytest.mark.parametrize("table", sorted(PERSONAL))
    def test_sees_no_personal_row_without_a_viewer(
        self, as_role: Callable[..., Connection], table: str
    ) -> None:
        assert as_role(OWNER, viewing=False).execute(f"SELECT FROM {table}").fetchall() == []


class TestPersonalData:
    @pytest.mark.parametrize("table", sorted(PERSONAL))
    def test_is_not_seen_without_viewer_and_purpose(
        self, as_role: Callable[..., Connection], table: str
    ) -> None:
        connection = as_role(viewing=False)
        count = f"SELECT count(*) FROM {table}"
        assert connection.execute(count).fetchone() == (0,)
        connection.execute("SELECT set_config('meterledger.viewer', 'somebody', true)")
        assert connection.execute(count).fetchone() == (0,)
        connection.execute("SELECT set_config('meterledger.purpose', 'to see', true)")
        assert connection.execute(count).fetchone() != (0,)
        connection.rollback()  # a transaction's viewer ends with it
        assert connection.execute(count).fetchone() == (0,)

    def test_has_row_level_security_forced_on_every_table_and_partition(
        self, as_role: Callable[..., Connection]
    ) -> None:
        rows = as_role(SUPERUSER).execute(
            "SELECT c.relname FROM pg_class c"
            " LEFT JOIN pg_inherits i ON i.inhrelid = c.oid"
            " WHERE coalesce(i.inhparent, c.oid)::regclass::text = ANY (%s)"
            " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
            [list(PERSONAL)],
        )
        assert rows.fetchall() == []

    def test_leaves_a_line_in_the_read_log(self, as_role: Callable[..., Connection]) -> None:
        rows = as_role().execute(
            "SELECT viewer, purpose, subjects, at > now() - interval '1 hour' FROM read_log"
        )
        assert (ANALYST.name, ANALYST.purpose, [account_id(1)], True) in rows.fetchall()


class TestTwoClocks:
    def change(self, as_role: Callable[..., Connection], statement: str) -> None:
        as_role().execute(
            f"UPDATE agreement SET known = {statement} WHERE agreement_id LIKE 'AG-1%'"
        )

    @pytest.mark.parametrize(
        "statement",
        [
            "tstzrange(lower(known), NULL)",  # changes nothing
            "tstzrange(lower(known) - interval '1 day', '2026-01-01')",
            "tstzrange(NULL, '2026-01-01')",
            "'empty'",
        ],
    )
    def test_are_closed_and_not_rewritten(
        self, as_role: Callable[..., Connection], statement: str
    ) -> None:
        with pytest.raises(errors.RestrictViolation, match="only known may be closed, once"):
            self.change(as_role, statement)

    def test_are_closed_once(self, as_role: Callable[..., Connection]) -> None:
        connection = as_role()
        close = "UPDATE agreement SET known = tstzrange(lower(known), %s) WHERE account_id = %s"
        connection.execute(close, ["2026-01-01T00:00Z", account_id(1)])
        with pytest.raises(errors.RestrictViolation):
            connection.execute(close, ["2026-01-02T00:00Z", account_id(1)])

    @pytest.mark.parametrize(
        ("table", "columns", "values", "constraint"),
        [
            (
                "agreement",
                "agreement_id, account_id, service_point_id, schedule",
                ["AG-new", account_id(2), "SP-1", "1M-anytime"],
                "one_agreement_a_day_at_a_service_point",
            ),
            (
                "agreement",
                "agreement_id, account_id, service_point_id, schedule",
                [agreement_of(1).agreement_id, account_id(1), "SP-2", "1M-anytime"],
                "one_version_of_an_agreement_believed|one_agreement_a_day",
            ),
            (
                "meter_installation",
                "service_point_id, meter_id, multiplier, began_second, ended_second",
                ["SP-2", "M-1", 1, 0, 0],
                "meter_at_one_service_point_at_a_time|one_meter_at_a_time_at_a_service_point",
            ),
            (
                "meter_installation",
                "service_point_id, meter_id, multiplier, began_second, ended_second",
                ["SP-1", "M-new", 1, 0, 0],
                "one_meter_at_a_time_at_a_service_point",
            ),
            ("tax_place", "premise_id, place", ["P-1", "none"], "tax_place_once_per_premise"),
            (
                "sales_tax_place",
                "premise_id, jurisdiction",
                ["P-1", "none"],
                "sales_tax_place_once_per_premise",
            ),
            (
                "tax_exemption",
                "account_id, agreement_id, tax, kind, certificate, share",
                [account_id(1), "", "sales", "charitable", "another", "1"],
                "exemption_once_per_tax_and_day",
            ),
            (
                "account_holder",
                "account_id, person_id",
                [account_id(1), "person-1"],
                "holder_once_per_account",
            ),
        ],
    )
    def test_never_overlap(
        self,
        as_role: Callable[..., Connection],
        table: str,
        columns: str,
        values: list[object],
        constraint: str,
    ) -> None:
        connection = as_role()
        marks = ", ".join(["%s"] * len(values))
        insert = (
            f"INSERT INTO {table} ({columns}, days, known) VALUES"
            f" ({marks}, daterange(%s, %s), tstzrange('2025-01-02T00:00Z', NULL))"
        )
        with pytest.raises((errors.ExclusionViolation, errors.UniqueViolation), match=constraint):
            connection.execute(insert, [*values, "2025-06-01", None])


class TestAnEntry:
    """Written by hand, as the application: checked at commit."""

    DAY = date(2025, 2, 3)

    def write(self, connection: Connection, name: str, *cents: int) -> None:
        connection.execute("SELECT ensure_month('entry', %s)", [self.DAY])
        connection.execute("SELECT ensure_month('posting', %s)", [self.DAY])
        connection.execute(
            "INSERT INTO entry (entry_id, effective_day, learned_at, cause)"
            " VALUES (%s, %s, '2025-02-03T00:00Z', 'by hand')",
            [name, self.DAY],
        )
        if name.startswith("payment:"):
            connection.execute(
                "INSERT INTO payment (payment_key, account_id, cents, tender, received_day,"
                " learned_at, entry_id) SELECT %s, account_id, cents, tender, received_day,"
                " learned_at, %s FROM payment WHERE payment_key = 'R-1'",
                [name.removeprefix("payment:"), name],
            )
        self.add_legs(connection, name, 1, *cents)

    def add_legs(self, connection: Connection, name: str, first: int, *cents: int) -> None:
        for number, amount in enumerate(cents, start=first):
            connection.execute(
                "INSERT INTO posting (entry_id, effective_day, number, ledger_account, cents)"
                " VALUES (%s, %s, %s, '440', %s)",
                [name, self.DAY, number, amount],
            )

    def test_of_legs_that_sum_to_zero_is_kept(self, as_role: Callable[..., Connection]) -> None:
        connection = as_role()
        self.write(connection, "payment:by hand 1", 100, -60, -40)
        connection.commit()

    @pytest.mark.parametrize("cents", [(100, -99), (100,), ()], ids=["a cent", "one leg", "no leg"])
    def test_out_of_balance_is_refused_at_commit(
        self, as_role: Callable[..., Connection], cents: tuple[int, ...]
    ) -> None:
        connection = as_role()
        self.write(connection, "by hand 2", *cents)
        with pytest.raises(errors.CheckViolation, match="two legs or more sum to zero"):
            connection.commit()
        row = connection.execute("SELECT FROM entry_key WHERE entry_id = 'by hand 2'").fetchone()
        assert row is None

    def test_is_checked_whenever_it_is_asked_and_again_at_commit(
        self, as_role: Callable[..., Connection]
    ) -> None:
        connection = as_role()
        self.write(connection, "payment:by hand 5", 100, -100)
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        connection.execute("SET CONSTRAINTS ALL DEFERRED")
        self.write(connection, "by hand 6", 100, -99)
        with pytest.raises(errors.CheckViolation, match="Entry by hand 6 has 2 legs"):
            connection.commit()

    @pytest.mark.parametrize("cents", [(50,), (50, -49)], ids=["a leg", "two legs"])
    def test_that_was_checked_is_checked_again_with_the_legs_that_come_after(
        self, as_role: Callable[..., Connection], cents: tuple[int, ...]
    ) -> None:
        connection = as_role()
        self.write(connection, "payment:by hand 7", 100, -100)
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        connection.execute("SET CONSTRAINTS ALL DEFERRED")
        self.add_legs(connection, "payment:by hand 7", 3, *cents)
        with pytest.raises(errors.CheckViolation, match=f"by hand 7 has {2 + len(cents)} legs"):
            connection.commit()

    def test_may_get_more_legs_while_they_sum_to_zero(
        self, as_role: Callable[..., Connection]
    ) -> None:
        connection = as_role()
        self.write(connection, "payment:by hand 8", 100, -100)
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        connection.execute("SET CONSTRAINTS ALL DEFERRED")
        self.add_legs(connection, "payment:by hand 8", 3, 50, -50)
        connection.commit()

    def test_leaves_no_check_behind(self, as_role: Callable[..., Connection]) -> None:
        connection = as_role(SUPERUSER)
        for table in ("entry_check", "bill_check"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)

    def test_with_an_empty_leg_is_refused(self, as_role: Callable[..., Connection]) -> None:
        with pytest.raises(errors.CheckViolation):
            self.write(as_role(), "by hand 3", 100, -100, 0)

    def test_takes_no_leg_in_a_later_transaction(self, as_role: Callable[..., Connection]) -> None:
        connection = as_role()
        self.write(connection, "payment:by hand 4", 100, -100)
        connection.commit()
        self.add_legs(connection, "payment:by hand 4", 3, 50)
        with pytest.raises(errors.CheckViolation, match="does not come in the transaction of its"):
            connection.commit()
        balanced = (
            "INSERT INTO posting (entry_id, effective_day, number, ledger_account, cents)"
            " VALUES ('payment:by hand 4', %(day)s, 3, '440', 50),"
            " ('payment:by hand 4', %(day)s, 4, '440', -50)"
        )
        connection.execute(balanced, {"day": self.DAY})
        with pytest.raises(errors.CheckViolation, match="does not come in the transaction of its"):
            connection.commit()

    def test_has_its_key_once_for_ever(self, as_role: Callable[..., Connection]) -> None:
        connection = as_role()
        with pytest.raises(errors.UniqueViolation, match="entry_key"):
            self.write(connection, "payment:R-1", 100, -100)

    def test_has_its_key_from_the_database_and_from_no_hand(
        self, as_role: Callable[..., Connection]
    ) -> None:
        connection = as_role()
        self.write(connection, "payment:by hand 9", 100, -100)
        connection.commit()
        row = connection.execute(
            "SELECT effective_day FROM entry_key WHERE entry_id = 'payment:by hand 9'"
        ).fetchone()
        assert row == (self.DAY,)
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("INSERT INTO entry_key VALUES ('keyed by hand', %s)", [self.DAY])


class TestABill:
    """Copied by hand from the first account's: checked at once or at commit."""

    FIRST = f"WHERE bill_id = '{bill_of(1)[0].bill_id}'"

    def copy(
        self,
        connection: Connection,
        days: str,
        *,
        cents: int,
        lines: int,
        instead: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.copy_claim(connection, days)
        self.copy_bill(connection, days, cents=cents, lines=lines, instead=instead)

    def copy_claim(self, connection: Connection, days: str) -> None:
        connection.execute(
            "INSERT INTO service_period_claim SELECT 'B-hand', agreement_id, account_id,"
            " service_point_id, %s::daterange, issued_day, known_at FROM service_period_claim"
            f" {self.FIRST}",
            [days],
        )

    def copy_bill(
        self,
        connection: Connection,
        days: str,
        *,
        cents: int,
        lines: int,
        instead: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        account, entry = (instead.get(one, one) for one in ("account_id", "entry_id"))
        connection.execute(
            "INSERT INTO bill (bill_id, issued_day, account_id, agreement_id, service_point_id,"
            " schedule, kind, days, due_day, energy_wh, total_cents, line_count, standing,"
            " tax_place, previous_balance_cents, entry_id, known_at, lake_sequence, book_sha256,"
            f" record, record_sha256) SELECT 'B-hand', issued_day, {account}, agreement_id,"
            " service_point_id, schedule, kind, %s::daterange, due_day, energy_wh, %s, %s,"
            f" standing, tax_place, 0, {entry}, known_at, lake_sequence, book_sha256, record,"
            f" record_sha256 FROM bill {self.FIRST}",
            [days, cents, lines],
        )
        self.copy_lines(connection, "B-hand", 0)

    def copy_lines(self, connection: Connection, name: str, shift: int) -> None:
        connection.execute(
            "INSERT INTO bill_line SELECT %s, issued_day, number + %s, code, label, charge_group,"
            " days, quantity, unit, price_usd, cents, standing, citation_ids FROM bill_line"
            f" {self.FIRST}",
            [name, shift],
        )

    AFTER = "[2025-01-31,2025-03-02)"

    def test_whose_lines_sum_to_its_total_is_kept(self, as_role: Callable[..., Connection]) -> None:
        connection = as_role()
        self.copy(connection, self.AFTER, cents=16519, lines=2)
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def test_whose_claim_was_looked_at_before_is_kept(
        self, as_role: Callable[..., Connection]
    ) -> None:
        connection = as_role()
        self.copy_claim(connection, self.AFTER)
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        connection.execute("SET CONSTRAINTS ALL DEFERRED")
        self.copy_bill(connection, self.AFTER, cents=16519, lines=2)
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")

    @pytest.mark.parametrize(("cents", "lines"), [(16518, 2), (16519, 3), (16519, 1)])
    def test_whose_lines_do_not_is_refused_at_commit(
        self, as_role: Callable[..., Connection], cents: int, lines: int
    ) -> None:
        connection = as_role()
        self.copy(connection, self.AFTER, cents=cents, lines=lines)
        with pytest.raises(errors.CheckViolation, match="lines sum to 16519 cents, the bill says"):
            connection.commit()

    @pytest.mark.parametrize("days", ["[2025-01-01,2025-01-31)", "[2025-01-30,2025-03-01)"])
    def test_of_a_period_that_is_billed_is_refused(
        self, as_role: Callable[..., Connection], days: str
    ) -> None:
        with pytest.raises(errors.ExclusionViolation, match="one_live_bill_for_a_service_period"):
            self.copy(as_role(), days, cents=16519, lines=2)

    def test_takes_no_line_in_a_later_transaction(self, as_role: Callable[..., Connection]) -> None:
        connection = as_role()
        self.copy_lines(connection, bill_of(1)[0].bill_id, 2)
        with pytest.raises(errors.CheckViolation, match="does not come in the transaction of its"):
            connection.commit()

    def test_takes_no_line_of_another_bill(self, as_role: Callable[..., Connection]) -> None:
        connection = as_role()
        self.copy(connection, self.AFTER, cents=16519, lines=2)
        self.copy_lines(connection, bill_of(1)[0].bill_id, 2)
        with pytest.raises(errors.CheckViolation, match=r"A line of bill .* does not come in"):
            connection.commit()

    @pytest.mark.parametrize(
        ("column", "value", "words"),
        [
            ("account_id", "'nobody'", "Bill B-hand is of account nobody, which nobody has"),
            ("entry_id", "'none'", "Bill B-hand is posted by entry none, which is not there"),
        ],
    )
    def test_that_stands_on_what_is_not_kept_is_refused_at_commit(
        self, as_role: Callable[..., Connection], column: str, value: str, words: str
    ) -> None:
        connection = as_role()
        self.copy(connection, self.AFTER, cents=16519, lines=2, instead={column: value})
        with pytest.raises(errors.ForeignKeyViolation, match=words):
            connection.commit()

    def test_without_a_claim_of_its_days_is_refused_at_commit(
        self, as_role: Callable[..., Connection]
    ) -> None:
        connection = as_role()
        self.copy_bill(connection, self.AFTER, cents=16519, lines=2)
        with pytest.raises(errors.ForeignKeyViolation, match="Bill B-hand has no claim of its"):
            connection.commit()

    def test_of_money_without_an_entry_is_refused(self, as_role: Callable[..., Connection]) -> None:
        with pytest.raises(errors.CheckViolation, match="bill_of_money_has_its_entry"):
            as_role().execute(
                "INSERT INTO bill (bill_id, issued_day, account_id, agreement_id,"
                " service_point_id, schedule, kind, days, due_day, energy_wh, total_cents,"
                " line_count, standing, tax_place, previous_balance_cents, known_at,"
                " lake_sequence, book_sha256, record, record_sha256) SELECT 'B-hand', issued_day,"
                " account_id, agreement_id, service_point_id, schedule, kind, days, due_day,"
                " energy_wh, 1, line_count, standing, tax_place, 0, known_at, lake_sequence,"
                f" book_sha256, record, record_sha256 FROM bill {self.FIRST}"
            )

    def give_up(self, connection: Connection, by: str) -> None:
        connection.execute(
            f"UPDATE service_period_claim SET cancelled_by = %s {self.FIRST}",
            [by],
        )

    def test_whose_claim_is_given_up_leaves_its_days_free_once(
        self, as_role: Callable[..., Connection]
    ) -> None:
        connection = as_role()
        self.give_up(connection, "B-hand")
        self.copy(connection, "[2025-01-01,2025-01-31)", cents=16519, lines=2)
        with pytest.raises(errors.RestrictViolation, match="only cancelled_by may be set, once"):
            connection.execute(f"UPDATE service_period_claim SET cancelled_by = NULL {self.FIRST}")

    def test_is_not_cancelled_by_a_bill_that_is_not_there(
        self, as_role: Callable[..., Connection]
    ) -> None:
        connection = as_role()
        self.give_up(connection, "B-nobody")
        with pytest.raises(errors.ForeignKeyViolation, match="cancelled_by_a_bill"):
            connection.execute("SET CONSTRAINTS cancelled_by_a_bill IMMEDIATE")

    def test_is_not_cancelled_without_a_record_of_why(
        self, as_role: Callable[..., Connection]
    ) -> None:
        connection = as_role()
        self.give_up(connection, "B-hand")
        self.copy(connection, "[2025-01-01,2025-01-31)", cents=16519, lines=2)
        with pytest.raises(errors.CheckViolation, match="no correction says which bill"):
            connection.commit()

    CORRECTION = (
        "INSERT INTO bill_correction (cancelled_bill, corrected_bill, account_id, case_id, cause,"
        " author, reason, learned_at, reversal_entry_id, decision)"
        " VALUES (%s, 'B-hand', '1', 'case', 'reading', %s, %s, now(), %s, '{}')"
    )

    @pytest.mark.parametrize(
        ("author", "reason", "broken"),
        [(" ", "why", "names_its_author"), ("Ana", "", "states_its_reason")],
    )
    def test_is_not_cancelled_by_nobody_or_for_no_reason(
        self, as_role: Callable[..., Connection], author: str, reason: str, broken: str
    ) -> None:
        with pytest.raises(errors.CheckViolation, match=broken):
            as_role().execute(self.CORRECTION, [bill_of(1)[0].bill_id, author, reason, None])

    @pytest.mark.parametrize("reversal", [None, f"bill:{bill_of(2)[0].bill_id}"])
    def test_is_not_cancelled_without_taking_its_entry_back(
        self, as_role: Callable[..., Connection], reversal: str | None
    ) -> None:
        connection = as_role()
        self.give_up(connection, "B-hand")
        self.copy(connection, "[2025-01-01,2025-01-31)", cents=16519, lines=2)
        name = bill_of(1)[0].bill_id
        connection.execute(self.CORRECTION, [name, "Ana", "why", reversal])
        with pytest.raises(errors.CheckViolation, match="is not taken back to the cent"):
            connection.execute("SET CONSTRAINTS corrections_are_whole IMMEDIATE")

    def test_is_not_corrected_as_long_as_it_stands(
        self, as_role: Callable[..., Connection]
    ) -> None:
        connection = as_role()
        connection.execute(self.CORRECTION, [bill_of(1)[0].bill_id, "Ana", "why", None])
        with pytest.raises(errors.CheckViolation, match="and is not cancelled by it"):
            connection.execute("SET CONSTRAINTS corrections_are_whole IMMEDIATE")
