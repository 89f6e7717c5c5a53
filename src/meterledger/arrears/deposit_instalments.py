"""A deposit required in November, December or January, paid by instalments.

Lives here      whether the customer may pay it over six months, and how much each time.
Lives elsewhere whether a deposit may be assessed in winter at all (``deposit_continued``), the
                pause of its instalments in the season (``deposit_winter``).
"""

from __future__ import annotations

from dataclasses import dataclass

from meterledger.arrears.deposit_facts import DepositFactsContradict, Findings
from meterledger.kernel.decision import Decision
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.rounding import share_whole
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

INSTALMENTS = "deposits.continued.winter_instalments"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class InstalmentFacts:
    """A residential deposit that is required on the day that counts."""

    deposit_cents: Cents = fact("The whole deposit.")
    for_diversion: bool = fact("Whether it is required for unauthorized use or diversion.")
    can_pay_at_once: bool = fact("Whether the customer is able to pay the entire deposit.")
    likely_not_to_pay: bool = fact(
        "Whether the company can show that the customer likely does not intend to pay for service."
    )


@dataclass(frozen=True, slots=True)
class Instalments:
    """Whether the customer may pay by instalments, and which."""

    instalment_right: bool = fact("Whether the deposit may be paid by instalments.")
    instalments_cents: tuple[Cents, ...] = fact("One a month; they sum to the deposit; [] if none.")


def decide_instalments(facts: InstalmentFacts, terms: Terms) -> Decision[Instalments]:
    """Whether a deposit of this day may be paid by instalments: GRR VI.A.2.c (2014: item ii).

    :raises DepositFactsContradict: if the deposit is no amount
    :raises NoRuleInForce: before the first text
    """
    if facts.deposit_cents <= 0:
        raise DepositFactsContradict(
            f"A deposit of {usd_display(facts.deposit_cents)} is none", do="Give the whole deposit"
        )
    findings = Findings()
    if not _has_right(facts, terms, findings):
        return Decision(Instalments(False, ()), findings.all())
    count = terms.whole("deposits_continued_winter_instalments_instalment_months")
    parts = tuple(Cents(part) for part in share_whole(facts.deposit_cents, [1] * count.value))
    ensure(sum(parts) == facts.deposit_cents, "instalments sum to the deposit")
    findings.add(
        f"{usd_display(facts.deposit_cents)} may be paid in {count.value} monthly instalments",
        count,
    )
    return Decision(Instalments(True, parts), findings.all())


def _has_right(facts: InstalmentFacts, terms: Terms, findings: Findings) -> bool:
    months = terms.listing("deposits_continued_winter_instalments_months")
    required_in = MONTHS[terms.day.month - 1]
    named = ", ".join(months.value)
    if required_in not in {one.lower() for one in months.value}:
        findings.add(f"required on {terms.day}, outside {named}: no instalments", months)
        return False
    findings.add(f"required on {terms.day}, within {named}", months)
    exceptions = terms.listing("deposits_continued_winter_instalments_exceptions")
    # In the order in which the text lists them.
    met = (facts.for_diversion, facts.likely_not_to_pay)
    for words, one in zip(exceptions.value, met, strict=True):
        if one:
            findings.add(f"no instalments: {words}", exceptions)
            return False
    if facts.can_pay_at_once:
        findings.add(
            "no instalments: the customer is able to pay the entire deposit",
            terms.clause(INSTALMENTS),
        )
        return False
    return True


INSTALMENT_RULE = Rule(
    id="deposits.instalments",
    title="Paying a winter deposit by instalments",
    room="arrears",
    kind="calculation",
    chapter="grr_vi_deposits",
    provisions=(INSTALMENTS,),
    governing_day="the day on which the deposit is required",
    facts=InstalmentFacts,
    outcome=Instalments,
    values=(
        "deposits_continued_winter_instalments_months",
        "deposits_continued_winter_instalments_instalment_months",
        "deposits_continued_winter_instalments_exceptions",
    ),
    decide=decide_instalments,
)
