"""What a service takes part in goes on when another agreement continues it on another rate option.

Lives here      which participations go on, and the refusal where the other option is not open.
Lives elsewhere joining and leaving by a person (``programs``), the changes (``change_rate``,
                ``small_general_periods``), keeping both at once (``stores``).
Read first      docs/operating/programs.md.
"""

from __future__ import annotations

from datetime import date, datetime

from meterledger.facts.participation import Participation
from meterledger.facts.places import Agreement
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.rulebook.book import BookView
from meterledger.rulebook.schedule import Program
from meterledger.usecases.program_ports import ProgramsAsked


class ProgramNotOpen(Refusal):
    """A service takes part in what is not open to the rate option that it would be on."""


def refuse_closed_programs(
    agreement: Agreement, schedule: str, begins: date, view: BookView, store: ProgramsAsked
) -> tuple[Participation, ...]:
    """What the agreement takes part in on ``begins`` or later, all of it open to the option.

    :raises ProgramNotOpen: naming the programme that is left first
    """
    known = store.participations([agreement.agreement_id]).get(agreement.agreement_id, ())
    going = [one for one in known if one.days.until_day is None or begins < one.days.until_day]
    for one in going:
        day = max(begins, one.days.from_day)
        found: Program = view.of_kind(one.program, "program").on(day).value
        if schedule not in found.schedules:
            raise ProgramNotOpen(
                f"The service takes part in {found.name}, which is not open to rate {schedule}",
                where=f"account {agreement.account_id}, agreement {agreement.agreement_id}",
                why=f"It is for {', '.join(found.schedules)}; its credits and blocks would be lost",
                do=f"Leave it from {day} on, with `meterledger program leave`, or choose another "
                "rate option",
            )
    return tuple(going)


def programs_going_on(
    agreement: Agreement, then: Agreement, view: BookView, store: ProgramsAsked
) -> tuple[Participation, ...]:
    """The participations of the agreement that continues another, from its first day on.

    :raises ProgramNotOpen: if one is not open to its rate option
    """
    begins: date = then.days.from_day
    learned_at: datetime = then.learned_at
    going = refuse_closed_programs(agreement, then.schedule, begins, view, store)
    return tuple(
        Participation(
            then.agreement_id,
            then.account_id,
            one.program,
            Validity(max(begins, one.days.from_day), one.days.until_day),
            learned_at,
            blocks=one.blocks,
        )
        for one in going
    )
