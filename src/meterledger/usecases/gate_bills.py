"""The gate of a run: what each bill is asked before it is recorded, and the run as a whole.

Lives here      gathering what the checks need, once for a batch; releases and exclusions of people;
                the tally of the breaker; whether a bill may be collected automatically.
Lives elsewhere the checks (``billing.gate_*``), the run (``issue_bills``), deciding a held case
                (``settle_held``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from meterledger.billing import (
    ADJUSTMENT,
    PREVIOUS_WITHIN,
    BillFacts,
    Degrees,
    GateBill,
    GateTerms,
    RunTally,
    decide_collection,
    enough_for_breaker,
    gate_findings,
    gate_terms,
    run_findings,
)
from meterledger.facts.bills import Bill, HeldBill, read_record
from meterledger.facts.held import (
    GateFinding,
    HeldAct,
    HeldCase,
    HeldState,
    HeldStep,
    PastBill,
    RunRecord,
    RunState,
    SeenHold,
)
from meterledger.kernel.decision import Decision
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.schedule import ChargeKind
from meterledger.usecases.bill_estimates import EstimateHolds
from meterledger.usecases.calculate_bills import DueBill, held_bill, where_of
from meterledger.usecases.doubted_reactive import Doubts, reactive_doubts
from meterledger.usecases.estimate_waits import watched_by_cap
from meterledger.usecases.ports import Lake, StoredBill

CEILING = "gate.ceiling"
NO_GATE = "The book as known then holds no gate: no bill was looked at before it left."
YEAR_AND_MORE = 400
"""How many days before a window the weather is asked for: the same season of last year, too."""
MANY_RUNS = 10_000
"""Runs of a day that are looked through for one that was let go: each held case may be a run."""
ALWAYS = (ChargeKind.MONTHLY, ChargeKind.DAILY, ChargeKind.PER_BILL)


class RunIsStopped(Refusal):
    """A run was stopped, and nobody has let it go."""

    @classmethod
    def by(cls, stop: RunRecord) -> RunIsStopped:
        """Naming the run that was stopped."""
        return cls(
            f"Run {stop.run_id} of {stop.on} was stopped: {stop.sentence}",
            where=stop.scope,
            why="Nothing leaves until a named person lets it go",
            do=f"Look at what was found, correct its cause, and let it go with `meterledger held "
            f"let-go {stop.run_id} --by NAME --reason WHY`",
        )


class GateStore(EstimateHolds, Protocol):
    """What the gate needs of the store."""

    def see_held(
        self, seen: Sequence[SeenHold], *, on: date, learned_at: datetime
    ) -> dict[str, str]:
        """Open cases, or add to those that are open."""

    def decided_holds(self) -> list[HeldCase]:
        """Open cases on which a person has decided something."""

    def bills_before(
        self, account_ids: Sequence[str], days: DaySpan, shift_days: int
    ) -> dict[tuple[str, str], list[PastBill]]:
        """Live bills of the accounts about the window and a year before."""

    def temperatures(self, station: str, days: DaySpan, known_at: datetime) -> dict[date, int]:
        """Tenths of a degree Fahrenheit of the days that are known, as known then."""

    def record_run(self, run: RunRecord) -> bool:
        """Keep what a run came to."""

    def bill_runs(self, *, on: date | None = None, limit: int = 100) -> list[RunRecord]:
        """Runs, the newest first."""

    def standing_stop(self) -> RunRecord | None:
        """The oldest run that was stopped and not let go."""


@dataclass(slots=True)
class Gate:
    """The gate of one run. Nothing of it is kept; what it holds becomes a case by the run."""

    view: BookView
    on: date
    store: GateStore
    scope: str
    terms: GateTerms | None
    known_at: datetime
    tally: RunTally = field(default_factory=RunTally)
    let_go: frozenset[str] = frozenset()
    _decided: dict[tuple[str, DaySpan | None], HeldCase] = field(default_factory=dict)
    _lines: dict[tuple[str, DaySpan], tuple[frozenset[str], frozenset[str]]] = field(
        default_factory=dict
    )
    _classes: dict[str, str] = field(default_factory=dict)
    _degrees: dict[DaySpan, Degrees | None] = field(default_factory=dict)
    _made: dict[tuple[str, str], list[PastBill]] = field(default_factory=dict)
    """Bills of a dry run, which the store does not know."""

    @classmethod
    def open(
        cls, view: BookView, on: date, store: GateStore, scope: str, known_at: datetime
    ) -> Gate:
        """The gate as the book has it on the day of rendition.

        :raises NoRuleInForce: if the book has half a gate
        """
        let_go = frozenset(
            finding.code
            for run in store.bill_runs(on=on, limit=MANY_RUNS)
            if run.state is RunState.LET_GO and run.scope == scope
            for finding in run.findings
        )
        return cls(view, on, store, scope, gate_terms(view, on), known_at, let_go=let_go)

    @property
    def note(self) -> str:
        """What is to be said of the gate itself: nothing, or that there is none."""
        return NO_GATE if self.terms is None else ""

    # -------------------------------------------------------------------------- each bill

    def without_excluded(
        self, due: Sequence[DueBill]
    ) -> tuple[list[DueBill], list[tuple[DueBill, HeldCase]]]:
        """The windows to be billed, and those that a person has excluded, as decided by now.

        An exclusion is of days: where service has ended or changed since, the window that has any
        of them now is excluded until somebody reopens the case.
        """
        decided = self.store.decided_holds()
        self._decided = {(one.agreement_id, one.days): one for one in decided}
        by_agreement: dict[str, list[HeldCase]] = {}
        for case in decided:
            if case.state is HeldState.EXCLUDED:
                by_agreement.setdefault(case.agreement_id, []).append(case)
        if not by_agreement:
            return list(due), []
        rest: list[DueBill] = []
        excluded: list[tuple[DueBill, HeldCase]] = []
        for one in due:
            cases = (case for name in one.agreement_ids for case in by_agreement.get(name, ()))
            for case in cases:
                if case.days is None or case.days.overlap(one.window.days) is not None:
                    excluded.append((one, case))
                    break
            else:
                rest.append(one)
        return rest, excluded

    def excluded_now(self, bill: Bill) -> HeldCase | None:
        """The case by which a person has excluded the bill since the batch was looked at."""
        for case in self.store.decided_holds():
            if (
                case.state is HeldState.EXCLUDED
                and case.agreement_id in bill.agreement_ids
                and (case.days is None or case.days.overlap(bill.days) is not None)
            ):
                return case
        return None

    def check(
        self, batch: Sequence[DueBill], made: Sequence[Bill], lake: Lake, sequence: int
    ) -> tuple[list[Bill], list[SeenHold]]:
        """The bills that may leave, and those that wait, of one window.

        What is doubtful of their kvar, as ``lake`` has them at the sequence, holds a bill also
        where the book has no gate.
        """
        doubts = reactive_doubts(
            batch, made, on=self.on, sequence=sequence, lake=lake, view=self.view
        )
        if not made or (self.terms is None and not doubts):
            return list(made), []
        days = batch[0].window.days
        due = {one.service.agreement.agreement_id: one for one in batch}
        if self.terms is None:
            return self._doubted_alone(due, made, doubts)
        past = self.store.bills_before(
            sorted({bill.account_id for bill in made}),
            days,
            self.terms["gate_season_shift_days"].value,
        )
        beside: dict[str, list[GateBill]] = {}
        looked = [(bill, self._looked_at(bill, due[bill.agreement_id])) for bill in made]
        for bill, seen in looked:
            beside.setdefault(bill.service_point_id, []).append(seen)
        leaving: list[Bill] = []
        held: list[SeenHold] = []
        for bill, seen in looked:
            key = (bill.account_id, bill.service_point_id)
            history = tuple(past.get(key, ())) + tuple(self._made.get(key, ()))
            one = due[bill.agreement_id]
            try:
                facts = self._facts(seen, history)
                found = gate_findings(facts, self.terms, beside[bill.service_point_id])
                found = [*_told(doubts, bill), *found]
            except Refusal as refusal:
                held.append(SeenHold(held_bill(one.service, days, refusal)))
                continue
            self._count(seen, facts.previous(self.terms[PREVIOUS_WITHIN].value))
            if not found or self._is_let_out(bill, found):
                leaving.append(bill)
            else:
                held.append(self._hold(bill, one, found))
        return leaving, held

    def _looked_at(self, bill: Bill, one: DueBill) -> GateBill:
        """The bill as the checks see it: the sheet's cap watches over its own causes alone."""
        seen = GateBill.of(bill)
        if seen.counts_toward_cap and not watched_by_cap(one, bill, self.view, self.store):
            return replace(seen, counts_toward_cap=False)
        return seen

    def _doubted_alone(
        self, due: Mapping[str, DueBill], made: Sequence[Bill], doubts: Doubts
    ) -> tuple[list[Bill], list[SeenHold]]:
        """What the readings of a bill say against it, where the book has no gate."""
        leaving: list[Bill] = []
        held: list[SeenHold] = []
        for bill in made:
            one = due[bill.agreement_id]
            try:
                found = _told(doubts, bill)
            except Refusal as refusal:
                held.append(SeenHold(held_bill(one.service, bill.days, refusal)))
                continue
            if not found or self._is_let_out(bill, found):
                leaving.append(bill)
            else:
                held.append(self._hold(bill, one, found))
        return leaving, held

    def _facts(self, bill: GateBill, history: tuple[PastBill, ...]) -> BillFacts:
        if bill.schedule not in self._classes:
            found = self.view.service_class(bill.schedule, self.on)
            self._classes[bill.schedule] = found.value
        key = (bill.schedule, bill.days)
        if key not in self._lines:
            self._lines[key] = expected_lines(self.view, *key)
        if bill.days not in self._degrees and self.terms is not None:
            self._degrees[bill.days] = degrees_about(
                bill.days, self.terms, self.store, self.known_at
            )
        return BillFacts(
            bill,
            self._classes[bill.schedule],
            history,
            *self._lines[key],
            self._degrees.get(bill.days),
        )

    def _is_let_out(self, bill: Bill, found: Sequence[GateFinding]) -> bool:
        """Whether a person has released this very bill, for all that is found of it."""
        case = self._decided.get((bill.agreement_id, bill.days))
        release = case.released if case is not None else None
        if case is None or release is None or release.total_cents != _released_as(bill, release):
            return False
        codes = {one.code for one in found}
        approved = case.decided is not None and case.decided.act is HeldAct.APPROVED
        return codes <= {one.code for one in release.findings} and (
            CEILING not in codes or approved
        )

    def _hold(self, bill: Bill, one: DueBill, found: Sequence[GateFinding]) -> SeenHold:
        sentences = "; ".join(finding.sentence for finding in found)
        code = found[0].code
        ceiling = None
        if any(finding.code == CEILING for finding in found) and self.terms is not None:
            _, limit = self.terms.amounts_of(self._classes[bill.schedule])
            ceiling = limit.value
        return SeenHold(
            HeldBill(
                bill.account_id,
                bill.agreement_id,
                bill.days,
                code,
                f"{where_of(one)}: {sentences}.",
            ),
            tuple(found),
            bill.total_cents,
            bill.usage.energy_wh,
            ceiling,
        )

    def remember(self, made: Iterable[Bill]) -> None:
        """Bills of a dry run, for the windows after them."""
        for bill in made:
            past = PastBill(bill.bill_id, bill.days, bill.usage.energy_wh, bill.total_cents)
            self._made.setdefault((bill.account_id, bill.service_point_id), []).append(past)

    # ---------------------------------------------------------------------- the run as a whole

    def _count(self, bill: GateBill, previous: PastBill | None) -> None:
        self.tally.made += 1
        self.tally.estimated += bill.estimated_wh > 0 or bill.estimated_intervals > 0
        self.tally.zero += bill.energy_wh == 0
        if previous is not None:
            self.tally.now_cents.append(bill.total_cents)
            self.tally.before_cents.append(previous.total_cents)

    def looked_at(self, windows: int, *, held: int) -> None:
        """So many windows were settled one way or the other, and so many of them are held."""
        self.tally.looked_at += windows
        self.tally.held += held

    @property
    def may_leave(self) -> bool:
        """Whether enough was looked at for the breaker to speak. Until then bills are kept back."""
        return self.terms is None or enough_for_breaker(self.tally, self.terms)

    def beyond(self) -> list[GateFinding]:
        """The measures with which the run stops; those that a person let go are not among them."""
        if self.terms is None:
            return []
        found = run_findings(self.tally, self.terms)
        return [one for one in found if one.code not in self.let_go]


