"""Models: the list, connect one, one model's page, test, versions, prices, retirement."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import needs, scopes_of
from core.errors import Conflict, Invalid
from core.forms import add_errors
from core.pages import go_to, page_or_piece
from models_registry import forms
from models_registry.models import LanguageModel
from models_registry.presets import PRESETS
from models_registry.services import connecting, drift, endpoints, language_models
from models_registry.services.diagnosis import Probe
from models_registry.tasks import ring
from prompts.forms import SureForm

PAGE = 50
SHOWN_OF_ANSWER = 120


@require_GET
@needs("read")
def index(request: HttpRequest) -> HttpResponse:
    found = LanguageModel.objects.select_related("endpoint").order_by("name", "-version")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "undecided": drift.open_notices().count(),
        "may_manage": "manage" in scopes_of(request),
    }
    return render(request, "models_registry/models.html", context)


@require_http_methods(["GET", "POST"])
@needs("manage")
def connect(request: HttpRequest) -> HttpResponse:
    """Paste an address and a key, and have a model; a preset fills in the rest."""
    route = request.GET.get("route", "")
    preset, filled = forms.from_preset(
        request.GET.get("preset", ""), int(route) if route.isdecimal() else 0
    )
    sent = _corrected(request.POST) if request.method == "POST" else None
    # Another model of an endpoint begins there; an unknown one chooses nothing.
    begun = {"max_tokens": 1024, "endpoint": request.GET.get("endpoint", "")}
    form = forms.ConnectForm(sent, initial=filled or begun)
    context: dict[str, Any] = {
        "form": form,
        "presets": PRESETS,
        "preset": preset,
        "route": route or "0",
    }
    if form.is_valid():
        try:
            told = _tried(request, form)
            same = request.POST.get("accept_name", "")
            if told is None or (told.result and told.answered_as in ("", same)):
                model = connecting.connect_model(now=timezone.now(), **form.values())
                if told and told.answered_as:
                    language_models.accept_name(language_model=model, response_model=same)
                messages.success(request, _said_of(told))
                return go_to(request, "model", model)
            keyless = not form.cleaned_data.get("api_key") and not form.cleaned_data["endpoint"]
            context |= {"probe": told, "keyless": keyless}
        except (Invalid, Conflict) as error:
            add_errors(form, error)
    # A model that does not answer is no wrong form: the page then is the answer to the test.
    return page_or_piece(request, "models_registry/connect", context, refused=bool(form.errors))


def _corrected(sent: QueryDict) -> QueryDict:
    """Put in the address, kind or name that a test found and somebody chose."""
    corrected = sent.copy()
    for field in ("base_url", "kind", "remote_name"):
        if chosen := sent.get(f"use_{field}"):
            corrected[field] = str(chosen)
    return corrected


def _tried(request: HttpRequest, form: forms.ConnectForm) -> Probe | None:
    """Ask the model one question before it is kept, unless that is not wanted."""
    if request.POST.get("do") == "keep":
        return None
    return connecting.try_connection(now=timezone.now(), **form.values())


def _said_of(told: Probe | None) -> str:
    if told is None or told.result is None:
        return _("Connected, but not tested: ask it something below.")
    if not told.result.text:
        return _("Connected. It answered without a text: ask it something else below.")
    answered = _("Connected. After %(seconds).1f s it answered: “%(text)s”") % {
        "seconds": (told.result.latency_ms or 0) / 1000,
        "text": Truncator(told.result.text).chars(SHOWN_OF_ANSWER),
    }
    return " ".join([answered, *_replaced(told)])


def _replaced(told: Probe) -> list[str]:
    """Return a sentence for each setting that the model did not take as it was pinned."""
    under_another_name = _("It takes no %(name)s: %(other)s is sent instead.")
    not_at_all = _("It takes no %(name)s: it is left out.")
    return [
        (under_another_name if other else not_at_all) % {"name": name, "other": other}
        for name, other in told.replaced.items()
    ]


@require_GET
@needs("read")
def model(request: HttpRequest, reference: str) -> HttpResponse:
    shown = language_models.find_language_model(reference)
    context = {
        "model": shown,
        "settings": forms.from_settings(shown.settings),
        "versions": LanguageModel.objects.filter(slug=shown.slug).order_by("-version"),
        "prices": shown.prices.order_by("-valid_from"),
        "price_form": forms.PriceForm(initial={"valid_from": timezone.now().date()}),
        "quarantined": language_models.quarantined_names(language_model=shown),
        "probe_form": forms.ProbeForm(initial={"prompt": endpoints.PROBE_PROMPT}),
        "sure": SureForm(label_suffix=""),
        "open_notices": drift.open_notices().filter(language_model=shown),
        "may_manage": "manage" in scopes_of(request),
    }
    return render(request, "models_registry/model.html", context)


@require_POST
@needs("manage")
def probe(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask one question; show the answer, or what is wrong and what to do."""
    shown = language_models.find_language_model(reference)
    form = forms.ProbeForm(request.POST)
    question = (form.is_valid() and form.cleaned_data["prompt"]) or endpoints.PROBE_PROMPT
    try:
        told = endpoints.probe_model(language_model=shown, prompt=question)
    except Invalid as error:
        told = Probe(None, error=error.code, message=error.message)
    context = {
        "model": shown,
        "probe": told,
        "replaced": _replaced(told),
        "question": question,
        "form": form,
    }
    return page_or_piece(request, "models_registry/probe", context)


