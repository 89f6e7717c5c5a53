"""Two people are two whatever the spaces in their names: each check of the database says so."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors
from tests.stores.conftest import database_of
from tests.stores.paper_town import ANALYST
from tests.stores.test_entries_of_before import MATCHED, NAME, OLD, made_before

from meterledger.kernel.people import same_person
from meterledger.stores.postgres.opening import Database, open_database
from meterledger.stores.postgres.private_server import SUPERUSER, PrivateServer

pytestmark = pytest.mark.postgres

ANA, AGAIN, BEN = "Ana Rivera", "ana  RIVERA ", "Ben Ito"
SAME = (
    AGAIN,
    "\tAna Rivera",
    "Ana\tRivera\n",
    " \u00a0Ana\u00a0Rivera\u00a0",
    "Ana\u202f\u2009Rivera",
    "\u3000ANA \x1f rivera",
    "An\u200ba\ufe0f Rivera",
    "\uff21na Rivera",
)
COMPOSED = ("Zo\u00eb", "Zoe\u0308")
HELD = (
    "INSERT INTO held_step (case_id, number, act, on_day, by, reason, code, sentence, findings,"
    " bill_id, learned_at) SELECT 7, {0}, '{1}', '2025-03-01', '{2}', 'because', '', '', '[]', '',"
    " now()"
)
SETTLED = (
    "INSERT INTO settlement_step (settlement_id, number, act, on_day, by, reason, entry_id,"
    " reference, learned_at) SELECT 'refund:r', {0}, '{1}', '2025-03-01', '{2}', 'because', {3},"
    " '', now()"
)
RECEIVED = (
    "INSERT INTO receipt_step (payment_key, number, act, state, on_day, by, reason, learned_at)"
    " SELECT 'R', {0}, '{1}', '{2}', '2025-03-01', '{3}', 'because', now()"
)
LINE = (
    "INSERT INTO bank_line_step (line_id, number, act, by, reason, ledger_account, learned_at)"
    " SELECT 'S:1', {0}, '{1}', '{2}', 'because', '456', now()"
)
FORGIVEN = (
    "INSERT INTO late_charge_reversal (late_charge_id, account_id, cause, reason, by, approved_by,"
    " learned_at) SELECT '{0}', '1', 'by decision', 'because', '{1}', '{2}', now()"
)
ADJUSTED = (
    "INSERT INTO bank_adjustment (adjustment_key, line_id, proposed_by, approved_by,"
    " ledger_account, learned_at) SELECT '{0}', 'S:1', '{1}', '{2}', '456', now()"
)
MOVED = (
    "INSERT INTO deposit_step (deposit_id, number, step_id, key, act, on_day, by, reason, cents,"
    " note, parts, record, learned_at, approved_by) SELECT 'D', 1, 'D.{0}', '{0}', '{1}',"
    " '2025-03-01', '{2}', 'because', 100, '', '[]', '', now(), '{3}'"
)
UNDONE = (
    "INSERT INTO bank_unmatch (match_id, by, approved_by, reason, learned_at)"
    " SELECT '{0}', '{1}', '{2}', 'because', now()"
)

CHECKS: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "late_charge_reversal": ("", (), FORGIVEN.format("L", ANA, "{who}"), "maker_is_not_approver"),
    "deposit_step": (
        "",
        (MOVED.format("seen", "reviewed", ANA, ""),),  # an act of one person
        MOVED.format("out", "moved out", ANA, "{who}").replace("'D', 1", "'D', 2"),
        "maker_is_not_approver",
    ),
    "bank_adjustment": ("", (), ADJUSTED.format("S:1", ANA, "{who}"), "maker_is_not_approver"),
    "bank_unmatch": ("", (), UNDONE.format("M", ANA, "{who}"), "maker_is_not_approver"),
    "receipt_step": (
        "receipt_steps_follow",
        (
            RECEIVED.format(1, "taken", "unapplied", ""),
            RECEIVED.format(2, "send back asked", "unapplied", ANA),
        ),
        RECEIVED.format(3, "sent back", "returned", "{who}"),
        "maker_is_not_approver",
    ),
    "held_step": (
        "held_steps_follow",
        (HELD.format(1, "opened", ""), HELD.format(2, "released", ANA)),
        HELD.format(3, "approved", "{who}"),
        "maker_is_not_approver",
    ),
    "settlement_step": (
        "settlement_steps_follow",
        (
            "INSERT INTO settlement (settlement_id, key, kind, account_id, cents, source,"
            " needs_two, about, payee_name, payee_means, payment_id, record) VALUES ('refund:r',"
            " 'r', 'refund', '1', 1, '', true, '', '', '', 'R', '')",
            SETTLED.format(1, "asked", ANA, "NULL"),
        ),
        SETTLED.format(2, "approved", "{who}", "'refund:r'"),
        "asker_is_not_approver",
    ),
    "bank_line_step": (
        "bank_line_steps_follow",
        (LINE.format(1, "adjustment proposed", ANA),),
        LINE.format(2, "adjustment approved", "{who}"),
        "maker_is_not_approver",
    ),
}


@pytest.fixture
def hand(database: Database, server: PrivateServer) -> Iterator[psycopg.Connection]:
    """A superuser's hand; only what compares names is switched on, so nothing else refuses."""
    name = database.owner["dbname"]
    with psycopg.connect(**{**server.connection(SUPERUSER), "dbname": name}) as connection:
        for table in (*CHECKS, "settlement"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
        for table, (trigger, before, _, _) in CHECKS.items():
            for told in before:
                connection.execute(told.encode())
            if trigger:
                connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}".encode())
        yield connection
        connection.rollback()


