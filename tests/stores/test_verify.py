"""Verify finds what constraints would have refused: each breach is made with every guard off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import psycopg
import pytest
from tests.stores.bank_of_paper import keep_bank
from tests.stores.combined_paper import keep_combination_of_one
from tests.stores.deposit_paper import keep_paid_deposit
from tests.stores.extension_town import keep_extensions
from tests.stores.late_paper import keep_late_charges
from tests.stores.paper_town import (
    ANALYST,
    CLAUSE,
    LATER,
    LEARNED,
    UNUSABLE,
    account_id,
    bill_of,
    held_of,
    payment_of,
    rebill_of,
    register_channel,
    start_of,
)
from tests.stores.payments_of_paper import keep_payments
from tests.stores.relief_paper import keep_relief
from tests.stores.settled_paper import DAY, keep_refunds, write_of
from tests.stores.test_promises_of_divided_receipts import KEY as DIVIDED
from tests.stores.test_promises_of_divided_receipts import divide, keep_waiting
from tests.stores.together_paper import keep_together, shared_bill_of

from meterledger.facts.held import (
    GateFinding,
    HeldAct,
    HeldStep,
    RunCounts,
    RunRecord,
    RunState,
    SeenHold,
)
from meterledger.facts.periods import PeriodClose
from meterledger.facts.receivables import Application, ItemKind
from meterledger.facts.settlements import SettlementKind
from meterledger.stores.postgres import PostgresStore, verify_invariants
from meterledger.stores.postgres.opening import Database
from meterledger.stores.postgres.private_server import SUPERUSER, PrivateServer
from meterledger.usecases.ports import NotViewing

pytestmark = pytest.mark.postgres

NO_SUB_LEDGER = "ALTER TABLE posting DROP CONSTRAINT sub_ledgers_are_of_customers;"
OF_LEFT = "case_id IN (SELECT case_id FROM held_step WHERE act = 'waived')"
BREACHES = {
    "service periods tile": (
        "UPDATE service_period_claim SET days = daterange(lower(days) + 1, upper(days))"
        " WHERE bill_id LIKE '%-20250131-%'",
        "begins on 2025-02-01, and the bill before it ends on 2025-01-31",
    ),
    "begin on its first day": (
        "DELETE FROM service_period_claim WHERE bill_id LIKE 'B-AG-1-20250101-20250101-%'",
        "is billed from 2025-01-31 to",
    ),
    "every claim its bill": ("DELETE FROM bill WHERE bill_id LIKE 'B-AG-2-%'", "without a bill"),
    "rises above its ceiling": (
        "UPDATE bill_correction SET ceiling_cents = 1, approved_by = ' ana '; UPDATE bill"
        " SET total_cents = 1 WHERE bill_id IN (SELECT cancelled_bill FROM bill_correction)",
        "is above the ceiling, and two people did not correct it",
    ),
    "a cancelled bill says why": ("DELETE FROM bill_correction", "cancelled, and nothing says why"),
    "is taken back once": (
        "UPDATE posting SET cents = cents + 1 WHERE entry_id LIKE 'reversal:%' AND number = 2",
        "and its reversal leave $0.01 on account 440",
    ),
    "lines sum to the bill's total": (
        "UPDATE bill_line SET cents = cents + 1 WHERE number = 1",
        "2 of 2 lines sum to $165.20 of $165.19",
    ),
    "advances of extensions": (
        "ALTER TABLE extension_event DROP CONSTRAINT what_moves_an_advance;"
        " UPDATE extension_event SET advance_cents = advance_cents - 1 WHERE act = 'paid'",
        "$6,000.00 of advances are posted, its contracts hold $5,999.99",
    ),
    "depositors of extensions are due": (
        "UPDATE extension_contract SET depositor_id = NULL",
        "$500.00 is posted as due to depositors, and $0.00 is due",
    ),
    "deposits hold what 235 holds": (
        "UPDATE application SET cents = cents + 1 WHERE kind = 'deposit'",
        "235 holds $40.00, its deposits hold $40.01",
    ),
    "step that moves money moves what it says": (
        "UPDATE deposit_step SET cents = cents - 1 WHERE act = 'applied'",
        "moves $59.99, and its entry $60.00",
    ),
    "late charge is posted": (
        "UPDATE late_charge SET cents = cents + 1, record = record; DELETE FROM posting"
        " WHERE entry_id LIKE 'late:%' AND ledger_account = '142'",
        "is of $1.51, and its entry asks account",
    ),
    "what its decision says": (
        "UPDATE late_charge SET base_cents = base_cents + 1",
        "after 2025-02-21, $1.50 on $100.00, kept is account",
    ),
    "two people forgave it": (
        "ALTER TABLE late_charge_reversal DROP CONSTRAINT maker_is_not_approver;"
        " UPDATE late_charge_reversal SET approved_by = ' ana'",
        "was forgiven by Ana and ana",
    ),
    "agreed on has what is taken off it": (
        "DELETE FROM bill_relief",
        "is of a month that relief RL-1 adjusts, and nothing says what is taken off it",
    ),
    "relief takes off bills is posted": (
        "UPDATE bill_relief SET charge_cents = charge_cents + 1",
        "takes off $10.01, and its entry $10.00",
    ),
    "is taken back with the bill": (
        "UPDATE service_period_claim SET cancelled_by = 'B-x'"
        " WHERE bill_id IN (SELECT bill_id FROM bill_relief)",
        "is cancelled, and what relief took off it is not taken back",
    ),
    "is arranged so": (
        "UPDATE billed_together SET days = daterange('2025-02-01', NULL)",
        "has days of agreement AG-3-BARN, and nothing arranges that",
    ),
    "difference of every budget plan": (
        "INSERT INTO budget_bill (bill_id, plan_id, account_id, days, kind, plan_amount_cents,"
        " rolled_over_part_cents, settlement_cents, charges_cents, asked_cents, rolled_over_cents,"
        " learned_at) SELECT bill_id, 'BP-1', account_id, days, 'plan', 90, 0, 0, 100, 90, '{}',"
        " known_at FROM service_period_claim WHERE cancelled_by IS NULL LIMIT 1",
        "$0.00 are posted as deferred, its bills deferred $0.10",
    ),
    "cites clauses that are kept": ("DELETE FROM citation", "no such clause"),
    "record has its hash": (
        "ALTER TABLE bill DROP CONSTRAINT record_has_its_hash;"
        " UPDATE bill SET record = record || ' '",
        "has another hash",
    ),
    "legs or more that sum to zero": (
        "UPDATE posting SET cents = cents + 1 WHERE ledger_account = '440'",
        "2 legs sum to $0.01",
    ),
    "every entry to its key": ("DELETE FROM entry_key", "an entry without its key"),
    "every bill of money is posted once": (
        f"{NO_SUB_LEDGER} UPDATE posting SET customer_account_id = NULL"
        " WHERE entry_id LIKE 'bill:%'",
        "total $165.19, posted $0.00",
    ),
    "every payment is posted once": (
        "UPDATE payment SET cents = cents + 1",
        "$50.01 received, $50.00 posted",
    ),
    "stands as its entries say": (
        "DELETE FROM entry_key WHERE entry_id = 'payment:R-file'",
        "receipt R-file is posted, and its entries say otherwise",
    ),
    "253.unapplied": (
        "UPDATE posting SET cents = cents + 1 WHERE ledger_account = '253.unapplied'",
        "$24.99 are posted in 253.unapplied, receipts of $25.00 wait",
    ),
    "no payment pays more": (
        "UPDATE application SET cents = cents + 1",
        "payment:R-file applied $50.01 to items and $0.00 to deposits; it credits $50.00",
    ),
    "a file of payments": (
        "DELETE FROM payment_file_line",
        "it says 3 lines of $90.00, kept are 2 of $75.00",
    ),
    "owed and not sent": (
        "UPDATE settlement SET cents = cents + 1 WHERE key = 'seven'",
        "232.refunds holds $20.00, its refunds are of $20.01",
    ),
    "refunds nobody took": (
        "UPDATE settlement SET cents = cents + 1 WHERE key = 'eight'",
        "242.unclaimed holds $5.00, its refunds are of $5.01",
    ),
    "approved by another person": (
        "UPDATE settlement_step SET \"by\" = ' ANA' WHERE act = 'approved'",
        "settlement refund:seven was asked for and approved by Ana",
    ),
    "has a cause that exists": (
        "UPDATE bill SET bill_id = 'B-x' WHERE bill_id LIKE 'B-AG-1-%'",
        "has no cause in table bill",
    ),
    "its entry leg by leg": (
        "UPDATE posting SET number = 3, cents = cents / 2 WHERE entry_id LIKE 'reversal:%'"
        " AND number = 1; INSERT INTO posting SELECT entry_id, effective_day, 1, ledger_account,"
        " -16519 - cents, customer_account_id FROM posting WHERE number = 3",
        "and its legs are not those of it the other way round",
    ),
    "what is kept of balances": (
        "UPDATE receivable_balance SET cents = cents + 1;"
        " UPDATE ledger_sum SET cents = cents - 1 WHERE ledger_account = '440'",
        "and $0.00 deferred, 2025-",
    ),
    "closed periods came to": (
        "UPDATE posting SET cents = cents * 2 WHERE effective_day < '2025-02-01'",
        "period 2025-01, account 142: closed with debits of",
    ),
    "the sub-ledger of customers": (
        f"{NO_SUB_LEDGER} UPDATE posting SET customer_account_id = NULL"
        " WHERE entry_id = 'payment:R-1'",
        "control account 142 is",
    ),
    "posted as collected": (
        "UPDATE posting SET ledger_account = '241.gross_receipts.pagedale'"
        " WHERE ledger_account = '440' AND entry_id LIKE 'bill:%'",
        "taxes of $0.00, $165.19 are posted",
    ),
    "billed, held or excluded": (
        "ALTER TABLE bill_run DROP CONSTRAINT due_is_billed_held_and_excluded;"
        " UPDATE bill_run SET held = held + 1",
        "run R-1: 4 due, 4 billed, 1 held, 0 excluded",
    ),
    "every held case ends": (
        "DELETE FROM held_step WHERE act = 'billed'",
        "is open, and its days are on bill B-AG-1-",
    ),
    "leaves uncharged is left so": (
        f"UPDATE held_step SET \"by\" = ' ANA' WHERE act = 'approved' AND {OF_LEFT}",
        "asks nothing, and two people did not leave its period uncharged",
    ),
    "the ledger as a whole": (
        "UPDATE posting SET cents = cents + 7 WHERE entry_id = 'payment:R-1' AND number = 1",
        "it sums to $0.07",
    ),
    "overlap as believed": (
        "ALTER TABLE agreement DROP CONSTRAINT one_agreement_a_day_at_a_service_point;"
        " INSERT INTO agreement (agreement_id, account_id, service_point_id, schedule, days, known)"
        " SELECT 'AG-double', account_id, service_point_id, schedule, days, known FROM agreement"
        " WHERE agreement_id LIKE 'AG-1-%'",
        "AG-double overlap at service point SP-1",
    ),
    "lake versions count": (
        "UPDATE lake_version SET sequence = sequence + 1 WHERE sequence = 2",
        "version 3 follows 1",
    ),
    "control totals balance": (
        "UPDATE received_file SET reading_count = 3 WHERE name = 'file'",
        "the book says 2 stored rows, 0 Wh; 1 rows aside, 0 Wh, kept is 3 stored rows",
    ),
    "statement of the bank adds up": (
        "UPDATE bank_statement SET closing_cents = closing_cents + 1",
        "opens with $0.00, moves $7.10 and closes with $7.11",
    ),
    "matched is the same money": (
        "UPDATE bank_line SET cents = cents + 1",
        "is of $7.11 at the bank and of $7.10 of ours",
    ),
    "marked as open at the bank": (
        "DELETE FROM bank_open_line",
        "0 matches, and not marked as open",
    ),
    "sums that are kept of the bank": (
        "UPDATE bank_sum SET cents = cents + 1 WHERE side = 'lines matched'",
        "lines matched: kept are $7.11 of 1 pieces, counted $7.10 of 1",
    ),
    "two people had posted two took back": (
        'INSERT INTO bank_unmatch (match_id, "by", approved_by, reason, learned_at)'
        " SELECT match_id, 'Ana', 'Ben', 'wrong', learned_at FROM bank_match"
        " WHERE match_id = 'match:paper'",
        "match match:paper was undone by Ana, and bank-adjustment:",
    ),
    "revenue accrued at a month end": (
        "UPDATE accrual_line SET cents = cents - 1",
        "is of $10.00, its lines of $9.99, posted $10.00 and taken back -$10.00",
    ),
    "of a combination are of the same people": (
        "UPDATE account_holder SET person_id = 'person-2' WHERE person_id = 'person-1'",
        "combination C-1 has account 4000000010 of person-2, who is another person",
    ),
    "every received file": ("DELETE FROM quarantined_line", "1 lines set aside, 0 kept"),
}


def keep_period_left(store: PostgresStore) -> None:
    """A held period of $9.00 that Ana left uncharged and Ben approved, with its bill at zero."""
    store.start_service(start_of(31))
    odd = (GateFinding("gate.band", "Far from usual.", CLAUSE),)
    held = replace(held_of(31), code="gate.band", sentence="Far from usual.")
    seen = SeenHold(held, odd, total_cents=900, energy_wh=1000)
    (name,) = store.see_held([seen], on=LEARNED.date(), learned_at=LEARNED).values()
    with store.viewing(ANALYST, [name]):
        for act, by in ((HeldAct.WAIVED, "Ana"), (HeldAct.APPROVED, "Ben")):
            step = HeldStep(act, LATER.date(), LATER, by, "our fault", findings=odd)
            store.settle_held(name, replace(step, total_cents=900))
    store.record_bills([bill_of(31, cents=0)])


@pytest.fixture
def filled(postgres: PostgresStore) -> PostgresStore:
    postgres.start_services([start_of(1), start_of(2)])
    postgres.see_held([SeenHold(held_of(1))], on=LEARNED.date(), learned_at=LEARNED)
    counts = RunCounts(due=4, billed=4)
    postgres.record_run(RunRecord("R-1", RunState.FINISHED, "cycle 1", LATER.date(), LATER, counts))
    keep_period_left(postgres)
    postgres.record_bills([bill_of(1, 0), bill_of(1, 1), bill_of(2, 0), bill_of(2, 1)])
    postgres.record_rebills([rebill_of(2, 1)])
    keep_together(postgres)
    postgres.record_bills([shared_bill_of(3)])
    postgres.record_payment(*payment_of(1))
    keep_extensions(postgres)
    keep_payments(postgres)
    keep_paid_deposit(postgres)
    keep_refunds(postgres)
    keep_late_charges(postgres)
    keep_relief(postgres, month=2)
    keep_bank(postgres)
    keep_combination_of_one(postgres)
    postgres.close_period(PeriodClose(date(2025, 1, 1), "Ana", LATER))
    for number in range(2):
        postgres.record_file(
            sha256=f"{number:064x}",
            name="file",
            format="csv",
            channels=[register_channel()],
            quarantined=[UNUSABLE],
            lake_files=[f"{number}.parquet"],
            learned_at=LATER,
        )
    return postgres


@pytest.fixture
def unguarded(
    server: PrivateServer, database: Database
) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A superuser with every trigger off: what a broken backup or a hostile hand could do."""
    parameters = {**server.connection(SUPERUSER), "dbname": database.application["dbname"]}
    with psycopg.connect(**parameters) as connection:
        connection.execute("SET session_replication_role = replica")
        rows = connection.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled = 'A'"
        )
        for table, trigger in rows.fetchall():
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        yield connection