@require_http_methods(["GET", "POST"])
@needs("manage")
def edit(request: HttpRequest, reference: str) -> HttpResponse:
    """Change facts at any time, and what is pinned until the first use."""
    shown = language_models.find_language_model(reference)
    pins = shown.endpoint is not None and shown.frozen_at is None
    kind = forms.EditUnusedModelForm if pins else forms.EditModelForm
    form = kind(request.POST or None, initial=_values_of(request, shown))
    return _changed(
        request,
        form,
        {"model": shown, "title": _("Edit"), "pins": pins},
        lambda: language_models.update_language_model(language_model=shown, **form.values()),
    )


@require_http_methods(["GET", "POST"])
@needs("manage")
def new_version(request: HttpRequest, reference: str) -> HttpResponse:
    """Make the next version, with other pinned settings; the old one keeps its answers."""
    shown = language_models.find_language_model(reference)
    form = forms.NewVersionForm(request.POST or None, initial=_values_of(request, shown))
    return _changed(
        request,
        form,
        {"model": shown, "title": _("New version"), "pins": True},
        lambda: language_models.new_version(language_model=shown, **form.values()),
    )


@require_POST
@needs("manage")
def price(request: HttpRequest, reference: str) -> HttpResponse:
    """Enter or correct the price from a day on."""
    shown = language_models.find_language_model(reference)
    form = forms.PriceForm(request.POST)
    if form.is_valid():
        language_models.set_price(language_model=shown, **form.cleaned_data)
        messages.success(request, _("The price is stored. What was booked keeps its cost."))
        return redirect("model", shown)
    context = {"model": shown, "form": form, "title": _("Price"), "pins": False}
    return render(request, "models_registry/edit_model.html", context, status=400)


@require_POST
@needs("manage")
def quarantine(request: HttpRequest, reference: str) -> HttpResponse:
    """Take answers under another name as this model's, or ask for them anew."""
    shown = language_models.find_language_model(reference)
    name = request.POST.get("response_model", "").replace("\0", "")
    if request.POST.get("do") == "accept":
        language_models.accept_name(language_model=shown, response_model=name)
        messages.success(request, _("%(name)s is taken as this model.") % {"name": name})
    else:
        thrown = language_models.ask_again_for(language_model=shown, response_model=name)
        told = ngettext(
            "%(n)d answer is asked for again.", "%(n)d answers are asked for again.", thrown
        )
        messages.info(request, told % {"n": thrown})
    ring()
    return redirect("model", shown)


@require_POST
@needs("manage")
def retire(request: HttpRequest, reference: str) -> HttpResponse:
    """Take a version whose name was typed out of new runs."""
    shown = language_models.find_language_model(reference)
    SureForm(request.POST).check(str(shown))
    language_models.retire_language_model(language_model=shown, now=timezone.now())
    messages.info(request, _("%(name)s is retired; its answers stay.") % {"name": shown})
    return redirect("model", shown)


def _values_of(request: HttpRequest, shown: LanguageModel) -> dict[str, Any]:
    """Return a model's values, with the name at the server that a test found to be meant."""
    found = request.GET.get("remote_name")
    return forms.of_model(shown) | ({"remote_name": found} if found else {})


def _changed(
    request: HttpRequest, form: Form, context: dict[str, Any], save: Callable[[], LanguageModel]
) -> HttpResponse:
    """Save and go to the model's page, or show the form with what was wrong."""
    if form.is_valid():
        try:
            saved = save()
        except (Invalid, Conflict) as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("model", saved)
    status = 400 if form.is_bound else 200
    return render(
        request, "models_registry/edit_model.html", context | {"form": form}, status=status
    )
