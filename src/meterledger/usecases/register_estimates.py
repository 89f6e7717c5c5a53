"""A missing closing read: the method of the meter's kind and age, its ladder, and what is kept.

Lives here      facts for the ladders out of what is known of a window; the closing figure of an
                estimate; its cause where nobody has told one.
Lives elsewhere the methods and ladders (``usage``), histories (``register_history``).
Read first      GRR V.E.3; docs/decisions/0015-ladders-of-estimates.md, 0018-bills-of-registers.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from meterledger.facts.bills import BilledUsage, EstimatedBy, EstimatedUsage
from meterledger.facts.estimates import Estimate, EstimateCause, Method
from meterledger.facts.meters import MeterKind
from meterledger.facts.registers import BilledRead, ReadBasis, RegisterShare
from meterledger.facts.usage import window_seconds
from meterledger.facts.usage_log import LoggedEstimate
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.local_days import local_day_of
from meterledger.metering import RegisterValue
from meterledger.rulebook.terms import Terms
from meterledger.usage import (
    BilledOn,
    DailyUseEstimate,
    DailyUseFacts,
    ElapsedPart,
    EstimationMethod,
    GeneralCase,
    GeneralEstimate,
    GeneralFacts,
    LadderEstimate,
    MeterTechnology,
    MeterToEstimate,
    RegisterLadderFacts,
    SimilarSearch,
    ValidRead,
    choose_method,
    decide_general,
    estimate_record,
    run_daily_use_ladder,
    run_register_ladder,
)
from meterledger.usecases.register_history import (
    billing_period,
    good_days,
    past_periods,
    periods_in_service,
    similar_search,
)
from meterledger.usecases.register_windows import (
    BilledBeyondRegister,
    EstimatedByPerson,
    RegisterStepped,
    RegisterWindow,
    Stay,
    days_looked_ahead,
    moved_wh,
    value,
)

TECHNOLOGY = {
    MeterKind.MANUAL: MeterTechnology.MANUAL,
    MeterKind.AMR: MeterTechnology.AMR,
    MeterKind.AMI: MeterTechnology.AMI,
}


@dataclass(frozen=True, slots=True)
class RegisterUsage:
    """What is billed of a window, and why so."""

    usage: BilledUsage
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Closing:
    """What a bill closes on: the read, and what was estimated up to it."""

    read: BilledRead
    estimated: EstimatedUsage | None = None
    estimates: tuple[LoggedEstimate, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class _Tail:
    """What is known until the days that are estimated.

    ``read`` is the last actual read of the meter in the window, the one of an exchange among them;
    ``measured_wh`` the energy of the window until then, of all its meters.
    """

    read: RegisterValue | None
    read_on: date | None
    measured_wh: int


def estimate_closing(
    one: RegisterWindow, opening: BilledRead, before: list[RegisterShare], *, late: bool
) -> Closing:
    """The closing figure by the method of the meter's kind and age.

    :raises EstimatedByPerson: where nothing estimates by itself, or no step of a ladder succeeds
    """
    stay = one.last
    technology = TECHNOLOGY[stay.file.meter.kind] if stay.file.meter else MeterTechnology.AMI
    tail = _tail(one, stay, opening, before)
    came = min(each.days.from_day for each in stay.file.installations)
    age = periods_in_service(came, one.days.from_day)
    choice = choose_method(
        MeterToEstimate(
            technology=technology,
            billed_on=BilledOn.REGISTER,
            periods_in_service=age,
            from_day=one.days.from_day,
            until_day=one.days.until_day,
            last_valid_read_on=tail.read_on,
        ),
        view=one.view,
        day=one.days.last_day,
    )
    method = choice.outcome.method
    cause = one.cause or _told_by_effort(one) or default_cause(technology, late=late)
    if method is EstimationMethod.GENERAL:
        return _by_month(one, opening, before, cause)
    if method is EstimationMethod.AVERAGE_DAILY_USE:
        return _closed(one, opening, tail, _daily_use(one, tail), cause)
    if method is not EstimationMethod.REGISTER_LADDER:
        raise _by_person(one, choice.reasons[-1])
    return _closed(one, opening, tail, _ladder(one, stay, opening, tail, age), cause)


def default_cause(technology: MeterTechnology, *, late: bool) -> EstimateCause:
    """Why there is no read, where nobody has told: a cause that is capped rather than one that
    is not, except after a late notice.
    """
    if late:
        return EstimateCause.LATE_NOTIFICATION
    if technology is MeterTechnology.MANUAL:
        return EstimateCause.HUMAN_OR_BILLING_ERROR
    return EstimateCause.REMOTE_DEVICE_FAILED


def _told_by_effort(one: RegisterWindow) -> EstimateCause | None:
    """The cause that the newest effort to read the meter names, if its outcome is one's word."""
    words = {cause.value: cause for cause in EstimateCause}
    since = one.days.from_day
    until = one.days.until_day + timedelta(days=days_looked_ahead(one.days, one.view))
    for effort in reversed(one.efforts):
        word = effort.outcome.strip().lower().replace(" ", "_")
        if since <= effort.day < until and word in words:
            return words[word]
    return None


