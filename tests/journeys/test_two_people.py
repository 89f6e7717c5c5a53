"""What takes two people takes two, where one person types a space more the second time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.journeys.desk_of_payments import NOW, desk_of, new_store
from tests.journeys.test_payment_files import take_lines
from tests.journeys.test_reconcile_bank import at, statement, take
from tests.stores.late_paper import SHOWN, charge_of, work_of
from tests.stores.paper_town import LATER

from meterledger.usecases.bank_by_hand import undo_match
from meterledger.usecases.late_charges import LateChargeRefused, reverse_late_charge
from meterledger.usecases.ports import Conflict
from meterledger.usecases.reconcile_bank import LineRefused, decide_adjustment, propose_adjustment
from meterledger.usecases.settle_payment import ask_to_send_back, send_back

ANA, AGAIN = "Ana Rivera", "Ana  Rivera"


def test_a_late_charge_is_not_forgiven_by_one() -> None:
    store = new_store()
    charge = charge_of()
    store.record_late_charges(work_of(charge))
    with pytest.raises(LateChargeRefused, match="asks and approves at once"):
        reverse_late_charge(
            charge.late_charge_id,
            by=ANA,
            approved_by=AGAIN,
            reason="a first time",
            on=SHOWN,
            learned_at=LATER + timedelta(hours=1),
            store=store,
        )


def test_a_line_of_the_bank_is_neither_posted_nor_taken_back_by_one() -> None:
    store = new_store()
    take(store, statement(("-7.10", "FEE")))
    (open_,) = store.open_bank_lines()
    line: dict[str, Any] = {"line_id": open_.line.line_id, "reason": "seen", "learned_at": NOW}
    propose_adjustment(**line, ledger_account="921", by=ANA, store=store)
    with pytest.raises(Conflict, match="approved by who proposed it"):
        decide_adjustment(**line, approve=True, by=AGAIN, store=store)
    decide_adjustment(**line, approve=True, by="Ben", store=store)
    (match,) = store.bank_matches()
    with pytest.raises(LineRefused, match="cannot approve what"):
        undo_match(match_id=match.match_id, by=ANA, approved_by=AGAIN, reason="no", **at(store))


def test_money_that_has_no_account_is_not_sent_back_by_one() -> None:
    store = new_store()
    take_lines(store, [("77", 40_00)])
    (key,) = (one.receipt.payment_key for one in store.receipts(limit=1))
    ask_to_send_back(key, by=ANA, reason="nobody knows it", desk=desk_of(store, minutes=4))
    with pytest.raises(Conflict, match="Money leaves by two people"):
        send_back(key, by=AGAIN, reason="so it is", desk=desk_of(store, minutes=5))
