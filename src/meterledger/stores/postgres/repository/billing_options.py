"""Budget plans, due dates and delivery: choices on two clocks; what budget bills asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar

from psycopg import errors
from psycopg.types.json import Jsonb

from meterledger.facts.billing_options import (
    AccountOptions,
    DeliveryPreference,
    DueDateChoice,
)
from meterledger.facts.bills import Bill
from meterledger.facts.budget import (
    BudgetAmount,
    BudgetElection,
    BudgetPlan,
    PlanEnd,
)
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import Validity
from meterledger.stores.option_words import (
    before_choice,
    closed_at,
    end_of_plan,
    no_due_date,
    no_plan,
    nothing_booked,
    refuse_elected_already,
    taken_back,
    two_plans,
)
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, believed_row, record_day
from meterledger.stores.postgres.repository.billing_option_rows import (
    amount_of,
    budget_bill_of,
    delivery_of,
    due_date_of,
    election_of,
    plan_of,
)
from meterledger.usecases.ports import Conflict, NotFound

Choice = TypeVar("Choice", BudgetPlan, DueDateChoice, DeliveryPreference)

DATED = "lower(days), upper(days), lower(known)"
AT = "account_id = ANY (%(accounts)s) AND known @> %(at)s::timestamptz"
NOW = "account_id = %s AND upper_inf(known)"
PLAN = f"SELECT plan_id, account_id, service_point_id, ended, reasons, {DATED} FROM budget_plan"
DUE_DATE = f"SELECT account_id, kind, day_of_month, person, reasons, {DATED} FROM due_date_choice"
DELIVERY = f"SELECT account_id, medium, address, {DATED} FROM delivery_preference"
AMOUNT = (
    "SELECT plan_id, account_id, month, from_day, cents, cause, adjusted, estimate, reasons,"
    " learned_at FROM budget_amount"
)
ELECTION = (
    "SELECT plan_id, account_id, from_day, month_option, reevaluation_month, settlement_option,"
    " elected, reasons, learned_at FROM budget_election"
)
STANDS = (
    "WHERE plan_id = %s AND NOT EXISTS"
    " (SELECT FROM budget_election_back back WHERE back.election_id = budget_election.id)"
)
BY_DAY = "ORDER BY from_day, learned_at"
BUDGET_BILL = (
    "SELECT plan_id, account_id, bill_id, lower(days), upper(days), kind, plan_amount_cents,"
    " rolled_over_part_cents, settlement_cents, charges_cents, asked_cents, rolled_over_cents,"
    " learned_at FROM budget_bill"
)
LEARNED = "WHERE account_id = ANY (%(accounts)s) AND learned_at <= %(at)s"
NOT_WITHDRAWN = (
    "NOT EXISTS (SELECT FROM bill_correction k WHERE k.account_id = budget_bill.account_id"
    " AND regexp_replace(k.cancelled_bill, '-v[0-9]+$', '')"
    " = regexp_replace(budget_bill.bill_id, '-v[0-9]+$', '')"
    " AND k.leaves_nothing AND k.learned_at <= %(at)s)"
)
"""Nor is one that a withdrawn bill had corrected before: it does not come back with it."""
NOT_BACK = (
    "NOT EXISTS (SELECT FROM budget_election_back back WHERE back.election_id = budget_election.id"
    " AND back.learned_at <= %(at)s)"
)
HAS_ANY = """
SELECT account_id FROM budget_plan WHERE account_id = ANY (%(accounts)s)
UNION SELECT account_id FROM due_date_choice WHERE account_id = ANY (%(accounts)s)
UNION SELECT account_id FROM delivery_preference WHERE account_id = ANY (%(accounts)s)
"""


@dataclass(frozen=True, slots=True)
class _Choices:
    """A table of choices: its name, how its rows are asked for, read and written."""

    table: str
    query: str
    read: Callable[[Any], Any]
    insert: Callable[[Connection, Any], None]


class BillingOptionTables(Tables):
    """The part of the store that keeps what accounts choose of their bills."""

    def billing_options(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, AccountOptions]:
        """What the accounts have chosen, as known at an instant."""

        def ask(connection: Connection) -> dict[str, AccountOptions]:
            rows = connection.execute(HAS_ANY, {"accounts": list(account_ids)}).fetchall()
            chosen = sorted(row[0] for row in rows)
            if not chosen:  # most accounts have chosen nothing
                return {}
            key = {"accounts": chosen, "at": known_at}

            def of(query: str, make: Callable[[Any], Any]) -> dict[str, list[Any]]:
                found: dict[str, list[Any]] = {}
                for row in connection.execute(query, key):
                    one = make(row)
                    found.setdefault(one.account_id, []).append(one)
                return found

            plans = of(f"{PLAN} WHERE {AT} ORDER BY lower(days)", plan_of)
            due_dates = of(f"{DUE_DATE} WHERE {AT} ORDER BY lower(days)", due_date_of)
            deliveries = of(f"{DELIVERY} WHERE {AT} ORDER BY lower(days)", delivery_of)
            amounts = of(f"{AMOUNT} {LEARNED} ORDER BY month, plan_id", amount_of)
            elections = of(f"{ELECTION} {LEARNED} AND {NOT_BACK} {BY_DAY}", election_of)
            bills = of(
                f"{BUDGET_BILL} {LEARNED} AND {NOT_WITHDRAWN}"
                " ORDER BY lower(days), learned_at, bill_id",
                budget_bill_of,
            )
            found = {
                name: AccountOptions(
                    account_id=name,
                    plans=tuple(plans.get(name, ())),
                    amounts=tuple(amounts.get(name, ())),
                    elections=tuple(elections.get(name, ())),
                    budget_bills=tuple(bills.get(name, ())),
                    due_dates=tuple(due_dates.get(name, ())),
                    deliveries=tuple(deliveries.get(name, ())),
                )
                for name in chosen
            }
            return {name: one for name, one in found.items() if one != AccountOptions(name)}

        return self._read(ask)

    def begin_budget_plan(
        self, plan: BudgetPlan, amount: BudgetAmount, election: BudgetElection
    ) -> None:
        """Keep a plan with its first amount and election."""

        def work(connection: Connection) -> None:
            for other in plans_of(connection, f"WHERE {NOW}", plan.account_id):
                if other.days.overlaps(plan.days) or other.plan_id == plan.plan_id:
                    raise two_plans(plan, other)
            insert_plan(connection, plan)
            _insert_amount(connection, amount)
            _insert_election(connection, election)

        try:
            self._keep("budget plan begun", plan.account_id, plan.learned_at, work)
        except (errors.ExclusionViolation, errors.UniqueViolation) as problem:
            raise two_plans(plan, None) from problem

    def end_budget_plan(
        self,
        plan_id: str,
        last_day_out: date,
        ended: PlanEnd,
        reasons: Sequence[Reason],
        learned_at: datetime,
    ) -> None:
        """End a plan."""
        (plan,) = self._step(
            "look for a budget plan", lambda one: [believed_plan(one, plan_id, lock=False)]
        )

        def work(connection: Connection) -> None:
            known = believed_plan(connection, plan_id)
            end_of_plan(known, last_day_out)
            days = Validity(known.days.from_day, last_day_out)
            moment = closed_at(known, learned_at)
            close_known(connection, "budget_plan", known.account_id, known.days.from_day, moment)
            new = replace(known, days=days, ended=ended, reasons=tuple(reasons), learned_at=moment)
            insert_plan(connection, new)

        self._keep("budget plan ended", plan.account_id, learned_at, work)

    def add_budget_amount(self, amount: BudgetAmount) -> bool:
        """Keep the decision of a month of review."""

        def work(connection: Connection) -> bool:
            believed_plan(connection, amount.plan_id)
            return _insert_amount(connection, amount)

        return self._keep("budget amount decided", amount.account_id, amount.learned_at, work)

    def add_budget_election(self, election: BudgetElection) -> None:
        """Keep a changed election."""

        def work(connection: Connection) -> None:
            believed_plan(connection, election.plan_id)
            known = connection.execute(f"{ELECTION} {STANDS}", [election.plan_id])
            refuse_elected_already(map(election_of, known.fetchall()), election)
            _insert_election(connection, election)

        self._keep("budget election", election.account_id, election.learned_at, work)

    def account_ids_on_a_plan(self, known_at: datetime) -> list[str]:
        """Accounts with a plan, in order."""
        rows = self._read(
            lambda connection: connection.execute(
                "SELECT DISTINCT account_id FROM budget_plan"
                " WHERE upper_inf(known) AND lower(known) <= %s ORDER BY account_id",
                [known_at],
            ).fetchall()
        )
        return [row[0] for row in rows]

    def choose_due_date(self, choice: DueDateChoice) -> None:
        """Keep a due date chosen."""

        def work(connection: Connection) -> None:
            rows = connection.execute(f"{DUE_DATE} WHERE {NOW} FOR UPDATE", [choice.account_id])
            replaced = before_choice([due_date_of(row) for row in rows], choice)
            if replaced is not None:
                old, left = replaced
                moment = closed_at(old, choice.learned_at)
                close_known(
                    connection, "due_date_choice", old.account_id, old.days.from_day, moment
                )
                if left is not None:
                    _insert_due_date(connection, replace(left, learned_at=moment))
            _insert_due_date(connection, choice)

        self._keep("due date chosen", choice.account_id, choice.learned_at, work)

    def end_due_date(self, account_id: str, last_day_out: date, learned_at: datetime) -> None:
        """End the due date that is in force."""

        def work(connection: Connection) -> None:
            rows = connection.execute(f"{DUE_DATE} WHERE {NOW} FOR UPDATE", [account_id])
            for one in map(due_date_of, rows.fetchall()):
                if last_day_out not in one.days:
                    continue
                first, moment = one.days.from_day, closed_at(one, learned_at)
                close_known(connection, "due_date_choice", account_id, first, moment)
                if first < last_day_out:
                    days = Validity(first, last_day_out)
                    _insert_due_date(connection, replace(one, days=days, learned_at=moment))
                return
            raise no_due_date(account_id, last_day_out)

        self._keep("due date ended", account_id, learned_at, work)

    def take_back_due_date(self, account_id: str, from_day: date, learned_at: datetime) -> None:
        """A due date chosen for a day is chosen no more; what it ended holds again."""
        choice = _Choices("due_date_choice", DUE_DATE, due_date_of, _insert_due_date)
        self._take_back(choice, account_id, from_day, learned_at)

    def take_back_delivery(self, account_id: str, from_day: date, learned_at: datetime) -> None:
        """A delivery preferred from a day is preferred no more; what it ended holds again."""
        choice = _Choices("delivery_preference", DELIVERY, delivery_of, _insert_delivery)
        self._take_back(choice, account_id, from_day, learned_at)

    def _take_back(
        self, kept: _Choices, account_id: str, from_day: date, learned_at: datetime
    ) -> None:
        def work(connection: Connection) -> None:
            rows = connection.execute(f"{kept.query} WHERE {NOW} FOR UPDATE", [account_id])
            known = [kept.read(row) for row in rows.fetchall()]
            mine = next((one for one in known if one.days.from_day == from_day), None)
            if mine is None:
                raise nothing_booked(account_id, from_day)

            def known_at(moment: datetime) -> list[Any]:
                key = {"accounts": [account_id], "at": moment}
                asked = connection.execute(f"{kept.query} WHERE {AT}", key)
                return [kept.read(row) for row in asked.fetchall()]

            left, was = taken_back(known, known_at, mine)
            gone = [one for one in (mine, left) if one is not None]
            moment = max(closed_at(one, learned_at) for one in gone)
            for one in gone:
                close_known(connection, kept.table, account_id, one.days.from_day, moment)
            if was is not None:
                kept.insert(connection, replace(was, learned_at=moment))

        self._keep("choice taken back", account_id, learned_at, work)

    def prefer_delivery(self, preference: DeliveryPreference) -> None:
        """Keep how bills are to be sent."""

        def work(connection: Connection) -> None:
            rows = connection.execute(
                f"{DELIVERY} WHERE {NOW} FOR UPDATE", [preference.account_id]
            ).fetchall()
            replaced = before_choice([delivery_of(row) for row in rows], preference)
            if replaced is not None:
                old, left = replaced
                moment = closed_at(old, preference.learned_at)
                close_known(
                    connection, "delivery_preference", old.account_id, old.days.from_day, moment
                )
                if left is not None:
                    _insert_delivery(connection, replace(left, learned_at=moment))
            _insert_delivery(connection, preference)

        self._keep("delivery preferred", preference.account_id, preference.learned_at, work)

    def delivery_preference(self, account_id: str, day: date) -> DeliveryPreference | None:
        """How the account's bills are to be sent on a day, as known now."""
        row = self._read(
            lambda connection: connection.execute(
                f"{DELIVERY} WHERE {NOW} AND days @> %s::date", [account_id, day]
            ).fetchone()
        )
        return delivery_of(row) if row else None

    def _keep(
        self,
        event: str,
        account_id: str,
        learned_at: datetime,
        work: Callable[[Connection], bool | None],
    ) -> bool:
        """Do the work and note it; False if the work says that all of it was there already."""
        self._connections.ensure_months([record_day(learned_at)])

        def step(connection: Connection) -> bool:
            if work(connection) is False:
                return False
            self._note(connection, event, [(account_id, {}, learned_at)])
            return True

        try:
            return self._step(event, step)
        except errors.ForeignKeyViolation as problem:
            raise NotFound.of("account", account_id) from problem
        except errors.ExclusionViolation as problem:
            if problem.diag.constraint_name == "one_budget_plan_a_day":
                raise
            raise Conflict(
                f"Account {account_id} has chosen something else for these days meanwhile",
                where=f"account {account_id}",
                do="Look at the account, and choose again",
            ) from problem