def _tail(
    one: RegisterWindow, stay: Stay, opening: BilledRead, before: list[RegisterShare]
) -> _Tail:
    earlier_wh = sum(share.energy_wh for share in before)
    begin, until = window_seconds(one.days, one.zone)
    first = value(opening)
    inside = [read for read in stay.reads if max(begin, first.at) < read.at < until]
    for read in reversed(inside):
        on = local_day_of(datetime.fromtimestamp(read.at, UTC), one.zone)
        if on <= one.days.from_day:
            break
        try:
            moved, _ = moved_wh(stay, first, read)
        except RegisterStepped:
            continue  # no valid read: the one before it is asked
        measured = earlier_wh + moved - opening.ahead_wh
        if measured < 0:
            raise BilledBeyondRegister(
                f"The register shows {stay.metered.figures(read.shown)} on {on}, and "
                f"{opening.figures} was billed before: {-measured} Wh too much",
                where=f"meter {stay.installed.meter_id}",
                why="The bill before this one was estimated too high",
                do="Bill that period again with the real reading",
            )
        return _Tail(read, on, measured)
    if before:  # the exchange is the last that was read
        on = local_day_of(datetime.fromtimestamp(first.at, UTC), one.zone)
        if one.days.from_day < on:
            return _Tail(first, on, earlier_wh)
    return _Tail(None, None, earlier_wh)


def _daily_use(one: RegisterWindow, tail: _Tail) -> Decision[DailyUseEstimate]:
    """By average daily use; similar customers are looked for where the customer's own use fails."""
    facts = DailyUseFacts(
        period=billing_period(one.days),
        estimate_from=tail.read_on or one.days.from_day,
        history=past_periods(one.earlier, one.service.account.account_id),
    )
    found = run_daily_use_ladder(facts, view=one.view, day=one.days.last_day)
    if found.outcome.energy_wh is not None:
        return found
    similar = _similar(one)
    return run_daily_use_ladder(
        replace(facts, similar=similar), view=one.view, day=one.days.last_day
    )


def _similar(one: RegisterWindow) -> SimilarSearch | None:
    return similar_search(
        one.nearby(),
        past_periods(one.earlier, one.service.account.account_id),
        rate_class=one.service.agreement.schedule,
        postal_code=one.service.premise.postal_code,
        utility=one.view.name,
    )


def _ladder(
    one: RegisterWindow, stay: Stay, opening: BilledRead, tail: _Tail, age: int
) -> Decision[LadderEstimate]:
    agreement = one.service.agreement
    elapsed: tuple[ElapsedPart, ...] = ()
    if tail.read_on is not None and opening.basis is ReadBasis.ACTUAL:
        elapsed = (ElapsedPart(one.days.from_day, tail.read_on, tail.measured_wh),)
    facts = RegisterLadderFacts(
        period=billing_period(one.days),
        periods_in_service=age,
        opening_wh=0,
        last_valid_read=(
            None if tail.read_on is None else ValidRead(tail.read_on, tail.measured_wh)
        ),
        history=past_periods(one.earlier, one.service.account.account_id),
        elapsed=elapsed,
        good_days=good_days(
            stay.metered,
            stay.reads,
            until_day=tail.read_on or one.days.from_day,
            since=agreement.days.from_day,
            zone_name=one.zone,
        ),
    )
    found = run_register_ladder(facts, view=one.view, day=one.days.last_day)
    if found.outcome.energy_wh is not None:
        return found  # steps by similar customers come last: nothing of theirs was needed
    similar = _similar(one)
    return run_register_ladder(
        replace(facts, similar=similar), view=one.view, day=one.days.last_day
    )


