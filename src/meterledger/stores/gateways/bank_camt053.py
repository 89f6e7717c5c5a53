"""camt.053, the bank-to-customer statement of ISO 20022, in any of its versions.

``Stmt`` is one account's statement: ``Bal`` with ``OPBD`` (or ``PRCD``) and ``CLBD``, and an
``Ntry`` for each movement. Only booked entries count (``BOOK``); a pending one is not in the
balance. No document type, no entity, bounded depth and size: ``xml_parts`` sees to that.

Lives here      which elements say what.
Lives elsewhere streaming (``xml_parts``), what a statement is (``facts.bank``).
"""

from __future__ import annotations

from datetime import date

from meterledger.facts.bank import BankStatement
from meterledger.stores.gateways.bank_words import (
    LINES_MAX,
    broken,
    dollars_in_cents,
    iso_day,
    statement_of,
)
from meterledger.stores.gateways.xml_parts import Part, Stream

OF_CAMT053 = "urn:iso:std:iso:20022:tech:xsd:camt.053."

Movement = tuple[date, int, str, str, str]


def read_camt053(name: str, data: bytes) -> list[BankStatement]:
    """The statements of a camt.053 message.

    :raises EnvelopeBroken: if it is not well-formed, of another currency, or does not add up
    """
    count = 0

    def taken(part: Part, until: int) -> Movement | None:
        nonlocal count
        count += 1
        if count > LINES_MAX:
            raise broken(f"The file holds more than {LINES_MAX:,} movements", name)
        return _movement(name, part)

    root = Stream(name, data, {"Ntry": taken}).run()
    message = root.first("BkToCstmrStmt")
    statements = message.all("Stmt") if message is not None else []
    if not statements:
        raise broken("The message holds no statement (Stmt)", name)
    return [_statement(name, one) for one in statements]


def _statement(name: str, part: Part) -> BankStatement:
    where = f"{name}, line {part.line}"
    account = part.first("Acct")
    identity = account.first("Id") if account is not None else None
    if account is None or identity is None:
        raise broken("A statement names no account (Acct/Id)", where)
    other = identity.first("Othr")
    number = identity.said("IBAN") or (other.said("Id") if other is not None else "")
    _usd_alone(account.said("Ccy"), where)
    balances: dict[str, tuple[int, date]] = {}
    for one in part.all("Bal"):
        kind = one.first("Tp")
        coded = kind.first("CdOrPrtry") if kind is not None else None
        code = coded.said("Cd") if coded is not None else ""
        balances.setdefault(code, (_amount(one, where), _day(one, "Dt", where)))
    opening = balances.get("OPBD") or balances.get("PRCD")
    closing = balances.get("CLBD")
    if opening is None or closing is None:
        missing = "opening balance (OPBD)" if opening is None else "closing balance (CLBD)"
        raise broken(f"A statement has no {missing}", where)
    return statement_of(
        bank_account=number,
        as_of_day=closing[1],
        opening_cents=opening[0],
        closing_cents=closing[0],
        lines=[one for one in part.kept if isinstance(one, tuple)],
        where=where,
    )


def _movement(name: str, part: Part) -> Movement | None:
    """A booked entry; None for one that is pending or only told of."""
    where = f"{name}, line {part.line}"
    status = part.first("Sts")
    said = "" if status is None else (status.said("Cd") or status.text)
    if said not in ("BOOK", "PDNG", "INFO", "FUTR"):
        raise broken(f"An entry's status is {said[:10]!a}, and none that we know", where)
    if said != "BOOK":
        return None
    cents = _amount(part, where)
    if cents == 0:
        return None
    details = part.first("NtryDtls")
    transactions = details.all("TxDtls") if details is not None else []
    references = transactions[0].first("Refs") if len(transactions) == 1 else None
    batch = details.first("Btch") if details is not None else None
    reference = (
        (_told(references.said("EndToEndId")) if references is not None else "")
        or (_told(batch.said("PmtInfId")) if batch is not None else "")
        or _told(part.said("NtryRef"))
        or _told(part.said("AcctSvcrRef"))
    )
    code = part.first("BkTxCd")
    proprietary = code.first("Prtry") if code is not None else None
    return (
        _day(part, "BookgDt", where),
        cents,
        reference,
        part.said("AddtlNtryInf"),
        (proprietary.said("Cd") if proprietary is not None else "") or _domain(code),
    )


def _domain(code: Part | None) -> str:
    """``PMNT/RCDT/ESCT``: domain, family and sub-family."""
    domain = code.first("Domn") if code is not None else None
    if domain is None:
        return ""
    family = domain.first("Fmly")
    parts = [domain.said("Cd")]
    if family is not None:
        parts += [family.said("Cd"), family.said("SubFmlyCd")]
    return "/".join(one for one in parts if one)


def _told(reference: str) -> str:
    """A reference, or nothing where the bank says that there is none."""
    return "" if reference in ("NOTPROVIDED", "NONREF") else reference


def _amount(part: Part, where: str) -> int:
    """``Amt`` in cents: positive for a credit to the account."""
    amount, side = part.first("Amt"), part.said("CdtDbtInd")
    if amount is None or side not in ("CRDT", "DBIT"):
        raise broken("An amount says neither credit (CRDT) nor debit (DBIT)", where)
    _usd_alone(amount.attributes.get("Ccy", ""), where)
    cents = dollars_in_cents(amount.text, where)
    return cents if side == "CRDT" else -cents


def _day(part: Part, element: str, where: str) -> date:
    """The day of a ``Dt`` or ``DtTm`` inside the element."""
    found = part.first(element)
    return iso_day("" if found is None else found.said("Dt") or found.said("DtTm"), where)


def _usd_alone(currency: str, where: str) -> None:
    if currency not in ("", "USD"):
        raise broken(f"The amount is in {currency[:10]!a}, and our books are in USD", where)
