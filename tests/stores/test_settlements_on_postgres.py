"""What the database itself refuses of settlements, whatever a program says."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg import errors
from tests.stores.extension_town import OTHERS_DEPOSIT, Desk
from tests.stores.paper_town import ANALYST, bill_of, payment_of, start_of
from tests.stores.settled_paper import after, ask, write_of

from meterledger.facts.settlements import Act, SettlementCase, SettlementKind
from meterledger.stores.postgres.repository import PostgresStore
from meterledger.stores.postgres.repository import settlements as rows
from meterledger.stores.postgres.repository.settlements import STEP
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.depositor_refunds import ask_depositor_refund
from meterledger.usecases.extension_money import return_extension_payment
from meterledger.usecases.extension_tellings import Told
from meterledger.usecases.ports import Conflict

pytestmark = pytest.mark.postgres


@pytest.fixture
def asked(postgres: PostgresStore) -> PostgresStore:
    """Account 1 has a credit of 50 dollars, of which Ana has asked for 20."""
    postgres.start_services([start_of(1), start_of(2)])
    postgres.record_payment(*payment_of(1))
    postgres.record_settlements([ask(1, 20_00)])
    return postgres


def add_step(connection: Any, act: str, by: str, number: int = 2, entry: str | None = None) -> None:
    day = ask(1, 1).case.asked
    connection.execute(
        "SELECT set_config('meterledger.viewer', 'x', false),"
        " set_config('meterledger.purpose', 'x', false)"
    )
    connection.execute(
        STEP, ["refund:one", number, act, day.on, by, "because", entry, "", day.learned_at]
    )


def refused_by(problem: pytest.ExceptionInfo[psycopg.Error]) -> str | None:
    return problem.value.diag.constraint_name


@pytest.mark.parametrize("who", ["Ana", " ANA "])
def test_who_asked_does_not_approve(asked: PostgresStore, application: Any, who: str) -> None:
    with pytest.raises(errors.CheckViolation) as no:
        add_step(application, "approved", who, entry="refund:one")

    assert refused_by(no) == "asker_is_not_approver"


@pytest.mark.parametrize("who", ["Ana", " ANA "])
def test_who_asked_does_not_hand_over(asked: PostgresStore, application: Any, who: str) -> None:
    with pytest.raises(errors.CheckViolation) as no:
        add_step(application, "escheated", who, number=3, entry="unclaimed:one.paid")

    assert refused_by(no) == "asker_does_not_hand_over"


def test_a_step_without_its_money_is_refused(asked: PostgresStore, application: Any) -> None:
    add_step(application, "approved", "Ben", entry="refund:one")

    with pytest.raises(errors.CheckViolation) as no:
        application.commit()

    assert refused_by(no) == "a_step_moves_its_cents"


def test_a_step_out_of_order_is_refused(asked: PostgresStore, application: Any) -> None:
    with pytest.raises(errors.CheckViolation) as no:
        add_step(application, "sent", "Ben", entry="refund:one.sent.1")
    application.rollback()
    with pytest.raises(errors.UniqueViolation):
        add_step(application, "refused", "Ben", number=3)

    assert refused_by(no) == "settlement_steps_follow"


def test_a_refund_of_more_than_there_is_is_refused_at_commit(
    asked: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that forgot to look: the database looks at commit."""
    asked.record_bills([bill_of(1)])
    monkeypatch.setattr(rows, "refuse_too_much", lambda *_: None)

    with pytest.raises(errors.CheckViolation) as no:
        asked.record_settlements([after(ask(1, 20_00).case, Act.APPROVED)])

    assert refused_by(no) == "settled_money_was_there"


