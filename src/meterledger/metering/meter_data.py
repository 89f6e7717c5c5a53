"""What a smart meter sends: which kinds of data are taken, and what must never come from it.

Lives here      kinds of data and the fields that no message of a meter may carry; the length of the
                intervals that the company says its meters keep.
Lives elsewhere reading files (``stores/gateways``), events and cases (``event_cases``), who may
                look at data (``access``).
Read first      the company's page on the safety and security of smart meters.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "company_privacy", "metering"
OPERATIONAL = "ami.data.operational"
INTERVALS = "ami.data.interval_15_minutes"
NO_PERSON = "ami.data.no_pii_at_meter"
WATCHED = "ami.security.layer3_device_monitoring"
OPERATIONAL_KINDS = "ami_data_operational_data"
INTERVAL_MINUTES = "ami_data_interval_15_minutes_interval_minutes"
INTERVALS_A_DAY = "ami_data_interval_15_minutes_intervals_per_day"
FORBIDDEN = "ami_data_no_pii_at_meter_forbidden_at_meter"
LAYER = "ami_security_layer3_device_monitoring_layer"


class LengthNotStated(Refusal):
    """An interval without a length was given."""


class MeterDatum(Enum):
    """A kind of data that a meter can send."""

    ENERGY_USAGE = "energy usage"
    VOLTAGE = "voltage"
    OUTAGE = "outage"
    DIAGNOSTIC_FLAGS = "diagnostic flags"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class MeterMessageFacts:
    """One message of a meter, as its reader understood it."""

    datum: MeterDatum = fact("What it is about.")
    fields: tuple[str, ...] = fact("The names of its fields that carry text; [] if none.")


@dataclass(frozen=True, slots=True)
class MeterMessage:
    """What becomes of the message."""

    taken: bool = fact("Whether it is stored.")
    operational: bool = fact("Whether it is operational data and not usage.")
    forbidden_fields: tuple[str, ...] = fact("Fields that no meter may send; [] if none.")


def decide_meter_message(facts: MeterMessageFacts, terms: Terms) -> Decision[MeterMessage]:
    """Whether a message of a meter is taken: it never carries who or where the customer is."""
    forbidden = terms.listing(FORBIDDEN)
    kinds = terms.listing(OPERATIONAL_KINDS)
    operational = facts.datum.value in kinds.value
    named = tuple(
        one
        for one in facts.fields
        if any(word in one.lower().split("_") for word in forbidden.value)
    )
    if named:
        found = (
            f"the message carries {', '.join(named)}: meters do not send "
            f"{' or '.join(forbidden.value)}"
        )
        return Decision(
            MeterMessage(False, operational, named), (Reason(found, forbidden.citation),)
        )
    nobody = Reason("no field says who or where the customer is", forbidden.citation)
    if operational:
        found = f"{facts.datum.value} is operational data that the meters send"
        return Decision(MeterMessage(True, True, ()), (Reason(found, kinds.citation), nobody))
    if facts.datum is MeterDatum.ENERGY_USAGE:
        return Decision(MeterMessage(True, False, ()), (nobody,))
    found = f"it is neither usage nor one of: {', '.join(kinds.value)}"
    return Decision(MeterMessage(False, False, ()), (Reason(found, kinds.citation),))


@dataclass(frozen=True, slots=True)
class IntervalLengthFacts:
    """Intervals of a meter as they came."""

    interval_seconds: int = fact("How long each is, in seconds.")


@dataclass(frozen=True, slots=True)
class IntervalLength:
    """Whether they are what the company's meters keep."""

    as_stated: bool = fact("Whether they have the length that the company states.")
    intervals_a_day: int = fact("How many the company states for a day of 24 hours.")


def decide_interval_length(facts: IntervalLengthFacts, terms: Terms) -> Decision[IntervalLength]:
    """Whether intervals have the stated length. Others are billed all the same, and noted.

    :raises LengthNotStated: if the length is not above zero
    """
    if facts.interval_seconds < 1:
        raise LengthNotStated(
            f"An interval of {facts.interval_seconds} seconds is none",
            where="facts.interval_seconds",
            do="Give its length in seconds, above zero",
        )
    minutes, count = terms.whole(INTERVAL_MINUTES), terms.whole(INTERVALS_A_DAY)
    same = facts.interval_seconds == minutes.value * 60
    found = (
        f"{facts.interval_seconds} seconds are {'' if same else 'not '}the {minutes.value} minutes "
        "that the company states"
    )
    reasons = (
        Reason(found, minutes.citation),
        Reason(f"{count.value} of them make a day of 24 hours", count.citation),
    )
    return Decision(IntervalLength(same, count.value), reasons)


class DeviceSign(Enum):
    """What a device of the network says of itself."""

    TAMPER = "tamper"
    COVER_REMOVED = "cover removed"
    REVERSE_ROTATION = "reverse rotation"
    CONFIGURATION_CHANGED = "configuration changed"
    ROUTINE = "routine"


@dataclass(frozen=True, slots=True)
class DeviceSignFacts:
    """A sign from a meter or another device of its network."""

    sign: DeviceSign = fact("What it says.")
    work_order: bool = fact("Whether our own work on the device explains it.")


@dataclass(frozen=True, slots=True)
class DeviceWatch:
    """Whether somebody must look at it."""

    watched: bool = fact("Whether the sign is one that devices are watched for.")
    someone_must_look: bool = fact("Whether it goes to a person.")


def decide_device_sign(facts: DeviceSignFacts, terms: Terms) -> Decision[DeviceWatch]:
    """Whether a device's sign of theft or tampering goes to a person (third layer of security)."""
    clause, layer = terms.clause(WATCHED), terms.whole(LAYER)
    if facts.sign is DeviceSign.ROUTINE:
        found = f"a routine message is no sign of theft or tampering (layer {layer.value})"
        return Decision(DeviceWatch(False, False), (Reason(found, clause.citation),))
    watched = Reason(
        f"devices are watched for theft or tampering (layer {layer.value}): {facts.sign.value}",
        clause.citation,
    )
    if facts.work_order:
        found = "our own work on the device explains it"
        return Decision(DeviceWatch(True, False), (watched, Reason(found, clause.citation)))
    return Decision(DeviceWatch(True, True), (watched,))


METER_MESSAGE = Rule(
    id="meters.message",
    title="What a meter may send",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(OPERATIONAL, NO_PERSON),
    governing_day="the day on which the message came",
    facts=MeterMessageFacts,
    outcome=MeterMessage,
    values=(FORBIDDEN, OPERATIONAL_KINDS),
    decide=decide_meter_message,
)

INTERVAL_LENGTH = Rule(
    id="meters.interval_length",
    title="The length of intervals that the company's meters keep",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(INTERVALS,),
    governing_day="the day of the intervals",
    facts=IntervalLengthFacts,
    outcome=IntervalLength,
    values=(INTERVAL_MINUTES, INTERVALS_A_DAY),
    decide=decide_interval_length,
)

DEVICE_SIGN = Rule(
    id="meters.device_sign",
    title="A sign of theft or tampering from a device",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(WATCHED,),
    governing_day="the day of the sign",
    facts=DeviceSignFacts,
    outcome=DeviceWatch,
    values=(LAYER,),
    decide=decide_device_sign,
)

RULES = (METER_MESSAGE, INTERVAL_LENGTH, DEVICE_SIGN)