def insert_asked(connection: Connection, bills: Sequence[Bill]) -> None:
    """Keep beside their plans what bills ask, in the transaction that records the bills."""
    for one in (bill.budget_bill for bill in bills):
        if one is None:
            continue
        connection.execute(
            "INSERT INTO budget_bill (plan_id, account_id, bill_id, days, kind, plan_amount_cents,"
            " rolled_over_part_cents, settlement_cents, charges_cents, asked_cents,"
            " rolled_over_cents, learned_at)"
            " VALUES (%s, %s, %s, daterange(%s, %s), %s, %s, %s, %s, %s, %s, %s::bigint[], %s)",
            [
                *(one.plan_id, one.account_id, one.bill_id, one.days.from_day, one.days.until_day),
                *(one.kind.value, one.plan_amount_cents, one.rolled_over_part_cents),
                *(one.settlement_cents, one.charges_cents, one.asked_cents),
                *(list(one.rolled_over_cents), one.learned_at),
            ],
        )


def close_known(
    connection: Connection, table: str, account_id: str, from_day: date, moment: datetime
) -> None:
    connection.execute(
        f"UPDATE {table} SET known = tstzrange(lower(known), %s)"
        " WHERE account_id = %s AND lower(days) = %s AND upper_inf(known)",
        [moment, account_id, from_day],
    )