def answers(store: PostgresStore) -> dict[str, tuple[int, list[str]]]:
    with store.viewing(ANALYST, ["all"]):
        return {name: (checked, broken) for name, checked, broken in verify_invariants(store)}


def test_everything_holds_and_something_was_checked(filled: PostgresStore) -> None:
    for name, (checked, broken) in answers(filled).items():
        assert broken == [], name
        assert checked > 0, name


def test_an_empty_store_holds(postgres: PostgresStore) -> None:
    assert {count for count, _ in answers(postgres).values()} == {0}


def test_every_invariant_has_its_breach(postgres: PostgresStore) -> None:
    names = list(answers(postgres))
    assert len(names) == len(BREACHES)
    for name in names:
        assert [part for part in BREACHES if part in name], name


@pytest.mark.parametrize("part", BREACHES)
def test_a_breach_is_found_and_said(
    filled: PostgresStore, unguarded: psycopg.Connection[tuple[Any, ...]], part: str
) -> None:
    statements, words = BREACHES[part]
    for statement in statements.split(";"):
        unguarded.execute(statement.encode())
    unguarded.commit()

    (found,) = [broken for name, (_, broken) in answers(filled).items() if part in name]

    assert found
    assert any(words in sentence for sentence in found), found


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (f"UPDATE held_step SET total_cents = 950 WHERE act = 'opened' AND {OF_LEFT}",
         "asks nothing, and two people did not leave its period uncharged"),
        (f"DELETE FROM held_step WHERE act = 'approved' AND {OF_LEFT}",
         "asks nothing, and two people did not leave its period uncharged"),
        (f"UPDATE held_step SET total_cents = 1 WHERE act = 'billed' AND {OF_LEFT}",
         "charges $0.01 of a period that two people left uncharged"),
        ("UPDATE bill SET kind = 'corrected', total_cents = 900, entry_id = 'bill:B'"
         " WHERE account_id = %(account)s",
         "charges $9.00 of a period that two people left uncharged"),
    ],
)  # fmt: skip
def test_a_period_that_is_left_otherwise_is_found(
    filled: PostgresStore,
    unguarded: psycopg.Connection[tuple[Any, ...]],
    statement: str,
    words: str,
) -> None:
    unguarded.execute(statement.encode(), {"account": account_id(31)})
    unguarded.commit()
    (found,) = [broken for name, (_, broken) in answers(filled).items() if "is left so" in name]
    assert [words in sentence for sentence in found] == [True]


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE held_step SET act = 'released' WHERE act = 'waived' AND {OF_LEFT}",
        f"UPDATE held_step SET total_cents = -900 WHERE act IN ('opened', 'waived') AND {OF_LEFT}",
        f"UPDATE held_step SET total_cents = -1 WHERE act = 'billed' AND {OF_LEFT}",
    ],
)
def test_a_bill_that_left_as_it_was_or_is_a_credit_is_no_breach_of_it(
    filled: PostgresStore, unguarded: psycopg.Connection[tuple[Any, ...]], statement: str
) -> None:
    unguarded.execute(statement.encode())
    unguarded.commit()
    (found,) = [broken for name, (_, broken) in answers(filled).items() if "is left so" in name]
    assert found == []