def _told(doubts: Doubts, bill: Bill) -> tuple[GateFinding, ...]:
    """What is doubtful of a bill's readings. :raises Refusal: if that cannot be said"""
    found = doubts.get(bill.agreement_id, ())
    if isinstance(found, Refusal):
        raise found
    return found


def expected_lines(
    view: BookView, schedule: str, days: DaySpan
) -> tuple[frozenset[str], frozenset[str]]:
    """Codes that every bill of the schedule has, and codes of which a bill with energy has one."""
    first, last = view.schedule(schedule, days.from_day), view.schedule(schedule, days.last_day)
    always = [
        {one.code for one in each.charges if one.kind in ALWAYS and one.season is None}
        for each in (first, last)
    ]
    energy = {
        one.code for each in (first, last) for one in each.charges if one.kind is ChargeKind.ENERGY
    }
    return frozenset(always[0] & always[1]), frozenset(energy)


class Temperatures(Protocol):
    """Where it is kept how warm it was."""

    def temperatures(self, station: str, days: DaySpan, known_at: datetime) -> dict[date, int]:
        """Tenths of a degree Fahrenheit of the days that are known, as known then."""


def degrees_about(
    days: DaySpan, terms: GateTerms, store: Temperatures, known_at: datetime
) -> Degrees | None:
    """The weather of a window and of the bills it is compared with; None where none is known."""
    if not terms.station or terms.base_tenths_f is None:
        return None
    asked = DaySpan(days.from_day - timedelta(days=YEAR_AND_MORE), days.until_day)
    known = store.temperatures(terms.station, asked, known_at)
    return Degrees(terms.base_tenths_f, known) if known else None