def believed_plan(connection: Connection, plan_id: str, *, lock: bool = True) -> BudgetPlan:
    query, key = f"{PLAN} WHERE plan_id = %s AND upper_inf(known)", [plan_id]
    row = (
        believed_row(connection, query, key) if lock else connection.execute(query, key).fetchone()
    )
    if row is None:
        raise no_plan(plan_id)
    return plan_of(row)


def plans_of(connection: Connection, where: str, key: str) -> list[BudgetPlan]:
    return [plan_of(row) for row in connection.execute(f"{PLAN} {where}", [key]).fetchall()]


def insert_plan(connection: Connection, plan: BudgetPlan) -> None:
    connection.execute(
        "INSERT INTO budget_plan (plan_id, account_id, service_point_id, ended, reasons, days,"
        " known) VALUES (%s, %s, %s, %s, %s, daterange(%s, %s), tstzrange(%s, NULL))",
        [
            *(plan.plan_id, plan.account_id, plan.service_point_id),
            *(plan.ended.value if plan.ended else "", _told(plan.reasons)),
            *(plan.days.from_day, plan.days.until_day, plan.learned_at),
        ],
    )


def _insert_amount(connection: Connection, one: BudgetAmount) -> bool:
    row = connection.execute(
        "INSERT INTO budget_amount (plan_id, account_id, month, from_day, cents, cause, adjusted,"
        " estimate, reasons, learned_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (plan_id, month) DO NOTHING RETURNING id",
        [
            *(one.plan_id, one.account_id, one.month, one.from_day, one.cents, one.cause.value),
            *(one.adjusted, Jsonb(one.estimate.as_json()), _told(one.reasons), one.learned_at),
        ],
    ).fetchone()
    return row is not None


