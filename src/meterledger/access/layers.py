"""The five layers between a customer's data and the world, as the company's page names them.

Lives here      who may reach meters and data (1), encryption on every leg (2), the boundary (4),
                the log and its alerts (5), and whether all five stand.
Lives elsewhere the third layer, signs from devices (``metering``: ``meters.device_sign``); the log
                itself (``stores``); for what data may be used (``uses``).
Read first      the company's page on advanced meters: "Security".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "company_privacy", "access"
AUTHORIZED, LAYER_1 = (
    "ami.security.layer1_authorization",
    "ami_security_layer1_authorization_layer",
)
ENCRYPTED, LAYER_2 = "ami.security.layer2_encryption", "ami_security_layer2_encryption_layer"
SCOPE = "ami_security_layer2_encryption_scope"
BOUNDARY, LAYER_4 = "ami.security.layer4_firewalls", "ami_security_layer4_firewalls_layer"
LOGGED, LAYER_5 = "ami.security.layer5_logging", "ami_security_layer5_logging_layer"
PROGRAM, LAYERS = "ami.security.program", "ami_security_program_layers"


class LayerNotKnown(Refusal):
    """A number that names no layer."""


class Actor(Enum):
    """What kind of user reaches for data."""

    PERSON = "person"
    SERVICE_ACCOUNT = "service account"


@dataclass(frozen=True, slots=True)
class AuthorizationFacts:
    """Somebody, or a program, that wants to reach a meter or usage data."""

    actor: Actor = fact("A person, or a program with an account of its own.")
    wanted: str = fact("What is to be reached, by its name among authorizations.")
    authorized_for: tuple[str, ...] = fact("What the actor is authorized for; [] if for nothing.")


@dataclass(frozen=True, slots=True)
class Authorization:
    """Whether it is reached."""

    granted: bool = fact("Whether access is given.")


def decide_authorization(facts: AuthorizationFacts, terms: Terms) -> Decision[Authorization]:
    """Whether an actor may reach a meter or usage data; programs are asked like persons."""
    clause, layer = terms.clause(AUTHORIZED), terms.whole(LAYER_1)
    granted = facts.wanted in facts.authorized_for
    found = (
        f"the {facts.actor.value} is {'' if granted else 'not '}authorized for {facts.wanted} "
        f"(layer {layer.value})"
    )
    return Decision(Authorization(granted), (Reason(found, clause.citation),))


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """The way on which data of meters came to us."""

    legs_in_the_clear: tuple[str, ...] = fact(
        "Legs of the way from meter to store on which it was not encrypted; [] if none."
    )
    through_boundary: bool = fact(
        "Whether it came through the firewalls and components of the boundary."
    )


@dataclass(frozen=True, slots=True)
class Channel:
    """Whether data that came so is taken."""

    taken: bool = fact("Whether it is taken.")


def decide_channel(facts: ChannelFacts, terms: Terms) -> Decision[Channel]:
    """Whether data on this way is taken: encrypted, and by the boundary."""
    encrypted, scope, second = terms.clause(ENCRYPTED), terms.text(SCOPE), terms.whole(LAYER_2)
    boundary, fourth = terms.clause(BOUNDARY), terms.whole(LAYER_4)
    clear = ", ".join(facts.legs_in_the_clear)
    first = Reason(
        f"it was in the clear on: {clear}; encryption is {scope.value} (layer {second.value})"
        if clear
        else f"it was encrypted {scope.value} (layer {second.value})",
        encrypted.citation,
    )
    passed = "came" if facts.through_boundary else "did not come"
    then = Reason(f"it {passed} through the boundary (layer {fourth.value})", boundary.citation)
    return Decision(Channel(not clear and facts.through_boundary), (first, then))


@dataclass(frozen=True, slots=True)
class LoggedAccessFacts:
    """A read of data of meters."""

    log_record: bool = fact("Whether a record of it stands in the log.")
    unusual: tuple[str, ...] = fact("What is unusual about it, in words; [] if nothing.")


@dataclass(frozen=True, slots=True)
class LoggedAccess:
    """Whether it may be, and whether somebody is told."""

    allowed: bool = fact("Whether the read may be.")
    alert: bool = fact("Whether an alert is raised.")


def decide_logged_access(facts: LoggedAccessFacts, terms: Terms) -> Decision[LoggedAccess]:
    """Whether a read may be, and whether an alert is raised: every read leaves a record."""
    clause, layer = terms.clause(LOGGED), terms.whole(LAYER_5)
    if not facts.log_record:
        found = f"no record of it stands in the log (layer {layer.value})"
        return Decision(LoggedAccess(False, True), (Reason(found, clause.citation),))
    recorded = Reason(f"a record of it stands in the log (layer {layer.value})", clause.citation)
    if facts.unusual:
        found = f"unusual activity raises an alert: {', '.join(facts.unusual)}"
        return Decision(LoggedAccess(True, True), (recorded, Reason(found, clause.citation)))
    return Decision(LoggedAccess(True, False), (recorded,))


@dataclass(frozen=True, slots=True)
class ProgramFacts:
    """The layers of security that stand."""

    standing_layers: tuple[int, ...] = fact("Numbers of the layers that stand, from 1.")


@dataclass(frozen=True, slots=True)
class Program:
    """Whether all stand."""

    whole: bool = fact("Whether every layer stands.")
    missing: tuple[int, ...] = fact("Numbers of those that do not; [] if none.")


def decide_program(facts: ProgramFacts, terms: Terms) -> Decision[Program]:
    """Whether every layer that the company promises stands.

    :raises LayerNotKnown: if a number names none of them
    """
    clause, count = terms.clause(PROGRAM), terms.whole(LAYERS)
    for one in facts.standing_layers:
        if not 1 <= one <= count.value:
            raise LayerNotKnown(
                f"There is no layer {one}",
                where="facts.standing_layers",
                do=f"Give numbers from 1 to {count.value}",
            )
    missing = tuple(
        one for one in range(1, count.value + 1) if one not in set(facts.standing_layers)
    )
    found = (
        f"of {count.value} layers these do not stand: {', '.join(map(str, missing))}"
        if missing
        else f"all {count.value} layers stand"
    )
    return Decision(Program(not missing, missing), (Reason(found, clause.citation),))


RULES = (
    Rule(
        id="access.authorization",
        title="Who may reach meters and usage data",
        room=ROOM,
        kind="procedure",
        chapter=CHAPTER,
        provisions=(AUTHORIZED,),
        governing_day="the day of the access",
        facts=AuthorizationFacts,
        outcome=Authorization,
        values=(LAYER_1,),
        decide=decide_authorization,
    ),
    Rule(
        id="access.channel",
        title="The way on which data comes in",
        room=ROOM,
        kind="procedure",
        chapter=CHAPTER,
        provisions=(ENCRYPTED, BOUNDARY),
        governing_day="the day on which the data came",
        facts=ChannelFacts,
        outcome=Channel,
        values=(LAYER_2, SCOPE, LAYER_4),
        decide=decide_channel,
    ),
    Rule(
        id="access.logged",
        title="Every access leaves a record",
        room=ROOM,
        kind="procedure",
        chapter=CHAPTER,
        provisions=(LOGGED,),
        governing_day="the day of the access",
        facts=LoggedAccessFacts,
        outcome=LoggedAccess,
        values=(LAYER_5,),
        decide=decide_logged_access,
    ),
    Rule(
        id="access.program",
        title="Whether all layers of security stand",
        room=ROOM,
        kind="procedure",
        chapter=CHAPTER,
        provisions=(PROGRAM,),
        governing_day="the day looked at",
        facts=ProgramFacts,
        outcome=Program,
        values=(LAYERS,),
        decide=decide_program,
    ),
)
