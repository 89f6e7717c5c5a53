"""Ours alone are a match where they come to nothing: the database adds them up itself."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors
from tests.stores.paper_town import ANALYST, LATER, account_id, start_of
from tests.stores.settled_paper import after, ask, settled

from meterledger.facts.money import Payment, Tender
from meterledger.facts.settlements import Act
from meterledger.ledger import entry_for_payment
from meterledger.stores.postgres import PostgresStore

pytestmark = pytest.mark.postgres

DAY = LATER.date()
MATCH = (
    'INSERT INTO bank_match (match_id, rule, "by", reason, learned_at)'
    " VALUES ('match:x', 'by hand', 'Ana', 'keyed twice', now())"
)
PIECE = (
    "INSERT INTO bank_match_expectation"
    " (expectation_id, match_id, entry_id, number, effective_day, cents)"
    " VALUES (%(entry)s::text || '#' || %(number)s::smallint, 'match:x', %(entry)s::text,"
    " %(number)s::smallint, %(day)s, %(cents)s)"
)


@pytest.mark.parametrize(
    ("told", "stands"),
    [
        ([("in", 20_00)], False),
        ([("in", 20_00), ("other", 7_00)], False),
        ([("out", -20_00), ("other", 7_00)], False),
        ([("out", -20_00), ("other", 20_00)], False),  # the other is of 7.00
        ([("in", 20_00), ("out", -20_00)], True),
    ],
)
def test_what_does_not_come_to_nothing_is_no_match(
    postgres: PostgresStore,
    application: psycopg.Connection[tuple[object, ...]],
    told: list[tuple[str, int]],
    *,
    stands: bool,
) -> None:
    postgres.start_service(start_of(1))
    for key, cents in (("R-1", 20_00), ("R-2", 7_00)):
        payment = Payment(key, account_id(1), cents, Tender.CASH, DAY, LATER)
        assert postgres.record_payment(payment, entry_for_payment(payment))
    case = settled(postgres, ask(1, 20_00), Act.APPROVED)
    with postgres.viewing(ANALYST, ["bank"]):
        postgres.record_settlements([after(case, Act.SENT, reference="CHK 1041")])
        named = {one.cents: one for one in postgres.open_expectations()}
    ours = {"in": named[20_00], "out": named[-20_00], "other": named[7_00]}
    application.execute(
        "SELECT set_config('meterledger.viewer', 'a test', false),"
        " set_config('meterledger.purpose', 'to test', false)"
    )
    application.execute(MATCH)
    for which, cents in told:
        entry, _, number = ours[which].expectation_id.rpartition("#")
        piece = {"entry": entry, "number": int(number), "day": ours[which].day, "cents": cents}
        application.execute(PIECE, piece)
    if stands:
        application.commit()
        return
    with pytest.raises(errors.CheckViolation) as no:
        application.commit()
    assert no.value.diag.constraint_name == "a_match_is_the_same_money"
