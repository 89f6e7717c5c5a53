"""Every command that moves money stands in the table of journeys, or says why it does not.

Each journey of that table falls over at every statement
(``tests/stores/test_a_fault_at_every_statement``) and is called by many while sessions are ended
(``tests/stores/test_many_callers_and_kills``). Commands of files, nights and ends of months are
processes that are killed as well (``commands``, ``tests/stores/test_processes_are_killed``).
"""

from __future__ import annotations

import click
import typer
from tests.faults.commands import COMMANDS
from tests.stores.money_journeys import JOURNEYS
from tests.stores.test_processes_are_killed import RUNS

from meterledger.entrypoints.cli.main import build_app

JOURNEYS_OF = {
    "bill": ["issue bills"],
    "bill-cycle": [
        *("issue bills", "issue bills, one held", "issue bills, stopped", "issue bills, together"),
        *("issue bills, relieved", "issue bills, on a plan", "issue bills, a plan settled"),
        *("issue bills, due on a chosen day", "issue bills, with Solar Blocks"),
        "issue bills, with credits",
    ],
    "held release": ["release a held bill"],
    "held approve": ["approve a held bill", "leave a period uncharged"],
    "held exclude": ["exclude a held bill", "ask to leave a period uncharged"],
    "held reopen": ["reopen a held bill"],
    "held rerun": ["run a held bill again"],
    "held let-go": ["let a stopped run go"],
    "rebill bills": [
        *("rebill", "rebill, together", "rebill, relieved", "rebill, on a plan"),
        "rebill, with credits",
    ],
    "meter multiplier": ["put a multiplier right with its bills"],
    "rebill leave": ["leave a difference"],
    "service stop": [
        *("end a billed service", "end a service before its newest bill"),
        *("end a point on a bill of several", "end the one whose bill it is"),
    ],
    "service correct": [
        *("put a rate option right", "put a first day right", "put a cycle right"),
    ],
    "service relief agree": ["ask for relief"],
    "service relief approve": ["approve relief"],
    "service relief end": ["end relief"],
    "together start": ["meters together"],
    "together end": ["meters apart again", "meters together, taken back"],
    "service change": ["change a rate option, its programme goes on"],
    "budget join": ["join a budget plan"],
    "budget elect": ["elect otherwise on a plan"],
    "budget leave": ["leave a budget plan"],
    "budget end-unpaid": ["end an unpaid budget plan"],
    "budget review": ["review budget plans"],
    "due-date choose": ["choose a due date", "choose another due date"],
    "due-date defer": ["give a deferred pay date"],
    "due-date end": ["end a due date"],
    "delivery prefer": ["prefer a delivery"],
    "take-back": [
        *("take a budget plan back", "take the end of a plan back", "take an election back"),
        *("take a due date back", "take a delivery back", "take a rate option back"),
    ],
    "program join": ["join a programme"],
    "program leave": ["leave a programme"],
    "combination start": ["combine accounts"],
    "combination add": ["add to a combination"],
    "combination end": ["end a combination", "take out of a combination"],
    "combination bill": ["state a combination"],
    "late-charge run": ["late charge run"],
    "late-charge correct": ["correct late charges"],
    "late-charge reverse": ["reverse a late charge"],
    "late-charge government": ["tell a government account"],
    "pay": ["pay cash", "pay a combined statement"],
    "payment take": [
        *("pay cash", "pay check", "pay money order", "pay card", "pay wallet", "pay ach"),
        *("pay pledge", "pay to an earmark", "pay a deposit", "pay a combined statement"),
    ],
    "payment file": ["payment file", "payment file for a combined statement"],
    "payment reverse": [
        *("reverse a payment", "a combined check comes back", "a divided check comes back"),
    ],
    "payment assign": ["assign", "assign to a combined statement"],
    "payment send-back": ["ask to send back", "send back"],
    "checkout start": ["start a checkout"],
    "checkout answer": ["answer of the processor", "the processor takes back"],
    "checkout ask": ["ask the processor"],
    "checkout settle": ["settle a checkout", "a checkout brought nothing"],
    "ach out": ["ach out", "ach out that drops"],
    "ach in": ["ach in"],
    "ach returns": ["ach returns"],
    "ach changes": ["ach change"],
    "ach done": ["deal with what came back"],
    "ach tell": ["tell of a changed bank account"],
    "autopay enrol": ["enroll in autopay"],
    "autopay end": ["end autopay"],
    "autopay run": ["autopay run", "autopay run that asks"],
    "autopay answer": ["answer of autopay"],
    "pledge promise": ["promise a pledge"],
    "pledge receive": ["receive a pledge"],
    "pledge withdraw": ["withdraw a pledge"],
    "bank take": ["take a bank file", "match the bank"],
    "bank match": ["match the bank", "match by hand", "match two of ours"],
    "bank unmatch": ["undo a match", "undo an adjustment"],
    "bank explain": ["explain a line"],
    "bank adjust": ["propose an adjustment"],
    "bank approve": ["approve an adjustment"],
    "bank reject": ["refuse an adjustment"],
    "ledger close-period": ["close a month"],
    "report unbilled-revenue": ["post unbilled revenue"],
    "extension open": ["open a contract"],
    "extension advance": ["pay an advance", "pay for special facilities"],
    "extension bounce": ["an advance comes back"],
    "extension sign": ["sign a guarantee"],
    "extension release": ["release construction"],
    "extension connect": ["tell a connection"],
    "extension verify": ["verify a connection"],
    "extension refund": ["extension run: refund", "extension run: last refund"],
    "extension to-depositor": ["ask for a depositor's refund"],
    "extension serve": ["serve from an extension"],
    "extension guarantee": ["extension run: guarantee", "extension run: credit"],
    "extension give-back": ["give a guarantee deposit back"],
    "extension facility": ["extension run: facility"],
    "extension change": ["change a facility"],
    "extension run": [
        *("extension run: refund", "extension run: facility", "extension run: guarantee"),
        *("extension run: credit", "extension run: facility after its customer left"),
    ],
    "transfer": ["move a balance"],
    "credit": ["give a credit"],
    "special-charge": ["special charge"],
    "refund ask": ["ask a refund"],
    "refund final": ["settle a final credit", "move a final credit", "final credit of a pledge"],
    "refund payee": ["verify a payee"],
    "refund approve": ["approve a refund"],
    "refund refuse": ["refuse a refund"],
    "refund send": ["send a refund", "send refunds"],
    "refund to-card": ["refund to a card"],
    "refund ask-card": ["answer of a card refund"],
    "refund settle-card": ["settle a card refund"],
    "refund order-ach": ["order refunds"],
    "refund mark-ach": ["mark refunds in files"],
    "refund clear": ["clear a refund"],
    "refund stop": ["stop a refund"],
    "refund return": ["a refund comes back"],
    "refund undo": ["reverse a settlement"],
    "unclaimed set-apart": ["set stale apart"],
    "unclaimed letter": ["note a letter"],
    "unclaimed claim": ["claim"],
    "unclaimed hand-over": ["hand over"],
    "settlement approve": ["approve a refund"],
    "settlement refuse": ["refuse a refund"],
    "settlement undo": ["reverse a settlement"],
    "write-off account": ["write off"],
    "write-off recover": ["recovery", "recoveries", "recoveries taken back"],
    "write-off provide": ["provision"],
    "fee returned-payment": ["returned payment"],
    "deposit notice": ["notice of a deposit"],
    "deposit ask": ["ask a deposit"],
    "deposit guarantee": ["guarantee a deposit"],
    "deposit review": ["review a credit"],
    "deposit apply": ["deposit run: applied"],
    "deposit run": [
        *("deposit run: interest", "deposit run: given back", "deposit run: applied"),
        *("deposit run: missed", "hand out a remainder"),
    ],
    "deposit agreement": ["agree in winter"],
    "deposit dispute": ["dispute a deposit"],
    "deposit settle": ["settle a dispute"],
    "deposit request": ["request a remainder"],
    "deposit effort": ["effort for a deposit", "take an effort back"],
    "deposit move": ["move a deposit"],
}
"""Commands that move money, or change what is owed or what bills will ask, each with its journeys.
"""
NO_JOURNEY = {
    "close": "the journeys of a night one after another; it is killed at each step of its own",
    "ach write": "writes the file of an order that is kept, again to the byte: killed in `ach out`",
    "demo": "a town of its own, made anew",
    "bench": "as above",
}
"""Commands that come near money and are no journey of the table, and why."""
MOVE_NO_MONEY = {
    "they look": "determinants why replay prove compare impact stories rules decide verify serve "
    "doctor held.list held.show held.runs late-charge.show late-charge.list late-charge.runs "
    "late-charge.replay payment.show payment.list payment.unapplied payment.timely payment.totals "
    "checkout.show checkout.unknown ach.list ach.back autopay.show autopay.asks pledge.list "
    "bank.open bank.matches ledger.accounts ledger.show ledger.trial-balance ledger.periods "
    "ledger.export extension.show extension.list extension.replay refund.to-send refund.show "
    "unclaimed.list unclaimed.report settlement.list settlement.show settlement.replay "
    "deposit.list deposit.show deposit.pay-state deposit.interest deposit.replay "
    "deposit.certificate report.meters report.replaced report.estimates report.unbilled "
    "report.aging "
    "report.trial-balance report.revenue report.gl report.cash report.unexplained rebill.list "
    "rate budget.show due-date.show delivery.show combination.show together.show program.show "
    "service.show service.relief.list service.relief.replay "
    "meter.show meter.account meter.cases meter.events.list meter.events.count "
    "intake.report intake.watch quarantine.list quarantine.show vault.show vault.verify "
    "source.list review.list review.show documents.show weather.show tax.list tax.report "
    "lake.holds tariff.value tariff.show tariff.check tariff.coverage tariff.conflicts "
    "tariff.diff tariff.try",
    "of energy, meters and files: a bill is made by other commands": "ingest validate "
    "intake.retry quarantine.release quarantine.reject vault.export vault.rotate source.add "
    "review.accept review.reject review.edit review.estimate review.effort meter.exchange "
    "meter.install meter.remove meter.correct meter.uncross meter.configure meter.load "
    "meter.case meter.read meter.events.receive lake.compact lake.sweep "
    "lake.retention lake.hold lake.release weather.load",
    "who is served where, and what taxes are of: kept before a bill reads it": "service.start "
    "service.small-general tax.exempt tax.end tax.place",
    "paper of what was billed": "combination.paper documents.cycle documents.duplicate "
    "documents.bounced",
}
"""All other commands, by why they move no money; a dot stands between their words."""