@pytest.fixture
def moved(filled: PostgresStore) -> PostgresStore:
    name = f"bill:{bill_of(1)[0].bill_id}"
    applied = Application(
        *(f"{name}#9", "transfer:nine", name, ItemKind.UTILITY, account_id(1), 1_00),
        *(DAY, LATER),
    )
    write = write_of(SettlementKind.TRANSFER, 1_00, "nine", to=2, approve=True)
    filled.record_settlements([replace(write, applications=(applied,))])
    assert [broken for _, broken in answers(filled).values() if broken] == []
    return filled


def test_what_moved_pays_no_more_and_no_less_than_it(
    moved: PostgresStore, unguarded: psycopg.Connection[tuple[Any, ...]]
) -> None:
    unguarded.execute("UPDATE application SET cents = 99 WHERE source_entry_id = 'transfer:nine'")
    unguarded.commit()

    assert [broken for _, broken in answers(moved).values() if broken] == [
        ["transfer:nine applied $0.99 to items; $1.00 moved"]
    ]


def test_questions_need_a_viewer(filled: PostgresStore) -> None:
    with pytest.raises(NotViewing):
        verify_invariants(filled)


def test_two_meters_that_share_a_second_are_found(
    filled: PostgresStore, unguarded: psycopg.Connection[tuple[Any, ...]]
) -> None:
    """No day of theirs is shared: one ends inside the day on which the other begins."""
    unguarded.execute(
        "ALTER TABLE meter_installation DROP CONSTRAINT one_meter_at_a_time_at_a_service_point"
    )
    for meter, days, began, ended in (
        ("M-10", "[2025-01-01,2025-02-01)", 0, 36_000),
        ("M-11", "[2025-02-01,)", 35_999, 0),
        ("M-12", "[2024-12-01,2025-01-01)", 0, 0),
    ):
        unguarded.execute(
            "INSERT INTO meter_installation (service_point_id, meter_id, multiplier, began_second,"
            " ended_second, days, known) VALUES ('SP-7', %s, 1, %s, %s, %s, '[2025-01-01,)')",
            [meter, began, ended, days],
        )
    unguarded.commit()

    (found,) = [broken for name, (_, broken) in answers(filled).items() if "overlap as" in name]

    assert found == ["meters M-10 and M-11 overlap at service points SP-7 and SP-7"]