def _closed(
    one: RegisterWindow,
    opening: BilledRead,
    tail: _Tail,
    decision: Decision[LadderEstimate] | Decision[DailyUseEstimate],
    cause: EstimateCause,
) -> Closing:
    found = decision.outcome
    if found.energy_wh is None or found.rung is None:
        raise _by_person(one, decision.reasons[-1], found.failed)
    begin, until = window_seconds(one.days, one.zone)
    estimate = estimate_record(
        decision,
        meter=one.last.meter,
        start=tail.read.at if tail.read is not None else begin,
        until=until,
        cause=cause,
        made_at=one.known_at,
    )
    return _estimated(one, opening, tail.read, estimate, found.days, found.shown_as)


def _by_month(
    one: RegisterWindow, opening: BilledRead, before: list[RegisterShare], cause: EstimateCause
) -> Closing:
    """Until 2020-07-09: the use of a month, for the whole period."""
    case = GeneralCase.ORDINARY
    if one.initial or one.final:
        case = GeneralCase.INITIAL if one.initial else GeneralCase.FINAL
    facts = GeneralFacts(
        period=billing_period(one.days),
        history=past_periods(one.earlier, one.service.account.account_id),
        case=case,
    )
    decision: Decision[GeneralEstimate] = decide_general(facts, Terms(one.view, one.days.last_day))
    found = decision.outcome
    if found.energy_wh is None or found.rung is None or before:  # a month is no part of one
        raise _by_person(one, decision.reasons[-1])
    begin, until = window_seconds(one.days, one.zone)
    estimate = Estimate(
        meter=one.last.meter,
        start=begin,
        until=until,
        energy_wh=found.energy_wh,
        method=Method[found.method.upper()],
        cause=cause,
        provision=found.rung,
        citation=decision.reasons[-1].citation.text,
        made_at=one.known_at,
    )
    return _estimated(one, opening, None, estimate, one.days.day_count, "the use of a month before")


def _estimated(
    one: RegisterWindow,
    opening: BilledRead,
    read: RegisterValue | None,
    estimate: Estimate,
    days: int,
    shown_as: str,
) -> Closing:
    """The closing figure: the last actual read, and the estimate ahead of it."""
    last = read or value(opening)
    already = opening.ahead_wh if last.at == opening.shown_at else 0
    ahead = already + estimate.energy_wh
    closing = BilledRead(
        shown=last.shown,
        shown_at=last.at,
        basis=ReadBasis.ESTIMATED,
        figures=one.last.metered.figures(last.shown, ahead),
        ahead_wh=ahead,
    )
    by = EstimatedBy(
        method=estimate.method.word,
        provision=estimate.provision,
        interval_count=0,
        energy_wh=estimate.energy_wh,
        day_count=days,
        shown_as=shown_as,
    )
    first = local_day_of(datetime.fromtimestamp(estimate.start, UTC), one.zone)
    logged = LoggedEstimate(
        estimate=estimate,
        meter_id=one.last.installed.meter_id,
        day=first,
        run=f"bill:{one.service.agreement.agreement_id}:{one.days.from_day}",
        interval_count=0,
        sequence=one.sequence,
    )
    told = EstimatedUsage(interval_count=0, energy_wh=estimate.energy_wh, by=(by,))
    return Closing(closing, told, (logged,))


def _by_person(
    one: RegisterWindow, reason: Reason, failed: tuple[str, ...] = ()
) -> EstimatedByPerson:
    why = f"{reason.finding[:1].upper()}{reason.finding[1:]} ({reason.citation.text})"
    return EstimatedByPerson(
        f"There is no read of {one.days.until_day}, and no method estimates it by itself",
        where=f"meter {one.last.installed.meter_id}",
        why=why + (f". Tried: {'; '.join(failed)}" if failed else ""),
        do="Obtain a read and ingest it; then run the bill again",
    )
