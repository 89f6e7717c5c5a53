"""Deposit of a non-residential customer: at any time, and the guarantee is the company's choice.

Lives here      whether a deposit may be asked for, and whether a guarantee takes its place.
Lives elsewhere how much it may be (``deposit_limits``), its review after years
                (``deposit_refunds``), residential customers (``deposit_initial``, ``_continued``).
"""

from __future__ import annotations

from dataclasses import dataclass

from meterledger.arrears.deposit_facts import CustomerKind, DepositFactsContradict, Findings
from meterledger.kernel.decision import Decision
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

NON_RESIDENTIAL = "deposits.nonresidential"


@dataclass(frozen=True, slots=True)
class NonResidentialDepositFacts:
    """A customer or applicant, and a guarantee that was offered."""

    customer: CustomerKind = fact("Whom the service is for.")
    guarantee_offered: bool = fact("Whether a party offers a personal guarantee.")
    guarantor_credit_satisfactory: bool = fact(
        "Whether the company is satisfied with that party's credit; false if none is offered."
    )
    company_accepts_guarantee: bool = fact("Whether the company chooses the guarantee.")


@dataclass(frozen=True, slots=True)
class NonResidentialDeposit:
    """What service may depend on."""

    deposit_may_be_required: bool = fact("Whether a cash deposit may be asked for now.")
    guarantee_takes_its_place: bool = fact("Whether a guarantee is taken instead of cash.")


def decide_nonresidential_deposit(
    facts: NonResidentialDepositFacts, terms: Terms
) -> Decision[NonResidentialDeposit]:
    """Whether a non-residential deposit may be asked for: GRR VI.B, at any time, on no ground.

    :raises DepositFactsContradict: for a residential customer, or a guarantee nobody offered
    :raises NoRuleInForce: before the first text
    """
    clause = terms.clause(NON_RESIDENTIAL)
    choice = terms.text("deposits_nonresidential_guarantee")
    if facts.customer is CustomerKind.RESIDENTIAL:
        raise DepositFactsContradict(
            "A residential customer's deposit needs a ground",
            do="Decide 'deposits.initial' before service begins, 'deposits.continued' after it has",
        )
    if not facts.guarantee_offered and (
        facts.guarantor_credit_satisfactory or facts.company_accepts_guarantee
    ):
        raise DepositFactsContradict(
            "No guarantee is offered, and one is judged or accepted",
            do="Say that a guarantee is offered, or that none is judged and accepted",
        )
    findings = Findings()
    findings.add("service may depend on a cash deposit at any time; no ground is needed", clause)
    takes_its_place = facts.guarantor_credit_satisfactory and facts.company_accepts_guarantee
    if takes_its_place:
        findings.add(f"a guarantee takes its place ({choice.value}: chosen)", choice)
    elif facts.company_accepts_guarantee:
        findings.add("the guarantor's credit does not satisfy the company: cash only", clause)
    elif facts.guarantee_offered:
        findings.add(
            f"a guarantee is the {choice.value}, and the customer cannot insist on it: cash only",
            choice,
        )
    else:
        findings.add(f"no guarantee is offered; taking one would be the {choice.value}", choice)
    return Decision(NonResidentialDeposit(not takes_its_place, takes_its_place), findings.all())


NON_RESIDENTIAL_DEPOSIT = Rule(
    id="deposits.nonresidential",
    title="Deposit of a non-residential customer",
    room="arrears",
    kind="eligibility",
    chapter="grr_vi_deposits",
    provisions=(NON_RESIDENTIAL,),
    governing_day="the day on which the deposit would be asked for",
    facts=NonResidentialDepositFacts,
    outcome=NonResidentialDeposit,
    values=("deposits_nonresidential_guarantee",),
    decide=decide_nonresidential_deposit,
)
