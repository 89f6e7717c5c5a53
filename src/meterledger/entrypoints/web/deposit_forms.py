"""Forms of deposits at the desk: look whether one may be asked for, ask, and what follows.

Lives here      reading the forms; the decision that is shown before anybody asks; what may be done
                about one deposit, and doing it.
Lives elsewhere what may be done (``usecases/deposit_*``), one deposit's page (``deposit_pages``),
                the second person who approves a refund (``settlement_pages``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from meterledger.entrypoints.deposit_words import deposit_desk
from meterledger.entrypoints.web.budget import WhyRow
from meterledger.entrypoints.web.clauses import citation_address
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.facts_form import FormRow, facts_of, form_rows, put_problem
from meterledger.entrypoints.web.policy import accounts_typed, acting
from meterledger.entrypoints.web.rules import MOST_OF_A_QUERY
from meterledger.entrypoints.wiring import System
from meterledger.facts.deposits import DepositKind
from meterledger.kernel.decision import Reason
from meterledger.kernel.money import amount_from_text, shown
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_days import day_from_text
from meterledger.rulebook.book import BookView
from meterledger.rulebook.forms import FactsRefused
from meterledger.rulebook.series import NoRuleInForce
from meterledger.rulebook.terms import Terms
from meterledger.usecases.at_once import looks_once_more
from meterledger.usecases.deposit_ask import DepositRefused, Desk, Wanted, send_notice
from meterledger.usecases.deposit_decide import OUR_OWN, RULE_OF_KIND, Beside
from meterledger.usecases.deposit_preview import Preview, ask_as_seen, preview_deposit
from meterledger.usecases.ports import NotFound
from meterledger.usecases.rule_registry import rule_named

ASK, NOTICE = "ask", "notice"
ASKED_FOR = {
    DepositKind.INITIAL: "before service begins",
    DepositKind.CONTINUED: "to keep service",
    DepositKind.NON_RESIDENTIAL: "of a business",
}
WAYS = {"mail": "by mail", "electronically": "electronically"}
WINTER = ("for_diversion", "can_pay_at_once", "likely_not_to_pay")
BESIDE_OF = {
    DepositKind.INITIAL: ("estimated_annual_bill_usd", "disputed_bills", *WINTER),
    DepositKind.CONTINUED: ("on_payment_plan", "disputed_bills", *WINTER),
    DepositKind.NON_RESIDENTIAL: ("disputed_bills",),
}
"""What is told beside the facts of each kind's own rule."""
LABELS = {
    "score": "Earlier service and risk score",
    "eaer_score": "EAER score",
    "identity": "Proof of identity",
    "tampered_or_diverted": "Tampering or diversion",
    "agreement": "Cold Weather agreement",
}
OPEN = ("score", "identity")
"""Groups that the text of today asks for: nothing is to be said of when they are needed."""
SCORE_SINCE = "deposits.initial.eaer_score"
OF_FACTS = ("f.", "given.f.")


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed, beside the facts of the rule."""

    account: str = ""
    kind: str = ""
    earlier: str = ""
    disconnection_notice: str = ""
    look: str = ""
    act: str = ""
    usd: str = ""
    sent_by: str = "mail"
    author: str = ""
    reason: str = ""
    seen: str = ""
    """The fingerprint of the decision that was looked at."""

    @property
    def account_id(self) -> str:
        return "".join(self.account.split())


@dataclass(frozen=True, slots=True)
class Carried:
    """A field of the first form, carried along by the second."""

    key: str
    value: str


@acting(
    "ask for a deposit",
    subjects=lambda: ["deposits"],
    accounts=accounts_typed("account", "earlier"),
)
def ask_page(request: HttpRequest, system: System) -> HttpResponse:
    """Whether a deposit may be asked for, with every clause; then asking for it."""
    query = _query(request)
    typed, refusal, preview, rows = _typed(query), None, None, _Rows([], [], [])
    known, kind = "", _kind(typed)
    try:
        known = _account(typed, system)
        if kind is not None and known:
            rows = _rows(kind, query, system)
            if request.method == "POST":
                return redirect(_decide(typed, kind, query, system))
    except Refusal as caught:
        refusal = caught.of_one_case()
    asked = request.method == "POST" or bool(typed.look and not query.get("more"))
    if kind is not None and known and asked:
        try:
            preview = preview_deposit(_wanted(typed, kind, query, system), _desk(typed, system))
        except Refusal as caught:
            refusal = refusal or caught.of_one_case()
    problem = put_problem(rows.every, refusal) if isinstance(refusal, FactsRefused) else None
    context = {
        "typed": typed,
        "known": known,
        "kinds": [(one.value, words) for one, words in ASKED_FOR.items()],
        "kind": kind,
        "words": ASKED_FOR[kind] if kind else "",
        "rows": rows,
        "preview": preview,
        "reasons": why_rows(_reasons(preview), system.view) if preview else (),
        "can_notice": kind is DepositKind.CONTINUED,
        "carried": _carried(query),
        "ways": WAYS.items(),
        "refusal": refusal,
        "problem": problem,
    }
    return render(request, "web/ask_deposit.html", context, status=status_after(refusal))


def why_rows(reasons: Iterable[Reason], view: BookView) -> tuple[WhyRow, ...]:
    """Reasons as a page shows them, each with the address of its clause."""
    return tuple(
        WhyRow(
            one.finding[:1].upper() + one.finding[1:],
            one.citation.text,
            citation_address(view, one.citation, known=view.known_on),
        )
        for one in reasons
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Fields of the form: the rule's facts, what is told beside them, what only winter asks."""

    facts: list[FormRow]
    beside: list[FormRow]
    winter: list[FormRow]

    @property
    def every(self) -> list[FormRow]:
        return [*self.facts, *self.beside, *self.winter]