def test_one_person_with_two_spaces_is_one_person(hand: psycopg.Connection) -> None:
    for table, (_, _, approves, constraint) in CHECKS.items():
        for again in SAME:
            with pytest.raises(errors.CheckViolation) as no, hand.transaction():
                hand.execute(approves.format(who=again).encode())
            assert (table, again, no.value.diag.constraint_name) == (table, again, constraint)
        assert hand.execute(approves.format(who=BEN).encode()).rowcount == 1


def test_spaces_alone_are_nobody(hand: psycopg.Connection) -> None:
    for nobody in ("", " \t", "\u00a0"):
        with pytest.raises(errors.CheckViolation), hand.transaction():
            hand.execute(FORGIVEN.format("L", ANA, nobody).encode())
        with pytest.raises(errors.CheckViolation), hand.transaction():
            hand.execute(MOVED.format("in", "moved in", ANA, nobody).encode())


def test_a_name_is_compared_as_the_program_compares_it(hand: psycopg.Connection) -> None:
    spaces = [chr(one) for one in range(0x3001) if chr(one).isspace()]
    letters = [chr(one) for one in range(1, 0x590) if not chr(one).isspace()]
    letters.remove("\u0130")  # a dotted capital I: small it is one letter here, and two there
    told = ["straße 7", "STRASSE 7", "ΝΙΚΟΣ", "Νίκος Ά", "ÁNA ÖZ", "ána öz", "", *spaces]
    wide = "\uff21na"
    told += ["Ana", wide, *COMPOSED]
    told += [f"{one}Ana{one}{one}Rivera{one}" for one in spaces]
    unseen = [
        *("\u00ad", "\u034f", "\u115f", "\u180b", "\u200b", "\u202e", "\u2069", "\u3164"),
        *("\ufe0f", "\ufeff", "\uffa0", "\ufffb", "\U000e0020", "\U000e01ef"),
    ]
    told += [f"{one}An{one}a Rive\u0301ra" for one in unseen]
    told += [f"{one}Ana {one}" for one in letters]
    rows = hand.execute("SELECT plain_name(one) FROM unnest(%s::text[]) one", [told]).fetchall()
    for name, (plain,) in zip(told, rows, strict=True):
        assert plain == " ".join(plain.split())
        assert same_person(name, plain), name
    by_plain = {name: plain for name, (plain,) in zip(told, rows, strict=True)}
    for one, other in (("straße 7", "STRASSE 7"), ("ÁNA ÖZ", "ána öz"), (wide, "Ana"), COMPOSED):
        assert by_plain[one] == by_plain[other]


@pytest.fixture
def signed(server: PrivateServer) -> Iterator[None]:
    """A database of before, in which one person with two spaces let go what two must."""
    last = (
        '"reconciliation", "0002_matches_undone", verbosity=0)\n'
        'call_command("migrate", "late_charges", "0002_payments_in_time"'
    )
    yield from made_before(server, last, OLD + MATCHED.replace("'Ana', ''", f"'{ANA}', '{AGAIN}'"))


@pytest.mark.usefixtures("signed")
def test_what_was_signed_before_is_kept_and_stops_no_upgrade(server: PrivateServer) -> None:
    inside = {**server.connection(SUPERUSER), "dbname": NAME}
    with psycopg.connect(**inside) as before:
        for table in ("late_charge_reversal", "bank_adjustment"):
            before.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
        before.execute(FORGIVEN.format("L-1", ANA, AGAIN).encode())
        before.execute(ADJUSTED.format("S:1", ANA, AGAIN).encode())

    with open_database(database_of(server, NAME)) as store, store.viewing(ANALYST, ["bank"]):
        assert [one.match_id for one in store.bank_matches()] == ["M-1.2"]
    with psycopg.connect(**inside) as after:
        for told in (FORGIVEN.format("L-2", ANA, AGAIN), ADJUSTED.format("S:1.2", ANA, AGAIN)):
            with pytest.raises(errors.CheckViolation), after.transaction():
                after.execute(told.encode())
        kept = after.execute(
            "SELECT approved_by FROM late_charge_reversal UNION ALL"
            " SELECT approved_by FROM bank_adjustment UNION ALL"
            " SELECT approved_by FROM bank_unmatch"
        ).fetchall()
    assert kept == [(AGAIN,)] * 3