@pytest.fixture
def divided(postgres: PostgresStore) -> PostgresStore:
    """A check that waited for its account stands in parts, on those of a combined statement."""
    with postgres.viewing(ANALYST, ["all"]):
        keep_waiting(postgres)
        divide(postgres)
    assert receipts_otherwise(postgres) == []
    return postgres


@pytest.mark.parametrize(
    ("breach", "words"),
    [
        (
            f"UPDATE receipt SET cents = cents - 1 WHERE payment_key = '{DIVIDED}:{account_id(2)}'",
            f"receipt {DIVIDED} of $330.38 is divided into parts of $330.37, none taken back",
        ),
        (
            f"DELETE FROM entry_key WHERE entry_id = 'unapplied:{DIVIDED}'",
            f"receipt {DIVIDED} is divided, and its entries say otherwise",
        ),
        (
            "INSERT INTO entry_key (entry_id, effective_day) VALUES"
            f" ('reversal:payment:{DIVIDED}:{account_id(1)}', '2026-12-01')",
            f"receipt {DIVIDED} of $330.38 is divided into parts of $330.38, some taken back",
        ),
    ],
)
def test_a_divided_receipt_that_is_not_its_parts_is_found(
    divided: PostgresStore,
    unguarded: psycopg.Connection[tuple[Any, ...]],
    breach: str,
    words: str,
) -> None:
    unguarded.execute(breach.encode())
    unguarded.commit()
    assert words in receipts_otherwise(divided)


def receipts_otherwise(store: PostgresStore) -> list[str]:
    (found,) = [broken for name, (_, broken) in answers(store).items() if "entries say" in name]
    return found
