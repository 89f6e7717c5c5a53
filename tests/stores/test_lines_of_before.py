"""A database that had bills before their lines lay in order keeps them when it is migrated."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors
from tests.stores.conftest import database_of
from tests.stores.paper_town import LATER
from tests.stores.test_entries_of_before import DAY, NAME, OLD, ONE, made_before

from meterledger.stores.postgres.opening import open_database
from meterledger.stores.postgres.private_server import OWNER, SUPERUSER, PrivateServer

pytestmark = pytest.mark.postgres

LINE = "(bill_id, issued_day, number, code, label, charge_group, days, quantity, unit, price_usd,"
LINE += " cents, standing, citation_ids)"
BILLED = f"""
SELECT ensure_month('bill', '{DAY}'), ensure_month('bill_line', '{DAY}');
INSERT INTO entry_key VALUES ('bill:B-1', '{DAY}');
INSERT INTO entry (entry_id, effective_day, learned_at, cause)
    VALUES ('bill:B-1', '{DAY}', '{LATER}', 'bill B-1');
INSERT INTO posting VALUES ('bill:B-1', '{DAY}', 1, '142', 500, '{ONE}'),
                           ('bill:B-1', '{DAY}', 2, '440', -500, NULL);
INSERT INTO service_period_claim (bill_id, agreement_id, account_id, service_point_id, days,
                                  issued_day, known_at)
    VALUES ('B-1', 'A-1', '{ONE}', 'SP-1', '[2025-01-15,2025-02-15)', '{DAY}', '{LATER}');
INSERT INTO bill (bill_id, issued_day, account_id, agreement_id, service_point_id, schedule, kind,
                  days, due_day, energy_wh, total_cents, line_count, standing, tax_place,
                  previous_balance_cents, entry_id, known_at, lake_sequence, book_sha256, record,
                  record_sha256)
    VALUES ('B-1', '{DAY}', '{ONE}', 'A-1', 'SP-1', '1M', 'regular', '[2025-01-15,2025-02-15)',
            '{DAY}', 1000, 500, 2, 'verified', 'none', 0, 'bill:B-1', '{LATER}', 1, 'book',
            'record', encode(sha256('record'), 'hex'));
INSERT INTO bill_line {LINE}
    VALUES ('B-1', '{DAY}', 1, 'customer', 'Customer charge', 'delivery', '[2025-01-15,2025-02-15)',
            '1', 'month', '4.00', 400, 'verified', '{{c}}'),
           ('B-1', '{DAY}', 2, 'energy', 'Energy charge', 'energy', '[2025-01-15,2025-02-15)',
            '1', 'kWh', '1.00', 100, 'verified', '{{c}}');
"""


@pytest.fixture
def billed(server: PrivateServer) -> Iterator[None]:
    """The database as it was, with a bill of two lines."""
    yield from made_before(server, '"bills", "0009_points_that_ended"', OLD + BILLED)


@pytest.mark.usefixtures("billed")
def test_lines_of_before_are_found_with_their_bill_and_stay(server: PrivateServer) -> None:
    with open_database(database_of(server, NAME)):
        pass
    by_hand = {**server.connection(SUPERUSER), "dbname": NAME}
    with psycopg.connect(**by_hand) as connection:
        found = connection.execute(
            "SELECT l.number, l.cents FROM bill b JOIN bill_line l ON l.written_in = b.written_in"
            " AND l.bill_id = b.bill_id AND l.issued_day = b.issued_day ORDER BY l.number"
        ).fetchall()
    assert found == [(1, 400), (2, 100)]
    owner = {**server.connection(OWNER), "dbname": NAME}
    with psycopg.connect(**owner) as connection, pytest.raises(errors.RestrictViolation):
        connection.execute("UPDATE bill_line SET cents = cents + 1")
    with psycopg.connect(**owner) as connection:
        connection.execute(
            f"INSERT INTO bill_line {LINE} VALUES ('B-1', '{DAY}', 3, 'energy', 'Energy', 'energy',"
            " '[2025-01-15,2025-02-15)', '1', 'kWh', '1.00', 100, 'verified', '{c}')"
        )
        with pytest.raises(errors.CheckViolation, match="A line of bill B-1 does not come in"):
            connection.commit()
