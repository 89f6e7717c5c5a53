"""Estimates: how a value that was not measured came to be, by which rung, for which cause.

Made by ``usage``; the method of each interval is kept in the lake beside its value, everything else
in the system of record. The codes are written into files that are never rewritten: a code keeps its
meaning for ever, and a new way gets a new code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum

from meterledger.kernel.ensure import ensure


class Method(IntEnum):
    """How a value is known. The codes are those of the lake's ``method`` column (Int8).

    What a file itself calls estimated has quality ``ESTIMATED`` or ``SUBSTITUTED`` and the method
    ``AS_RECEIVED``: how its sender made it is the sender's knowledge.
    """

    AS_RECEIVED = 0
    SAME_DAY = 1
    LIKE_DAY = 2
    FLAT_LINE = 3
    EDITED = 4
    CUSTOMER_READING = 5
    BY_HAND = 6
    ADJUSTED_TO_REGISTER = 7
    AMI_REGISTER_01 = 11
    AMI_REGISTER_02 = 12
    AMI_REGISTER_03 = 13
    AMI_REGISTER_04 = 14
    AMI_REGISTER_05 = 15
    AMI_REGISTER_06 = 16
    AMI_REGISTER_07 = 17
    AMI_REGISTER_08 = 18
    AMI_REGISTER_09 = 19
    AMI_REGISTER_10 = 20
    AMI_REGISTER_11 = 21
    AMI_REGISTER_12 = 22
    AMI_REGISTER_13 = 23
    AMI_REGISTER_14 = 24
    AMI_REGISTER_15 = 25
    PRIOR_YEAR_DAILY_USE = 31
    PRECEDING_PERIOD_DAILY_USE = 32
    SIMILAR_CUSTOMER_OR_OTHER = 33
    SAME_MONTH_PRIOR_YEAR = 41
    PRECEDING_MONTH = 42

    @property
    def word(self) -> str:
        """The name in lower case, as JSON and pages show it."""
        return self.name.lower()


class EstimateCause(Enum):
    """Why there is no actual reading: the sheet's list (GRR V.E.1 and V.E.2).

    Which of them are capped is a value of the book, not of this list.
    """

    NOT_FEASIBLE = "not_feasible"
    WEATHER_EMERGENCY = "weather_emergency"
    WORK_STOPPAGE = "work_stoppage"
    NO_ACCESS = "no_access"
    UNDETECTABLE_EQUIPMENT_FAILURE = "undetectable_equipment_failure"
    HUMAN_OR_BILLING_ERROR = "human_or_billing_error"
    REMOTE_DEVICE_FAILED = "remote_device_failed"
    UNDETECTED_USE_WHILE_VACANT = "undetected_use_while_vacant"
    LATE_NOTIFICATION = "late_notification"


@dataclass(frozen=True, slots=True)
class Estimate:
    """One stretch of one meter that was estimated, with all that explains it.

    ``meter``            pseudonym
    ``start``, ``until`` the stretch, UTC epoch seconds, half open
    ``energy_wh``        watt-hours estimated over it
    ``provision``        the rung, by its id in the rulebook; ``citation`` its clause in force
    ``inputs``           what the figure was made from, by name, as text
    ``former_occupant``  whether another customer's use at the location went into it
                         (C-LADDER-FORMER-OCCUPANT: used, and never shown)
    """

    meter: str
    start: int
    until: int
    energy_wh: int
    method: Method
    cause: EstimateCause
    provision: str
    citation: str
    made_at: datetime
    inputs: tuple[tuple[str, str], ...] = field(default=())
    former_occupant: bool = False

    def __post_init__(self) -> None:
        ensure(self.start < self.until, "an estimate covers some time")
        ensure(self.method is not Method.AS_RECEIVED, "an estimate says how it was made")
