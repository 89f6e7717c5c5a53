"""What both stores promise about facts on two clocks, in the same words.

Lives here      telling a fact known already from a new one and from one that cannot be; the
                refusals of starting and stopping service; the instant at which a change is learned.
Lives elsewhere keeping rows (``memory``, ``postgres``). PostgreSQL's constraints are what cannot be
                raced; what is found here first is found in better words.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Generic, NoReturn, Protocol, TypeVar

from meterledger.facts.events import CaseOnFile, MeterEvent
from meterledger.facts.meters import (
    MeterConfiguration,
    MeterWork,
    PremiseLink,
    UnmeteredLoad,
)
from meterledger.facts.places import (
    Account,
    AccountHolder,
    Agreement,
    MeterInstallation,
    TaxPlace,
)
from meterledger.kernel.span import Validity
from meterledger.usecases.ports import Conflict


class DatedFact(Protocol):
    """A fact that is true on some days."""

    @property
    def days(self) -> Validity:
        """The days on which it is true."""

    @property
    def learned_at(self) -> datetime:
        """The instant at which we learned it."""


Fact = TypeVar("Fact", bound=DatedFact)

A_MOMENT = timedelta(microseconds=1)


def contents(fact: object) -> tuple[object, ...]:
    """What a fact says, apart from when it was learned.

    An account's opening day is left out too: a second service of it begins on another day.
    """
    kind: Any = type(fact)
    return tuple(getattr(fact, name) for name in _telling(kind))


@cache
def _telling(kind: Any) -> tuple[str, ...]:
    left_out = {"learned_at", "opened_day"} if kind is Account else {"learned_at"}
    return tuple(one.name for one in fields(kind) if one.name not in left_out)


def refuse_other_contents(noun: str, key: str, known: object, fact: object) -> None:
    """Facts without days: the same contents again change nothing, others are refused.

    :raises Conflict: if what is known under the key is not what the fact says
    """
    if contents(known) != contents(fact):
        raise Conflict(
            f"{noun.capitalize()} {key} is known with other contents",
            where=f"{noun} {key}",
            do="Give the contents that are known, or use another name",
        )


def refuse_unknown(noun: str, key: str, needed_by: str) -> None:
    """Something refers to what nobody has recorded.

    :raises Conflict: always
    """
    raise Conflict(
        f"There is no {noun} {key}",
        where=needed_by,
        do=f"Record the {noun} together with it, or before",
    )


class Believed(Generic[Fact]):
    """Facts of one kind that are believed at one moment, found by what may hold once a day.

    Each exclusion gives a key for a fact; two facts with one key may not share a day.
    """

    def __init__(
        self,
        *exclusions: Callable[[Fact], str],
        telling: Callable[[Fact], str],
        name: Callable[[Fact], str] | None = None,
        overlaps: Callable[[Fact, Fact], bool] | None = None,
    ) -> None:
        """``telling`` says a fact in a refusal; ``name`` is what only one may have, on any day.

        ``overlaps`` says when two facts hold at once, where that is finer than days.
        """
        self._exclusions = exclusions
        self._overlaps = overlaps or _share_a_day
        self._name = name
        self._names: set[str] = set()
        self._telling = telling
        self._by_key: dict[Hashable, list[Fact]] = {}
        self._closed_at: dict[Hashable, datetime] = {}

    def add(self, fact: Fact) -> None:
        """Believe a fact from here on."""
        for exclusion in self._exclusions:
            self._by_key.setdefault(exclusion(fact), []).append(fact)
        if self._name is not None:
            self._names.add(self._name(fact))

    def remove(self, fact: Fact) -> None:
        """Believe a fact no longer."""
        for exclusion in self._exclusions:
            self._by_key[exclusion(fact)].remove(fact)
        if self._name is not None:
            self._names.discard(self._name(fact))

    def close(self, fact: Fact, closed_at: datetime) -> Callable[[], None]:
        """Remember until when a fact was believed that is believed no longer; answers the undo."""
        keys = [exclusion(fact) for exclusion in self._exclusions]
        before = {key: self._closed_at[key] for key in keys if key in self._closed_at}
        for key in keys:
            self._closed_at[key] = max(closed_at, before.get(key, closed_at))

        def undo() -> None:
            for key in keys:
                self._closed_at.pop(key, None)
            self._closed_at.update(before)

        return undo

    def learned_at(self, fact: Fact) -> datetime:
        """The instant from which a new fact is believed: as it says, or later.

        Where something else was believed until a later instant, that is not contradicted.
        """
        closings = (self._closed_at.get(exclusion(fact)) for exclusion in self._exclusions)
        return max([fact.learned_at, *(one for one in closings if one is not None)])

    def is_new(self, fact: Fact, *, may_repeat: bool = True) -> bool:
        """Whether the fact says something new; False if the same holds already on all its days.

        :raises Conflict: if another fact holds on one of the days; ``may_repeat`` false refuses
            the same one as well
        """
        for exclusion in self._exclusions:
            key = exclusion(fact)
            taken = [one for one in self._by_key.get(key, ()) if self._overlaps(one, fact)]
            if may_repeat and any(_says_no_more(fact, known) for known in taken):
                return False
            for known in taken[:1]:
                raise Conflict(
                    f"{key[0].upper()}{key[1:]} is taken already, {known.days}",
                    where=f"{key}, {fact.days}",
                    why=f"Known is {self._telling(known)}",
                    do="End what is there first, or begin on the day it ends",
                )
        if self._name is not None and self._name(fact) in self._names:
            raise Conflict(
                f"{self._name(fact)} is known already",
                where=self._telling(fact),
                do="Use another name for another agreement",
            )
        return True


def _share_a_day(one: DatedFact, other: DatedFact) -> bool:
    return one.days.overlaps(other.days)


def with_learned_at(fact: Fact, learned_at: datetime) -> Fact:
    """The fact as learned at that instant."""
    if learned_at == fact.learned_at:
        return fact
    record: Any = fact
    changed: Fact = replace(record, learned_at=learned_at)
    return changed


def _says_no_more(fact: DatedFact, known: DatedFact) -> bool:
    left_out = {"days"}
    if isinstance(fact, MeterInstallation) and fact.began_second == fact.ended_second == 0:
        # Who says that a meter is there on whole days, for a new tenant say, does not deny that it
        # came or left inside one of them.
        left_out = {"days", "began_second", "ended_second"}
    same = all(
        getattr(fact, name) == getattr(known, name)
        for name in _telling(type(fact))
        if name not in left_out
    )
    inner, outer = fact.days, known.days
    within = outer.from_day <= inner.from_day and (
        outer.until_day is None
        or (inner.until_day is not None and inner.until_day <= outer.until_day)
    )
    return same and within


def believed_holders() -> Believed[AccountHolder]:
    """Who is responsible for an account: each person once a day."""
    return Believed(
        lambda one: f"account {one.account_id}, person {one.person_id}",
        telling=lambda one: f"person {one.person_id} as holder, {one.days}",
    )


def believed_tax_places() -> Believed[TaxPlace]:
    """In which municipality a premise is taxed: one a day."""
    return Believed(
        lambda one: f"the tax place of premise {one.premise_id}",
        telling=lambda one: f"{one.place}, {one.days}",
    )


def believed_installations() -> Believed[MeterInstallation]:
    """Where meters are: a meter at one point, a point with one meter, on a day."""
    return Believed(
        lambda one: f"service point {one.service_point_id}",
        lambda one: f"meter {one.meter_id}",
        telling=lambda one: (
            f"meter {one.meter_id} at service point {one.service_point_id}, {one.days}"
        ),
        overlaps=MeterInstallation.overlaps,
    )


def believed_configurations() -> Believed[MeterConfiguration]:
    """How a meter is set up: one way a day."""
    return Believed(
        lambda one: f"the configuration of meter {one.meter_id}",
        telling=lambda one: f"configuration {one.fingerprint[:12]}, {one.days}",
    )


def believed_links() -> Believed[PremiseLink]:
    """How sure we are where a meter is: one answer a day."""
    return Believed(
        lambda one: f"the premise link of meter {one.meter_id}",
        telling=lambda one: (
            f"service point {one.service_point_id} by {one.source.value} "
            f"({one.confidence} of 100), {one.days}"
        ),
    )


def believed_loads() -> Believed[UnmeteredLoad]:
    """Loads without a meter: one version a day of each."""
    return Believed(
        lambda one: f"unmetered load {one.load_id}",
        telling=lambda one: f"{one.count} {one.device} at {one.service_point_id}, {one.days}",
    )


def believed_agreements() -> Believed[Agreement]:
    """Who has service at a service point: one agreement a day."""
    return Believed(
        lambda one: f"service point {one.service_point_id}",
        telling=lambda one: f"agreement {one.agreement_id} of account {one.account_id}, {one.days}",
        name=lambda one: f"Agreement {one.agreement_id}",
    )


def refuse_stop(agreement: Agreement, last_day_out: date, billed_until: date | None) -> None:
    """The reasons for which an agreement cannot end on a day.

    :raises Conflict: if it has ended already, ends before it began, or is billed past the day
    """
    where = f"agreement {agreement.agreement_id}"
    if agreement.days.until_day is not None:
        raise Conflict(
            f"It has ended already on {agreement.days.until_day}",
            where=where,
            do=f"Look at it with `meterledger service show {agreement.account_id}`; if another "
            "rate option begins on that day, take it back first, with `meterledger take-back rate "
            f"{agreement.account_id}` (and `--until DAY`, if its first day has come and service "
            "had ended by then)",
        )
    if last_day_out <= agreement.days.from_day:
        raise Conflict(
            f"It begins on {agreement.days.from_day} and cannot end on {last_day_out}",
            where=where,
            do="Give the first day without service, after the first day with it",
        )
    if billed_until is not None and last_day_out < billed_until:
        raise Conflict(
            f"It is billed until {billed_until}, past {last_day_out}",
            where=where,
            do=f"Give a day from {billed_until} on; an end of service before it is told with "
            "`meterledger service stop`, which makes the newest bill again as the final one",
        )


def goes_on(new: Agreement, others: Iterable[Agreement], ever_billed: bool) -> Agreement:
    """The agreement that ended for ``new`` and goes on where that is taken back, as it is now.

    :raises Conflict: if ``new`` continues none, or was ever billed
    """
    where = f"agreement {new.agreement_id}"
    if ever_billed:
        raise Conflict(
            f"Days since {new.days.from_day} are billed on {new.schedule}",
            where=where,
            why="A change that has had its effect is not taken back, and nothing was changed",
            do="Ask for another rate option",
        )
    key = (new.account_id, new.service_point_id, new.days.from_day)
    for one in others:
        if (one.account_id, one.service_point_id, one.days.until_day) == key:
            return one
    raise Conflict(
        f"It continues no other rate option: service begins on {new.days.from_day}",
        where=where,
        do="Look at it with `meterledger service show`",
    )


def refuse_same_schedule(old: Agreement, schedule: str) -> None:
    """An agreement is put on another option, never on its own. :raises Conflict:"""
    if old.schedule == schedule:
        raise Conflict(
            f"Agreement {old.agreement_id} is on {schedule} already",
            where=f"account {old.account_id}",
            why="Nothing would be another one, and nothing was changed",
            do="Name another rate option",
        )


def refuse_other_service(old: Agreement, new: Agreement) -> None:
    """Another rate option is the same account's service at the same point, from another day.

    :raises Conflict: if it is anything else
    """
    same = (old.account_id, old.service_point_id) == (new.account_id, new.service_point_id)
    if not same or new.agreement_id == old.agreement_id:
        raise Conflict(
            f"Agreement {new.agreement_id} is no other rate option of it",
            where=f"agreement {old.agreement_id}",
            do="Give an agreement of its account and service point that begins when it ends",
        )


def learned_after(learned_at: datetime, *earlier: datetime | None) -> datetime:
    """The instant at which a change counts as learned: after all that was believed before.

    A bill made at the very instant of the change was made without it, and must be replayed
    without it.
    """
    return max([learned_at, *(one + A_MOMENT for one in earlier if one is not None)])


def is_new_work(work: MeterWork, known: MeterWork | None) -> bool:
    """Whether nobody has recorded this visit yet.

    :raises Conflict: if it is recorded with other contents
    """
    if known is None:
        return True
    if contents(known) != contents(work):
        raise Conflict(
            f"Work {work.work_id} is recorded with other contents",
            where=f"service point {work.service_point_id}",
            why=f"Recorded is {known.kind.value} at {known.at:%Y-%m-%dT%H:%M:%SZ}, reason "
            f"'{known.reason}', and nothing was changed",
            do="Look at it with `meterledger meter show`; work done again has another instant",
        )
    return False


def refuse_other_left(left: MeterWork | None, known: MeterWork | None) -> None:
    """A visit that is told again is told with the same one by which its meter left.

    :raises Conflict: if that one is recorded with other contents, or is not recorded
    """
    if left is None or not is_new_work(left, known):
        return
    raise Conflict(
        f"Meter {left.removed_meter} is recorded, and not that it left at "
        f"{left.at:%Y-%m-%dT%H:%M:%SZ}",
        where=f"service point {left.service_point_id}",
        why="Both visits are recorded at once or neither, and nothing was changed",
        do="Look at it with `meterledger meter show`",
    )


def refuse_corrected_again(work: MeterWork, known: Iterable[MeterWork]) -> None:
    """A visit is corrected once; what was corrected is corrected in its turn.

    :raises Conflict: if another record corrects the same one
    """
    for one in known:
        if work.corrects is not None and one.corrects == work.corrects:
            raise Conflict(
                f"Work {work.corrects} was corrected by somebody else meanwhile",
                where=f"service point {work.service_point_id}",
                why=f"Their record is {one.work_id}, and nothing of this call was kept",
                do="Look at it with `meterledger meter show`, and correct that one if it is wrong",
            )


def refuse_stale(fact: object) -> None:
    """What was to end is not what is believed now: somebody changed it meanwhile.

    :raises Conflict: always
    """
    raise Conflict(
        "What is known was changed by somebody else meanwhile",
        where=_named(fact),
        why="Nothing of this call was kept",
        do="Look at the meter with `meterledger meter show`, and do it again if it is still right",
    )


def refuse_other_event(event: MeterEvent) -> NoReturn:
    """At the place of its source another event is known.

    :raises Conflict: always
    """
    raise Conflict(
        f"Place {event.sequence} of source {event.source[:16]} is known with another event than "
        f"{event.kind.value} of meter {event.meter_id}",
        where="events",
        why="A place of a file tells one thing, and nothing of this call was kept",
        do="Send the corrected events as a file of their own",
    )


def refuse_closed_case(known: CaseOnFile) -> NoReturn:
    """Nothing follows what closed a case.

    :raises Conflict: always
    """
    last = known.steps[-1]
    raise Conflict(
        f"It was closed by {last.by}: {last.reason}",
        where=f"case {known.case.case_id}",
        do="New events of the meter open another case; look with `meterledger meter cases`",
    )


def _named(fact: object) -> str:
    meter, days = getattr(fact, "meter_id", ""), getattr(fact, "days", "")
    name = f"meter {meter}" if meter else f"unmetered load {getattr(fact, 'load_id', '')}"
    return f"{name}, {days}"
