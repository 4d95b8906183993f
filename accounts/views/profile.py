"""One's own account: languages, password, second factor, tokens, sessions, consent."""

from datetime import timedelta
from typing import Any, cast

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import services
from accounts.forms import LanguagesForm, TokenForm
from accounts.models import ApiToken, User
from accounts.permissions import is_admin, is_rater, needs
from accounts.services.users import sign_out_everywhere as end_sessions
from core.errors import Invalid

SHOWN = 100


@require_GET
def profile(request: HttpRequest) -> HttpResponse:
    return _page(request)


@needs("judge")
@require_POST
def languages(request: HttpRequest) -> HttpResponse:
    """Declare the languages one reads well."""
    form = LanguagesForm(request.POST)
    if form.is_valid():
        try:
            services.set_languages(profile=_user(request).rater_profile, languages=form.codes)
        except Invalid as error:
            form.show(error, column="others")
        else:
            messages.success(request, _("Your languages are saved."))
            return redirect("profile")
    return _page(request, languages_form=form)


@require_POST
def tokens(request: HttpRequest) -> HttpResponse:
    """Make a token; its secret is in this answer and nowhere else."""
    form = TokenForm(request.POST, role=_user(request).role)
    if not form.is_valid():
        return _page(request, token_form=form)
    issued = services.issue_token(
        user=_user(request),
        name=form.cleaned_data["name"],
        scopes=form.cleaned_data["scopes"],
        lifetime=timedelta(days=form.cleaned_data["days"]),
        now=timezone.now(),
    )
    return _page(request, issued=issued)


@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=pk, user=_user(request))
    services.revoke_token(token=token, now=timezone.now())
    messages.success(request, _("The token is revoked; what uses it stops working now."))
    return redirect("profile")


@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End all sessions but this one."""
    end_sessions(user=_user(request))
    update_session_auth_hash(request, _user(request))
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("profile")


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


def _page(request: HttpRequest, **changes: Any) -> HttpResponse:
    """Render the page; `changes` are forms that came back, or what was just issued."""
    user = _user(request)
    context: dict[str, Any] = {
        "token_form": TokenForm(role=user.role),
        "tokens": [
            (one, [TokenForm.LABELS[scope] for scope in TokenForm.LABELS if scope in one.scopes])
            for one in user.api_tokens.order_by("-pk")[:SHOWN]
        ],
        "second_factor": is_mfa_enabled(user, [Authenticator.Type.TOTP]),
        "second_factor_needed": settings.ADMINS_NEED_SECOND_FACTOR and is_admin(user),
        "now": timezone.now(),
    }
    if is_rater(user):
        context |= {
            "languages_form": LanguagesForm(known=user.rater_profile.languages),
            "consents": user.rater_profile.consents.select_related("version").order_by("-pk"),
        }
    context |= changes
    wrong = any(getattr(one, "errors", None) for one in changes.values())
    return render(request, "accounts/profile.html", context, status=400 if wrong else 200)