def _insert_election(connection: Connection, one: BudgetElection) -> None:
    connection.execute(
        "INSERT INTO budget_election (plan_id, account_id, from_day, month_option,"
        " reevaluation_month, settlement_option, elected, reasons, learned_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            *(one.plan_id, one.account_id, one.from_day, one.month_option),
            *(one.reevaluation_month, one.settlement_option, one.elected),
            *(_told(one.reasons), one.learned_at),
        ],
    )


def _insert_due_date(connection: Connection, one: DueDateChoice) -> None:
    connection.execute(
        "INSERT INTO due_date_choice (account_id, kind, day_of_month, person, reasons, days, known)"
        " VALUES (%s, %s, %s, %s, %s, daterange(%s, %s), tstzrange(%s, NULL))",
        [
            *(one.account_id, one.kind.value, one.day_of_month),
            *(Jsonb([list(pair) for pair in one.person]), _told(one.reasons)),
            *(one.days.from_day, one.days.until_day, one.learned_at),
        ],
    )


def _insert_delivery(connection: Connection, one: DeliveryPreference) -> None:
    connection.execute(
        "INSERT INTO delivery_preference (account_id, medium, address, days, known)"
        " VALUES (%s, %s, %s, daterange(%s, %s), tstzrange(%s, NULL))",
        [
            *(one.account_id, one.medium.value, one.address),
            *(one.days.from_day, one.days.until_day, one.learned_at),
        ],
    )


def _told(reasons: Sequence[Reason]) -> Jsonb:
    return Jsonb([{"finding": one.finding, "citation": one.citation.as_json()} for one in reasons])
