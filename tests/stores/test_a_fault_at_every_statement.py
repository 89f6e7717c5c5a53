"""Every journey of money falls over at each thing it does: all of it is kept, or nothing.

The k-th thing is a statement, the instant before a commit, or the instant after it, when the answer
is lost. Then the program is gone, or the server has ended the session. Whatever was kept, the same
call again comes to the end that an undisturbed call comes to, row by row.

Lives elsewhere the journeys (``money_journeys``), the falling (``falling``).
"""

from __future__ import annotations

import ast
import contextlib
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.stores.conftest import NUMBERS
from tests.stores.falling import OF_ITS_RUN, At, Fall, Fate, FellOver, Place, said_by
from tests.stores.money_journeys import JOURNEYS, Journey
from tests.stores.paper_town import ANALYST

import meterledger.usecases
from meterledger.stores.memory import MemoryStore
from meterledger.stores.postgres import verify_invariants
from meterledger.stores.postgres.private_server import DATABASE, OWNER, SUPERUSER, PrivateServer

EACH = {one.name: one for one in JOURNEYS}
A_FEW = ["ach out", "deposit run: applied"]
"""Those that also fall over in an ordinary run, around their commits."""
IN_PARTS = {
    "autopay run": "each account's draw is whole",
    "autopay run that asks": "each question is whole",
    "issue bills": "a batch of bills, what is held, and the run's record are each whole",
    "issue bills, one held": "as above",
    "issue bills, stopped": "as above",
    "issue bills, together": "as above",
    "issue bills, relieved": "as above",
    "issue bills, on a plan": "as above",
    "issue bills, a plan settled": "as above",
    "issue bills, due on a chosen day": "as above",
    "issue bills, with Solar Blocks": "as above",
    "issue bills, with credits": "as above",
    "review budget plans": "each plan's amount, or its end, is whole",
    "extension run: guarantee": "each bill is tested by itself, in order",
    "extension run: credit": "as above",
    "extension run: last refund": "each half-year's refund is whole",
    "extension run: facility": "each month's charge is whole",
    "late charge run": "a batch of charges, and the run's record, are each whole",
    "release a held bill": "what was decided is kept, and the bill follows",
    "approve a held bill": "as above",
    "leave a period uncharged": "as above",
    "run a held bill again": "the bill, and the run's record, are each whole",
    "recoveries": "each payment's recovery is whole",
    "deposit run: given back": "interest is credited, and then it goes back",
    "give a deposit back": "as above",
    "put a multiplier right with its bills": "the multiplier is kept, and its bills follow",
    "start a checkout": "it is begun here before the processor hears of it",
    "refund to a card": "as above",
}
"""Journeys of several commits. What is kept after a fall is what an undisturbed one has kept after
as many commits, to the row."""
TELLS_OF_ITSELF = set(OF_ITS_RUN)
"""Tables that tell how a run went: one that goes on after another finds less to do. What they tell
of any run is compared apart."""
A_RUN_LETS_GO = (
    *("issue bills", "issue bills, together", "issue bills, relieved", "issue bills, on a plan"),
    *("issue bills, a plan settled", "issue bills, due on a chosen day"),
    *("issue bills, with Solar Blocks", "issue bills, with credits"),
    *("release a held bill", "approve a held bill", "run a held bill again"),
    "leave a period uncharged",
)
TOLD_AGAIN = {one: {"record", "bill_run, of any run"} for one in A_RUN_LETS_GO} | {
    "issue bills, one held": {"record"},
    "issue bills, stopped": {"record"},
}
"""What may be told again: the record says how a run went. A run that died after its last bill
leaves no row of itself, and one that finds nothing due adds none."""
TELLS_OF_THE_REST = {
    *("autopay run", "autopay run that asks"),
    *("recoveries", "recoveries taken back"),
}
"""Journeys whose answer is of what they did themselves, and so of what an earlier one left."""
WORTH_ASKING_AGAIN = ("ServerLost", "Moved", "ExtensionMoved", "BillsWait")
"""What a caller is told when somebody was in its way: it asks again. Bills that wait are made when
the same change is asked for once more."""
ELSEWHERE = {
    ("issue_bills", "_keep_back"): "what a person excluded while its run was on its way"
    " (tests/journeys/test_gate_bills.py)",
}
"""Places that write, which no journey alone comes to."""
WRITES = {
    *("record_payment", "post_receipts", "settle_receipt", "settle_receipts", "keep_channel"),
    "record_deposits",
    *("record_late_charges", "tell_government_account", "close_period", "record_settlements"),
    *("add_payee", "open_extension", "record_extension", "record_bank_file"),
    *(
        "record_bank_matches",
        "record_bank_unmatch",
        "record_line_step",
        "record_accrual",
        "record_relief",
        "see_held",
        "settle_held",
    ),
    *("begin_card_refund", "hear_card_refund"),
    *("record_run", "record_held", "record_bills", "record_rebills", "leave_difference"),
    "put_right",
    *("begin_budget_plan", "end_budget_plan", "add_budget_amount", "add_budget_election"),
    *("take_back_budget_plan", "take_back_budget_end", "take_back_budget_election"),
    *("choose_due_date", "end_due_date", "take_back_due_date"),
    *("prefer_delivery", "take_back_delivery", "join_program", "leave_program"),
    *("begin_combination", "combine_account", "end_combination", "end_combined_account"),
    "record_combined_statement",
}
"""Calls of the store that keep something about money, or on which what bills ask hangs."""


