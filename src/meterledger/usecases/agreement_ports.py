"""What changing an agreement's rate option needs of the store: end and begin, take back, put on.

Lives here      the port ``AgreementChanges``, a part of ``Places``; one suite of promises tests it.
                Which agreements come on one bill is a part of it (``together_ports``).
Lives elsewhere the other ports (``ports``), the journeys (``change_rate``, ``take_back``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.corrections import LeftDifference, PutRight
from meterledger.facts.participation import Participation
from meterledger.facts.places import Agreement
from meterledger.facts.taxes import TaxExemption
from meterledger.kernel.decision import Reason
from meterledger.usecases.together_ports import TogetherLog


class AgreementChanges(TogetherLog, Protocol):
    """Changes of the rate option on two clocks: what was known before stays known."""

    def change_agreement(
        self,
        agreement_id: str,
        last_day_out: date,
        then: Agreement,
        reasons: Sequence[Reason],
        programs: Sequence[Participation] = (),
        exemptions: Sequence[TaxExemption] = (),
    ) -> None:
        """End an agreement on ``last_day_out`` (out) and begin another there, both or neither.

        ``then`` is the same account's at the same service point; ``reasons`` go to the record.
        ``programs`` are what the other takes part in from the first, ``exemptions`` its
        certificates; they are learned with it.

        :raises NotFound: if no such agreement is known
        :raises Conflict: as ``stop_service``, or if the other is not of its account and point
        """

    def take_back_agreement(self, agreement_id: str, learned_at: datetime) -> None:
        """A change of the rate option is taken back: the agreement before it goes on.

        The one that had ended for it has its end, if any; both stay as known before. So does what
        the other took part in, and its certificates; the one before never left them.

        :raises NotFound: if no such agreement is known
        :raises Conflict: if it continues none, or was billed
        """

    def put_on_schedule(
        self, agreement_id: str, schedule: str, learned_at: datetime, reasons: Sequence[Reason]
    ) -> None:
        """Believe from now on that an agreement was on another rate option from its first day.

        The old record stays as known before; its bills stay until somebody corrects them.

        :raises NotFound: if no such agreement is known
        :raises Conflict: if it is on that option already
        """

    def put_right(self, right: PutRight, left: Sequence[LeftDifference] = ()) -> None:
        """Believe from now on that a fact of an agreement is as it is put right, not as entered.

        Bills that stay as they were issued are left so, in the same transaction. With an earlier
        first day begin the holders, the tax places and the meter that were entered with it. What
        was known before stays known; bills made again with it come with ``record_rebills``.

        :raises NotFound: if no such agreement is known
        :raises Conflict: if the fact was changed meanwhile, or a first day is billed or taken
        """

    def served_before(self, service_point_id: str, day: date) -> bool:
        """Whether an agreement at the service point has ended by the day; it names nobody."""

    def agreements_at(self, service_point_id: str, known_at: datetime) -> list[Agreement]:
        """All agreements of whomever at the service point, by first day."""

    def put_rights(self, account_id: str) -> list[PutRight]:
        """What was put right of the account's agreements, oldest first, by whom and why."""