class CollectionStore(Temperatures, Protocol):
    """What is asked before a bill is collected automatically."""

    def bill(self, bill_id: str) -> StoredBill:
        """The bill as stored."""

    def bills_before(
        self, account_ids: Sequence[str], days: DaySpan, shift_days: int
    ) -> dict[tuple[str, str], list[PastBill]]:
        """Live bills of the account about the window and a year before."""

    def held_case_of_bill(self, bill_id: str) -> list[HeldCase]:
        """The cases that the bill ended."""


def may_collect_automatically(
    bill_id: str, *, store: CollectionStore, view: BookView
) -> Decision[bool]:
    """May this bill be collected automatically? The band of the gate shields autopay, too.

    Not where the bill lies outside the band, nor where it did when a person let it out: then its
    customer is asked. Call it inside ``store.viewing``.

    :raises NotFound: if there is no such bill
    :raises NoGate: if the book has no gate, so that nothing shields
    """
    stored = store.bill(bill_id)
    terms = gate_terms(view, stored.issued_day)
    if terms is None:
        raise NoGate(
            "The book has no gate, so no bill can be told from an absurd one",
            where=f"bill {bill_id}",
            do="Collect nothing automatically until the book has the values of billing_gate",
        )
    body = read_record(stored.record)
    bill = GateBill.of_record(body)
    past = store.bills_before([stored.account_id], bill.days, terms["gate_season_shift_days"].value)
    history = past.get((stored.account_id, body["service_point"]), [])
    service_class = view.service_class(bill.schedule, stored.issued_day).value
    facts = BillFacts(
        bill,
        service_class,
        tuple(one for one in history if one.bill_id != bill_id),
        *expected_lines(view, bill.schedule, bill.days),
        degrees_about(bill.days, terms, store, stored.known_at),
    )
    cases = store.held_case_of_bill(bill_id)
    was_held = [one for case in cases if case.released for one in case.released.findings]
    return decide_collection(gate_findings(facts, terms), terms, was_held=was_held)


class NoGate(Refusal):
    """The book has no gate."""


def _released_as(bill: Bill, release: HeldStep) -> int:
    """What the bill came to when a person decided it: at zero it is the one that was left so."""
    if release.act is not HeldAct.WAIVED:
        return bill.total_cents
    if bill.total_cents > 0:
        return -1
    return sum(line.cents for line in bill.lines if line.unit != ADJUSTMENT)