def _query(request: HttpRequest) -> QueryDict:
    if len(request.META.get("QUERY_STRING", "")) > MOST_OF_A_QUERY:
        raise FactsRefused(
            f"The facts are longer than {MOST_OF_A_QUERY} characters",
            where="facts",
            do="Put them into a file and ask with `meterledger deposit ask --facts`",
        )
    return request.POST if request.method == "POST" else request.GET


def _typed(query: QueryDict) -> Typed:
    def word(name: str, most: int = 500) -> str:
        return str(query.get(name, ""))[:most].strip()

    return Typed(
        account=word("account"),
        kind=word("kind"),
        earlier=word("earlier"),
        disconnection_notice=word("disconnection_notice"),
        look=word("look"),
        act=word("act"),
        usd=word("usd"),
        sent_by=word("sent_by") or "mail",
        author=word("author"),
        reason=word("reason", 2000),
        seen=word("seen"),
    )


def _kind(typed: Typed) -> DepositKind | None:
    return next((one for one in DepositKind if one.value == typed.kind), None)


def _account(typed: Typed, system: System) -> str:
    """The account that was named; "" where none was.

    :raises NotFound: if there is none of that number
    """
    if not typed.account_id:
        return ""
    try:
        return system.store.account(typed.account_id).account_id
    except NotFound as none:
        raise DepositRefused(none.what, where=none.where, do="Look at the number again") from none


def _rows(kind: DepositKind, query: QueryDict, system: System) -> _Rows:
    if kind is DepositKind.INITIAL and not any(one.startswith(OF_FACTS) for one in query):
        # What the text of today asks for is open on a form that nobody has filled yet.
        query = query.copy()
        query.update({"given.f.score": "yes", "given.f.identity": "yes"})
    ours = {*_ours(kind), *_of_other_days(system)}
    rule = rule_named(RULE_OF_KIND[kind])
    facts = [one for one in form_rows(rule.facts, query) if _key(one) not in ours]
    named = {_key(one): one for one in form_rows(Beside, query)}
    beside = [named[name] for name in BESIDE_OF[kind] if name not in WINTER]
    winter = [named[name] for name in BESIDE_OF[kind] if name in WINTER]
    for row in (*facts, *beside, *winter):
        _put_plainly(row)
    return _Rows(facts, beside, winter)


