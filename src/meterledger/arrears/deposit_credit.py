"""What is known of an applicant's credit: the tests of 2013, the risk score and identity of 2014.

Lives here      three of the reasons for a deposit before service begins.
Lives elsewhere the other reasons and the decision (``deposit_initial``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.arrears.deposit_facts import (
    DepositFactsContradict,
    Findings,
    listed,
    must_have,
    not_after,
)
from meterledger.kernel.months import years_after
from meterledger.rulebook.forms import fact
from meterledger.rulebook.terms import Terms

CREDIT_2013 = "deposits.initial.credit_criteria_2013"
EAER = "deposits.initial.eaer_score"
IDENTITY = "deposits.initial.identity"
CREDIT_VALUES = (
    "deposits_initial_credit_criteria_2013_any_one_of",
    "deposits_initial_credit_criteria_2013_employment_min_years",
    "deposits_initial_eaer_score_max",
    "deposits_initial_eaer_score_comparison",
    "deposits_initial_eaer_score_service_gap_years",
    "deposits_initial_eaer_score_no_score",
    "deposits_initial_identity_proof",
)


@dataclass(frozen=True, slots=True)
class CreditTests:
    """The four credit tests of the text of 2013."""

    owns_or_buys_home: bool = fact("Owns a home or is buying one.")
    employed_full_time_since: date | None = fact(
        "First day of regular full-time employment that still lasts, or null."
    )
    adequate_regular_income: bool = fact("Has an adequate regular income from any source.")
    adequate_credit_references: bool = fact("References from a commercial credit source suffice.")


@dataclass(frozen=True, slots=True)
class ServiceAndScore:
    """Earlier service with us, and the energy-risk score."""

    last_served_on: date | None = fact("Last day of service with the company; null: never.")
    eaer_score: int | None = fact("Equifax Advanced Energy Risk score; null: the person has none.")


@dataclass(frozen=True, slots=True)
class ProofOfIdentity:
    """What was asked for and what was shown."""

    asked_for: bool = fact("Whether proof of identity was asked for.")
    document_shown: bool = fact("Official photo identification or another verifiable document.")
    social_security_number_correct: bool = fact("A social security number was given and is right.")


def credit_is_established(given: CreditTests | None, terms: Terms, findings: Findings) -> bool:
    """Whether any one of the four tests of 2013 is met: GRR VI.A.1.c to 2014-02-07."""
    tests = terms.listing("deposits_initial_credit_criteria_2013_any_one_of")
    years = terms.whole("deposits_initial_credit_criteria_2013_employment_min_years")
    any_one = f"Any one of these establishes credit: {listed(tests.value)}"
    credit = must_have(
        given,
        missing="which of the four credit tests the applicant meets",
        why=any_one,
        do="Ask the applicant for papers on home, employment, income and credit references, and "
        "tell all four as 'credit'",
    )
    since = credit.employed_full_time_since
    if since is not None:
        not_after(since, terms.day, called="The first day of employment")
    long_enough = since is not None and years_after(since, years.value) <= terms.day
    if since is not None and not long_enough:
        findings.add(
            f"full-time employment since {since} is shorter than {years.value} year", years
        )
    # In the order in which the text lists them.
    holds = (
        credit.owns_or_buys_home,
        long_enough,
        credit.adequate_regular_income,
        credit.adequate_credit_references,
    )
    met = [words for words, one in zip(tests.value, holds, strict=True) if one]
    if met:
        findings.add(f"credit is established by: {', '.join(met)}", tests)
    else:
        findings.add(f"credit is established by none of: {', '.join(tests.value)}", tests)
    return bool(met)


def score_is_low(given: ServiceAndScore | None, terms: Terms, findings: Findings) -> bool:
    """Whether there was no service for years and the risk score is low: GRR VI.A.1.c."""
    gap_years = terms.whole("deposits_initial_eaer_score_service_gap_years")
    known = must_have(
        given,
        missing="when we served the applicant last, and the risk score",
        why=f"Who had no service of ours within {gap_years.value} years may be asked for a deposit "
        "if the Equifax Advanced Energy Risk score is low",
        do="Look for earlier accounts of the applicant, order the score from Equifax, and tell "
        "both as 'score': 'last_served_on', null if never, and 'eaer_score', null if there is none",
    )
    if known.last_served_on is not None:
        not_after(known.last_served_on, terms.day, called="The last day of service")
        if years_after(known.last_served_on, gap_years.value) >= terms.day:
            findings.add(
                f"served until {known.last_served_on}, within {gap_years.value} years: "
                "the risk score does not count",
                gap_years,
            )
            return False
    score = known.eaer_score
    if score is None:
        without = terms.text("deposits_initial_eaer_score_no_score")
        findings.add(f"the person has no EAER score: {without.value}", without)
        return False
    if score < 0:
        raise DepositFactsContradict(
            f"An EAER score of {score} is none", do="Give the score as reported, or null"
        )
    highest = terms.whole("deposits_initial_eaer_score_max")
    test = terms.text("deposits_initial_eaer_score_comparison")
    low = score <= highest.value
    findings.add(
        f"no service within {gap_years.value} years, and the EAER score is {score}; "
        f"a reason if {test.value}",
        highest,
    )
    return low


def identity_is_not_proved(given: ProofOfIdentity | None, terms: Terms, findings: Findings) -> bool:
    """Whether identity was asked for and not proved: GRR VI.A.1.d."""
    proof = terms.listing("deposits_initial_identity_proof")
    known = must_have(
        given,
        missing="whether proof of identity was asked for, and what was shown",
        why=f"Proof of identity is {' and '.join(proof.value)}",
        do="Ask who took the application, and tell as 'identity': 'asked_for', 'document_shown' "
        "and 'social_security_number_correct', each yes or no",
    )
    if not known.asked_for:
        findings.add("proof of identity was not asked for, so its lack is no reason", proof)
        return False
    shown = (known.document_shown, known.social_security_number_correct)
    missing = [words for words, one in zip(proof.value, shown, strict=True) if not one]
    if missing:
        findings.add(
            f"asked for proof of identity, the applicant lacks: {'; '.join(missing)}", proof
        )
    else:
        findings.add("identity is proved", proof)
    return bool(missing)