OF_NO_COMMAND = {
    "ask a deposit's refund": "of a deposit's page",
    "give a deposit back": "of a deposit's page",
    "confirm": "of a channel that answers later",
    "outcome refused": "as above",
    "tell an unknown outcome": "as above",
}
"""Journeys that no command begins, and where they are begun."""


def commands(at: click.Command, words: tuple[str, ...] = ()) -> set[str]:
    """Every command there is, by its words."""
    if not isinstance(at, click.Group):
        return {" ".join(words)}
    return {one for name, under in at.commands.items() for one in commands(under, (*words, name))}


def others() -> list[str]:
    return [one.replace(".", " ") for named in MOVE_NO_MONEY.values() for one in named.split()]


def every_command() -> set[str]:
    return commands(typer.main.get_command(build_app()))


def test_every_command_has_its_journeys_or_says_why_not() -> None:
    named = [*JOURNEYS_OF, *NO_JOURNEY, *others()]

    assert sorted(named) == sorted(set(named)), "a command is named twice"
    assert set(named) == every_command()


def test_every_journey_named_is_one_and_every_one_is_named() -> None:
    told = {one for found in JOURNEYS_OF.values() for one in found}
    known = {one.name for one in JOURNEYS}

    assert told <= known
    assert known - told == set(OF_NO_COMMAND)


def test_what_nobody_watches_is_killed_as_a_process() -> None:
    """Files, nights and ends of months: no person would see that one of them died."""
    alone = {
        *("payment file", "ach in", "ach out", "ach returns", "autopay run", "bank take"),
        *("late-charge run", "late-charge correct", "deposit run", "extension run", "bill-cycle"),
        *("refund order-ach", "refund mark-ach", "unclaimed set-apart", "unclaimed hand-over"),
        "ledger close-period",
    }
    killed = {" ".join(one.words[:count]) for one in COMMANDS.values() for count in (1, 2)}

    left = {one for one in alone - killed if not set(JOURNEYS_OF[one]) & set(RUNS)}
    assert left == set()