def test_a_depositor_gets_nothing_of_another_contract_of_the_account_at_commit(
    postgres: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first deposit bounces while its refund waits; the second contract is due as much."""
    desk, earned, today = Desk(postgres), date(2018, 8, 1), date(2026, 11, 30)
    for name, payee in (("EXT-1", "DEV-1"), ("EXT-2", "DEV-2")):
        desk.open(OTHERS_DEPOSIT, contract=name, depositor=desk.developer(1, payee))
        desk.pay(6_000_00, f"R-{name}", contract=name)
        desk.connect(f"lot of {name}", earned, units=4, contract=name)
    desk.run(earned)
    case = desk.look(
        lambda: ask_depositor_refund("EXT-1", by="Ana", reason="x", desk=desk.money(today))
    ).case
    bounced = Told(earned, "Ana", "no funds")
    desk.look(
        lambda: return_extension_payment(
            "EXT-1", "R-EXT-1", bounced, store=postgres, moment=desk.moment
        )
    )
    monkeypatch.setattr(rows, "refuse_too_much", lambda *_: None)

    with pytest.raises(errors.CheckViolation) as no:
        desk.look(
            lambda: approve_settlement(
                case.settlement_id, by="Ben", reason="right", desk=desk.money(today)
            )
        )

    assert refused_by(no) == "settled_money_was_there"


def test_a_second_charge_for_a_payment_is_refused_while_the_first_stands(
    asked: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that forgot to look: the database looks under a lock of its own."""
    monkeypatch.setattr(rows, "refuse_twice", lambda *_: None)
    asked.record_settlements([write_of(SettlementKind.FEE, 1_00, about="R-1", approve=True)])

    with pytest.raises(Conflict, match="charged for or recovered already") as no:
        asked.record_settlements(
            [write_of(SettlementKind.FEE, 2_00, "two", about="R-1", approve=True)]
        )

    assert isinstance(no.value.__cause__, errors.UniqueViolation)


@pytest.mark.parametrize(
    ("kind", "ceiling", "constraint"),
    [
        (SettlementKind.CREDIT, None, "leaving_or_forgiven_money_needs_two"),
        (SettlementKind.WRITE_OFF, 9_99, "above_the_ceiling_needs_two"),
        (SettlementKind.SPECIAL, None, "a_special_charge_needs_two"),
    ],
)
def test_one_person_is_not_enough(
    asked: PostgresStore,
    monkeypatch: pytest.MonkeyPatch,
    kind: SettlementKind,
    ceiling: int | None,
    constraint: str,
) -> None:
    asked.record_bills([bill_of(1)])
    monkeypatch.setattr(rows, "refuse_steps", lambda *_: None)

    about = "Repair of a heater" if kind is SettlementKind.SPECIAL else ""
    write = write_of(kind, 10_00, about=about, ceiling=ceiling, approve=True)

    with pytest.raises(errors.CheckViolation) as no:
        asked.record_settlements([write])

    assert refused_by(no) == constraint


def test_a_special_charge_says_what_it_is_for(asked: PostgresStore) -> None:
    with pytest.raises(errors.CheckViolation) as no:
        asked.record_settlements([write_of(SettlementKind.SPECIAL, 10_00, needs_two=True)])

    assert refused_by(no) == "a_special_charge_says_what_for"


def test_a_refund_to_nobody_in_particular_is_refused(
    asked: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "_refuse_strangers", lambda *_: None)
    asked.record_payment(*payment_of(2, "R-2"))

    with pytest.raises(errors.ForeignKeyViolation) as no:
        asked.record_settlements([ask(1, 1_00, "two", payment_key="R-2")])

    assert refused_by(no) == "settlements_are_of_their_account"


def test_two_refunds_of_one_credit_never_wait_for_each_other(asked: PostgresStore) -> None:
    """Journeys over several accounts take their locks in one order."""
    asked.record_payment(*payment_of(2, "R-2"))
    both = [ask(1, 1_00, "a"), ask(2, 1_00, "b", payment_key="R-2")]

    assert asked.record_settlements(both) == [True, True]
    assert asked.record_settlements(both[::-1]) == [False, False]


def test_a_fault_at_any_statement_leaves_nothing(
    asked: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fail at the k-th statement, for all k: then nothing is kept, and at last all of it."""
    writes = [after(ask(1, 20_00).case, Act.APPROVED), ask(1, 5_00, "two")]
    asked.record_settlements([ask(1, 1_00, "before")])  # its months are there
    before = standing(asked)
    execute = psycopg.Connection.execute
    failed = 0
    while True:
        left = failed

        def run(self: Any, query: Any, *more: Any, **named: Any) -> Any:
            nonlocal left
            if "set_config" in str(query) or query == "SELECT 1":  # a connection is begun
                return execute(self, query, *more, **named)
            if left == 0:
                raise RuntimeError("the machine fell over")
            left -= 1
            return execute(self, query, *more, **named)

        with monkeypatch.context() as patch:
            patch.setattr(psycopg.Connection, "execute", run)
            try:
                asked.record_settlements(writes)
            except RuntimeError:
                failed += 1
            else:
                break
        assert standing(asked) == before, f"after a fault at statement {failed}"

    assert failed > 10
    assert asked.trial_balance()["232.refunds"] == -20_00
    assert len(standing(asked)[1]) == len(before[1]) + 1


def standing(store: PostgresStore) -> tuple[dict[str, int], list[SettlementCase]]:
    with store.viewing(ANALYST, ["all"]):
        return store.trial_balance(), store.settlements()