@pytest.fixture(scope="module")
def place(server: PrivateServer) -> Iterator[Place]:
    """A database for all of these tests."""
    name = f"falling_{next(NUMBERS)}"
    with psycopg.connect(**server.connection(SUPERUSER), autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE} OWNER {OWNER}")
        made = Place(server, name)
        yield made
        made.close()
        administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Disturbed:
    """A journey in its town, done once undisturbed so that its end is known."""

    def __init__(self, journey: Journey, place: Place) -> None:
        self.journey, self.place = journey, place
        place.restore("empty")
        self.do(journey.town)
        self.before = place.keep("before")
        self.kept = [self.before]
        """What is there after no commit, after one, after two…"""
        fate = Fate(after_commit=self._remember)
        self.first = self.act(fate)
        self.after, self.steps = place.holds(), fate.steps
        assert self.kept[-1] == self.after
        parts = [tables(*two) for two in itertools.pairwise(self.kept) if two[0] != two[1]]
        assert len(parts) == 1 or journey.name in IN_PARTS, f"in parts: {parts}"
        self.again = self.act()
        assert not self.otherwise(place.holds()), "done again, it changes something"
        assert self.after != self.before, "it does nothing"
        self.cases = 0
        place.restore("before")
        self.broken = self.do(broken)

    def _remember(self, wrote: bool) -> None:
        self.kept.append(self.place.holds() if wrote else self.kept[-1])

    def do(self, work: Callable[[Any], Any], fate: Fate | None = None) -> Any:
        """Work over a store of its own."""
        calm = Fate()
        store = self.place.store(calm)
        with store.viewing(ANALYST, ["money"]):
            if fate is not None:
                store._connections.turn(fate)  # type: ignore[attr-defined]
            try:
                return work(store)
            finally:
                store._connections.turn(calm)  # type: ignore[attr-defined]
                store._connections.leave()  # type: ignore[attr-defined]

    def act(self, fate: Fate | None = None) -> str:
        """Do it; what the caller is told."""
        outside = self.journey.outside()
        return said_by(lambda: self.do(lambda store: self.journey.act(store, outside), fate))

    def falls(self, numbers: list[int], parity: int) -> None:
        """Fall over at each of these steps, and come to the same end."""
        unseen = 0
        self.place.restore("before")
        for number in numbers:
            fate = Fate(number, Fall.PROGRAM if (number + parity) % 2 else Fall.SERVER)
            said = None
            with contextlib.suppress(FellOver):
                said = self.act(fate)
            assert fate.fell, f"step {number} is not there any more"
            self.cases += 1
            unseen += 1
            may_have_kept = any(at is At.ANSWER and wrote for at, wrote in fate.steps)
            if may_have_kept or unseen == 10 or number == numbers[-1]:
                unseen = 0
                self._look(number, fate, said)
        assert self.is_known(self.act())
        assert not self.journey.ends_alike or not self.otherwise(self.place.holds())

    def otherwise(self, ended: dict[str, str]) -> set[str]:
        """Tables that end otherwise than after the undisturbed call."""
        other = set(tables(ended, self.after)) - TELLS_OF_ITSELF
        return other - TOLD_AGAIN.get(self.journey.name, set())

    def is_known(self, answer: str) -> bool:
        """Whether a caller may be told this: what goes on in the middle may tell of the rest, or
        of an end that is another one.
        """
        told = answer in (self.first, self.again) or "Somebody was faster" in answer
        return told or self.journey.name in TELLS_OF_THE_REST or not self.journey.ends_alike

    def _look(self, number: int, fate: Fate, said: str | None) -> None:
        kept = self.place.holds()
        where = f"{self.journey.name}, step {number}: {fate.steps[-1][0].value}, {fate.how.value}"
        if said is None or said.startswith(WORTH_ASKING_AGAIN):
            commits = [at for at, _ in fate.steps].count(At.ANSWER)
            whole = self.kept[commits]
            assert kept == whole, f"{where}: {tables(kept, whole)} are in between"
        else:  # it was told the end, so it is there
            assert self.is_known(said), where
            assert not self.otherwise(kept), f"{where}: {self.otherwise(kept)} end otherwise"
        if kept == self.before:
            return
        again = self.act()
        assert self.is_known(again), f"{where}: {again} is not {self.first} nor {self.again}"
        ended = self.place.holds()
        if self.journey.ends_alike:
            other = self.otherwise(ended)
            assert not other, f"{where}: {other} end otherwise"
        self.place.restore("before", ended)


