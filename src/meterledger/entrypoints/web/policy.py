"""Whom a route reads about, and why: stated on the route, checked before the first answer.

Lives here      the kinds of route, the one place where pages open the store's door.
Lives elsewhere the log of who looked at whom (``stores``), roles and consent (``access``, later).
Read first      docs/decisions/0010-no-sign-in-yet-so-loopback-only.md.

The log says by account who looked at whom. Where an address names something of an account (a bill,
a deposit, a payment), the route says with ``accounts`` how its account is found: it stands in the
log beside what was named, before the page is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseForbidden,
    HttpResponseNotAllowed,
)
from django.urls import URLPattern, URLResolver

from meterledger.entrypoints.web.system import Library, provider
from meterledger.entrypoints.wiring import System
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.ports import NotFound, Viewer

VIEWER = "this machine"
"""Who looks, until people can sign in."""

READING = ("GET", "HEAD")
ACTING = (*READING, "POST")

MOST_TYPED = 500
SITE = "Sec-Fetch-Site"
"""What a browser says of every request: whether the page that makes it is ours."""

Rest = ParamSpec("Rest")
SystemView = Callable[Concatenate[HttpRequest, System, Rest], HttpResponse]
LibraryView = Callable[Concatenate[HttpRequest, Library, Rest], HttpResponse]
Accounts = Callable[..., Iterable[str | None]]
"""Finds the accounts that a page shows, asked like the page itself; None and "" are none."""
Route = Callable[..., HttpResponse]


class FromElsewhere(Refusal):
    """A form was sent that none of our pages shows."""


class RouteWithoutPolicy(Exception):
    """A route does not say whom it reads about and why. The server does not start."""


@dataclass(frozen=True, slots=True)
class Policy:
    """``purpose`` is what the log says; ``personal`` routes read inside the store's one door."""

    purpose: str
    personal: bool
    tells_accounts: bool = False
    """Whether the route says how the account is found that it shows."""


def personal(
    purpose: str,
    *,
    subjects: Callable[..., list[str]],
    accounts: Accounts | None = None,
) -> Callable[[SystemView[Rest]], Route]:
    """A route that shows personal or usage data, of the ``subjects`` that its address names, and of
    the ``accounts`` that they are of."""

    def declare(view: SystemView[Rest]) -> Route:
        @wraps(view)
        def route(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
            if request.method not in READING:
                return HttpResponseNotAllowed(READING)
            system = provider().system()
            with system.store.viewing(Viewer(VIEWER, purpose), subjects(*args, **kwargs)):
                if accounts is not None:
                    _log(purpose, accounts(request, system, *args, **kwargs), system)
                return view(request, system, *args, **kwargs)

        return _with_policy(route, Policy(purpose, personal=True, tells_accounts=bool(accounts)))

    return declare


def _log(purpose: str, accounts: Iterable[str | None], system: System) -> None:
    """Write down whose data is shown now."""
    shown = sorted({one for one in accounts if one})
    if shown:
        with system.store.viewing(Viewer(VIEWER, purpose), shown):
            pass  # who is shown, one by one


def accounts_typed(*names: str) -> Callable[[HttpRequest, System], Iterator[str]]:
    """Finds the accounts that somebody typed into fields of a form, where there are such."""

    def find(request: HttpRequest, system: System) -> Iterator[str]:
        sent = request.POST if request.method == "POST" else request.GET
        for name in names:
            typed = str(sent.get(name, ""))[:MOST_TYPED]
            several = typed.replace(",", " ").split()
            for one in {"".join(several), *several}:  # a number may be typed with spaces in it
                with suppress(NotFound):
                    yield system.store.account(one).account_id

    return find


def taking(purpose: str) -> Callable[[SystemView[Rest]], Route]:
    """A route that takes what a program on this machine sends; the journey logs what it looks at.

    A page of another site cannot make a browser send it: it is told by what browsers say of it.
    """

    def declare(view: SystemView[Rest]) -> Route:
        @wraps(view)
        def route(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
            if request.method != "POST":
                return HttpResponseNotAllowed(("POST",))
            if not _is_from_this_site(request):
                return HttpResponseForbidden("Another site's page may not send anything here.\n")
            return view(request, provider().system(), *args, **kwargs)

        return _with_policy(route, Policy(purpose, personal=True))

    return declare


def _is_from_this_site(request: HttpRequest) -> bool:
    """Programs say nothing of a site; browsers say which page is asking."""
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return False
    origin = request.headers.get("Origin")
    return origin is None or origin == f"{request.scheme}://{request.get_host()}"


def acting(
    purpose: str,
    *,
    subjects: Callable[..., list[str]],
    accounts: Accounts | None = None,
) -> Callable[[SystemView[Rest]], Route]:
    """A route with a form: it shows personal data, and what is sent to it is written down.

    Only a form of our own pages may be sent: a browser says where a form comes from, and another
    site cannot say that it is this one.

    :raises FromElsewhere: if a form comes from anywhere else, or nothing says where it comes from
    """

    def declare(view: SystemView[Rest]) -> Route:
        @wraps(view)
        def route(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
            if request.method not in ACTING:
                return HttpResponseNotAllowed(ACTING)
            if request.method == "POST" and request.headers.get(SITE) != "same-origin":
                raise FromElsewhere(
                    "This form does not come from one of our pages",
                    why="A form on another site could decide things in your name",
                    do="Open the page here and send its own form, with a browser that says where a "
                    "form comes from",
                )
            system = provider().system()
            with system.store.viewing(Viewer(VIEWER, purpose), subjects(*args, **kwargs)):
                if accounts is not None:
                    _log(purpose, accounts(request, system, *args, **kwargs), system)
                return view(request, system, *args, **kwargs)

        return _with_policy(route, Policy(purpose, personal=True, tells_accounts=bool(accounts)))

    return declare


def public(purpose: str) -> Callable[[LibraryView[Rest]], Route]:
    """A route that shows nothing but the tariff book."""

    def declare(view: LibraryView[Rest]) -> Route:
        @wraps(view)
        def route(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
            if request.method not in READING:
                return HttpResponseNotAllowed(READING)
            return view(request, provider().library(), *args, **kwargs)

        return _with_policy(route, Policy(purpose, personal=False))

    return declare


def _with_policy(route: Route, policy: Policy) -> Route:
    route.policy = policy  # type: ignore[attr-defined]
    return route


def policy_of(route: Any) -> Policy | None:
    """The policy a route was declared with, or None."""
    found = getattr(route, "policy", None)
    return found if isinstance(found, Policy) else None


def refuse_routes_without_policy(patterns: Iterable[URLPattern | URLResolver]) -> None:
    """Stop the start when a route, however deep, has no policy.

    :raises RouteWithoutPolicy: naming every such route
    """
    bare = [address for address, route in _routes(patterns, "/") if policy_of(route) is None]
    if bare:
        raise RouteWithoutPolicy(
            f"No policy is declared for {', '.join(bare)}. Declare the view with "
            "@personal(purpose, subjects=…), @taking(purpose) or @public(purpose) of "
            "entrypoints/web/policy."
        )


def _routes(
    patterns: Iterable[URLPattern | URLResolver], prefix: str
) -> Iterator[tuple[str, object]]:
    for pattern in patterns:
        address = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, address)
        else:
            yield address, pattern.callback