def _put_plainly(row: FormRow) -> None:
    """In words of the desk: the form of a rule tells of JSON."""
    row.label = LABELS.get(_key(row), row.label)
    row.meaning = "" if _key(row) in OPEN else row.meaning.replace("; [] if none", "")
    row.meaning = row.meaning.replace("null", "left empty").replace("bona_fide", "bona fide")
    for one in (*row.rows, *row.items):
        _put_plainly(one)


def _key(row: FormRow) -> str:
    return row.name.rpartition(".")[2]


def _of_other_days(system: System) -> tuple[str, ...]:
    """Facts of an applicant that only the text of other days asks for."""
    try:
        Terms(system.view, system.today).clause(SCORE_SINCE)
    except NoRuleInForce:
        return ("score", "identity")
    return ("credit",)


def _desk(typed: Typed, system: System) -> Desk:
    return deposit_desk(system, typed.author)


def _wanted(typed: Typed, kind: DepositKind, query: QueryDict, system: System) -> Wanted:
    """What would be asked for, as much as may be.

    :raises DepositRefused: if a day is none
    """
    told = facts_of(rule_named(RULE_OF_KIND[kind]).facts, query)
    told = {name: value for name, value in told.items() if name not in _ours(kind)}
    told |= facts_of(Beside, query)
    told_on = typed.disconnection_notice
    sent = day_typed(told_on, "disconnection notice") if told_on else None
    return Wanted(
        account_id=typed.account_id,
        kind=kind,
        on=system.today,
        told=told,
        earlier_accounts=tuple(typed.earlier.replace(",", " ").split()),
        notice={"sent_on": sent.isoformat(), "written": True} if sent else None,
    )


def _ours(kind: DepositKind) -> frozenset[str]:
    """Fields of the rule's form that this form does not show: our own books say them."""
    return frozenset({*OUR_OWN[kind], "small_debt"})


def day_typed(text: str, what: str) -> date:
    """A day that somebody typed. :raises DepositRefused: naming what the day is of"""
    day = day_from_text(text)
    if day is None:
        raise DepositRefused(
            f"{shown(text)} is not a day",
            where=what,
            do=f"Give the day of the {what}, like 2026-11-30",
        )
    return day


@looks_once_more
def _decide(typed: Typed, kind: DepositKind, query: QueryDict, system: System) -> str:
    """Ask, or write down the notice, and the address to go on to.

    :raises DepositRefused: if it is neither, or was decided otherwise meanwhile
    """
    wanted, desk = _wanted(typed, kind, query, system), _desk(typed, system)
    if typed.act == NOTICE and kind is DepositKind.CONTINUED and typed.sent_by in WAYS:
        done = send_notice(
            wanted.account_id,
            on=wanted.on,
            told=wanted.told,
            sent_by=typed.sent_by,
            reason=typed.reason,
            desk=desk,
        )
    elif typed.act == ASK:
        if typed.usd:
            wanted = replace(wanted, cents=amount_from_text(typed.usd, where="the amount"))
        done = ask_as_seen(wanted, typed.seen, reason=typed.reason, desk=desk)
    else:
        raise DepositRefused(
            "No decision was chosen", where=f"account {wanted.account_id}", do="Choose one of them"
        )
    address = reverse("deposit", args=[done.deposit.deposit_id])
    return f"{address}?{urlencode({'done': typed.act})}"


def _reasons(preview: Preview) -> list[Reason]:
    return [reason for ruled in preview.rulings for reason in ruled.reasons]


def _carried(query: QueryDict) -> list[Carried]:
    """Everything that the decision was made on, for the form that asks."""
    names = ("account", "kind", "earlier", "disconnection_notice")
    return [
        Carried(name, value)
        for name, values in query.lists()
        if name in names or name.startswith(OF_FACTS)
        for value in values
    ]
