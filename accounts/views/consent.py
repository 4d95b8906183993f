"""Raters read what they take part in, agree or withdraw; admins write the text."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import ConsentForm, ConsentTextForm, WithdrawForm
from accounts.languages import preferred
from accounts.models import EVERY_WARNING, RaterProfile, User
from accounts.permissions import needs, rater_of
from accounts.services import consent as services
from core.errors import Conflict, Invalid


def _next(request: HttpRequest) -> str:
    """Return where the rater wanted to go, if that is on this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    known = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if known else reverse("home")


@needs("judge")
@require_http_methods(["GET", "POST"])
def consent(request: HttpRequest) -> HttpResponse:
    """Show the newest text and record the agreement; afterwards go where the rater wanted to."""
    rater, version = rater_of(request), services.current_consent()
    form = ConsentForm(
        request.POST or None,
        known=rater.languages or preferred(request.headers.get("Accept-Language", "")),
        initial={
            "number": version.number,
            "avoid_every_warning": EVERY_WARNING in rater.avoided_tags,
        },
    )
    if request.method == "POST" and form.is_valid() and _agreed(form, rater):
        return redirect(_next(request))
    given = rater.consents.filter(version=version).first()
    earlier = None if given else services.latest_given(rater=rater)
    context = {
        "version": version,
        "form": form,
        "given": given,
        "earlier": earlier,
        "changed": services.changed_parts(earlier.version, version) if earlier else [],
        "next": _next(request),
    }
    return render(request, "accounts/consent.html", context, status=400 if form.errors else 200)


def _agreed(form: ConsentForm, rater: RaterProfile) -> bool:
    """Record the agreement; False when the form shows why not."""
    columns = {"guidelines": "guidelines_read", "language": "others", "languages": "languages"}
    try:
        services.give_consent(
            rater=rater,
            number=form.cleaned_data["number"],
            languages=form.codes,
            guidelines_read=form.cleaned_data["guidelines_read"],
            avoid_every_warning=form.cleaned_data["avoid_every_warning"],
            now=timezone.now(),
        )
    except (Conflict, Invalid) as error:
        form.show(error, column=columns.get(error.code))
        # What is on the page from here on is the newest text: that is what is agreed to next, and
        # what was ticked was about the one before.
        data = form.data.copy()  # type: ignore[attr-defined] # a QueryDict
        data["number"] = services.current_consent().number
        if error.code == "consent_outdated":
            for tick in ("guidelines_read", "agreed"):
                data.pop(tick)
        form.data = data
        return False
    return True


@needs("judge")
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest) -> HttpResponse:
    """Say what happens, and close the account once the name was written to confirm."""
    user = cast("User", request.user)
    form = WithdrawForm(request.POST or None, username=user.username)
    if request.method == "POST" and form.is_valid():
        services.withdraw_consent(rater=user.rater_profile, now=timezone.now())
        logout(request)
        messages.success(request, _("Your account is closed. Thank you for taking part."))
        return redirect("account_login")
    context = {"form": form, "version": services.current_consent(), "rater": user.rater_profile}
    return render(request, "accounts/withdraw.html", context, status=400 if form.errors else 200)


@needs("manage")
@require_http_methods(["GET", "POST"])
def text(request: HttpRequest) -> HttpResponse:
    """Show the text in force, to be edited into a new version."""
    newest = services.current_consent()
    shown = {part: getattr(newest, part) for part in services.PARTS}
    form = ConsentTextForm(request.POST or None, initial=shown)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.publish_consent(
                created_by=cast("User", request.user), texts=form.cleaned_data, now=timezone.now()
            )
        except (Conflict, Invalid) as error:
            form.show(error)
        else:
            said = _("Version %(number)s is published. Raters are asked before their next pair.")
            messages.success(request, said % {"number": made.number})
            return redirect("consent-text")
    context = {
        "form": form,
        "version": newest,
        "versions": services.versions_with_agreed()[:20],
        "over_api": services.requires_consent_over_api(),
    }
    return render(
        request, "accounts/consent_text.html", context, status=400 if form.errors else 200
    )


@needs("manage")
@require_POST
def over_api(request: HttpRequest) -> HttpResponse:
    """Turn the rule for programs on or off."""
    required = request.POST.get("required") == "yes"
    user = cast("User", request.user)
    services.set_consent_over_api(required=required, set_by=user, now=timezone.now())
    said = (
        _("Raters now need consent over the API too.")
        if required
        else _("Over the API no consent is asked for.")
    )
    messages.success(request, said)
    return redirect("consent-text")