def tables(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """Where two states differ."""
    return [name for name in one if one[name] != other[name]]


@pytest.mark.postgres
@pytest.mark.parametrize("name", A_FEW)
def test_around_each_commit_all_is_kept_or_nothing(place: Place, name: str) -> None:
    made = Disturbed(EACH[name], place)
    places = [k for k, (at, wrote) in enumerate(made.steps) if wrote and at is not At.STATEMENT]
    made.falls(places, 0)
    assert made.cases >= 4


@pytest.mark.postgres
@pytest.mark.soak
@pytest.mark.parametrize("parity", [0, 1])
@pytest.mark.parametrize("name", EACH)
def test_at_every_statement_all_is_kept_or_nothing(place: Place, name: str, parity: int) -> None:
    made = Disturbed(EACH[name], place)
    made.falls(list(range(len(made.steps))), parity)
    print("falls:", made.cases)
    assert made.do(broken) == made.broken


def broken(store: Any) -> list[Any]:
    """What is verified of all tables and does not hold; rows come in any order."""
    assert sum(store.trial_balance().values()) == 0
    return [(name, sorted(said)) for name, _, said in verify_invariants(store) if said]


# ----------------------------------------------------------------------- nothing is left out


def test_every_call_that_keeps_something_about_money_is_in_the_table() -> None:
    """Where a usecase writes money, a journey of the table goes there."""
    seen: set[tuple[str, str]] = set()

    class Watching(MemoryStore):
        pass

    def watch(name: str) -> None:
        real = getattr(MemoryStore, name)

        def write(self: Any, *told: Any, **how: Any) -> Any:
            frame = sys._getframe(1)
            module = str(frame.f_globals["__name__"])
            if module.startswith("meterledger.usecases."):
                seen.add((module.rpartition(".")[2], frame.f_code.co_name))
            return real(self, *told, **how)

        setattr(Watching, name, write)

    for name in WRITES:
        watch(name)
    for one in JOURNEYS:
        store = Watching()
        with store.viewing(ANALYST, ["money"]):
            one.town(store)
            before = set(seen)
            seen.clear()
            outside = one.outside()
            said_by(lambda one=one, store=store, outside=outside: one.act(store, outside))  # type: ignore[misc]
            seen |= before
    assert places_that_write() - seen == set(ELSEWHERE)


def places_that_write() -> set[tuple[str, str]]:
    """Each (module, function) of the usecases that calls the store to keep money."""
    found = set()
    for path in Path(next(iter(meterledger.usecases.__path__))).glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            inner = {
                id(node)
                for other in ast.walk(function)
                if isinstance(other, ast.FunctionDef) and other is not function
                for node in ast.walk(other)
            }
            for node in ast.walk(function):
                if id(node) in inner or not isinstance(node, ast.Call):
                    continue
                if isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
                    found.add((path.stem, function.name))
    return found


def test_every_write_of_the_ports_of_money_is_looked_for() -> None:
    """A port of money with a new call that writes has it in ``WRITES``, and so in the table."""
    from meterledger.usecases.billing_option_ports import BillingOptions
    from meterledger.usecases.card_refund_ports import CardRefunds
    from meterledger.usecases.combination_ports import Combinations
    from meterledger.usecases.held_ports import HeldLog
    from meterledger.usecases.money_ports import Money
    from meterledger.usecases.program_ports import Programs

    names = {"record_", "keep_", "post_", "settle_", "tell_", "close_", "add_", "open_extension"}
    names |= {"begin_", "hear_", "choose_", "end_", "take_back_", "prefer_", "join_", "leave_"}
    names.add("combine_")
    calls = {
        name
        for port in (Money, HeldLog, CardRefunds, BillingOptions, Programs, Combinations)
        for name in dir(port)
        if any(name.startswith(one) for one in names)
    }
    assert calls - WRITES == set()


def test_parts_are_of_journeys_that_are_there() -> None:
    assert set(IN_PARTS) <= set(EACH)
    assert set(A_FEW) <= set(EACH)
    assert set(TELLS_OF_THE_REST) <= set(EACH)
