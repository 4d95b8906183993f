"""160 texts that would run or send something, wherever people and models write: none of them does."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Invitation
from judging.models import Comparison, Judgment, Study, StudyVersion
from models_registry.models import Completion, LanguageModel
from prompts.models import Prompt, PromptPool, PromptUpload
from tests.browser.payloads import PAYLOADS
from tests.browser.raters import KEYS, judge, press, three_criteria, token, wait_for_another

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(400),
]
# What no text may leave behind in a page. What is here beside texts is the page's own.
DANGERS = """() => {
  const found = [];
  if (window.hacked !== undefined) found.push("something ran");
  const mine = new Set(["SCRIPT", "LINK", "META", "STYLE"]);
  for (const one of document.querySelectorAll("*")) {
    if (one.closest("head") && mine.has(one.tagName)) continue;
    if (one.matches(".site-header img[src='/static/icon.svg']")) continue;
    if (/^(script|img|image|iframe|object|embed|video|audio|base|link|meta|svg|portal|style)$/i.test(one.tagName)) {
      found.push(one.outerHTML.slice(0, 120));
    }
    for (const { name, value } of one.attributes) {
      const scheme = /^\\s*(javascript|data|vbscript):/i.test(value);
      if (/^on/i.test(name) || name === "style" || (/href|src|action/i.test(name) && scheme)) {
        found.push(`${name}=${value.slice(0, 80)}`);
      }
    }
  }
  for (const one of document.querySelectorAll(".rendered *")) {
    if (one.id || one.getAttribute("name") || /^(hx|data)-/.test([...one.attributes].map((a) => a.name).join(" "))) {
      found.push(one.outerHTML.slice(0, 120));
    }
  }
  return found;
}"""
PROVOKE = """() => {
  for (const one of document.querySelectorAll(".rendered *")) {
    for (const kind of ["pointerover", "mouseover", "focus", "error", "load", "animationstart"]) {
      one.dispatchEvent(new Event(kind, { bubbles: true }));
    }
    if (one.tagName !== "A") one.click?.();
  }
}"""


def is_harmless(page) -> None:
    page.evaluate(PROVOKE)
    assert page.evaluate(DANGERS) == []


def text(number: int) -> str:
    """Return a payload without NUL, which every way into the database refuses."""
    return PAYLOADS[number % len(PAYLOADS)].replace("\x00", "")


def line(number: int) -> str:
    """Return what a protocol takes as a criterion's label: printable, short, without outer blanks."""
    shown = "".join(one for one in text(number) if one.isprintable())
    return " ".join(shown[:60].split())


def test_there_are_enough_of_them():
    assert len(set(PAYLOADS)) >= 150


def test_in_prompts_answers_and_comments(page_of, transactional_db):
    """Each text stands once as prompt, as answer A and B, and as a comment that is shown again."""
    scene = three_criteria(prompts=len(PAYLOADS), models=2)
    for number, prompt in enumerate(scene.pool_version.prompts.order_by("position")):
        Prompt.objects.filter(pk=prompt.pk).update(
            messages=[{"role": "user", "content": text(number)}], risk_tags=[text(number + 1)]
        )
        for side, one in enumerate(Completion.objects.filter(prompt=prompt).order_by("pk")):
            shown = text(number + side)
            Completion.objects.filter(pk=one.pk).update(text=shown, turns=[shown])
    page = page_of(scene.bob.user)
    page.goto(f"/judge/{scene.study.slug}/")
    for number in range(len(PAYLOADS)):
        press(page, "v")
        is_harmless(page)
        page.fill("#comment", text(number).replace("\x0c", ""))
        page.keyboard.press("Escape")
        before = token(page)
        press(page, *KEYS, "Enter")
        if number == len(PAYLOADS) - 1:
            page.get_by_role("heading", name="All done").wait_for()
        else:
            wait_for_another(page, before)
        if number % 10 == 0 and number < len(PAYLOADS) - 1:
            press(page, "u")
            page.wait_for_selector("#pair[data-changing]")
            is_harmless(page)
            press(page, "Escape")
            page.wait_for_selector("#pair:not([data-changing])")
    assert Judgment.objects.count() == len(PAYLOADS)


def test_in_the_names_of_everything_a_rater_is_shown(page_of, transactional_db):
    scene = three_criteria(prompts=2, models=2)
    page = page_of(scene.bob.user)
    frozen = scene.version.protocol
    for number in range(0, len(PAYLOADS), 4):
        Study.objects.update(name=text(number)[:200], description=text(number + 1))
        for one, shift in zip(frozen["criteria"], range(3), strict=True):
            one |= {"label": line(number + shift), "definition": line(number + 3)}
        # A digest of its own, since protocols are remembered by theirs.
        StudyVersion.objects.update(protocol=frozen, digest=f"{number:064x}")
        page.goto("/judge/")
        is_harmless(page)
        page.goto(f"/judge/{scene.study.slug}/")
        is_harmless(page)
        assert line(number) in page.inner_text("main")
    assert judge(page)


def test_in_the_names_of_models_pools_invitations_and_files(page_of, transactional_db):
    scene = three_criteria(prompts=1, models=2)
    later = timezone.now() + timedelta(days=1)
    endpoint = scene.models[0].endpoint
    for number, one in enumerate(PAYLOADS):
        name = one.replace("\x00", "")[:100]
        PromptPool.objects.create(slug=f"x{number}", name=name, description=one.replace("\x00", ""))
        Invitation.objects.create(
            digest=f"{number:064}", note=name, expires_at=later, created_by=scene.alice
        )
        LanguageModel.objects.create(
            slug=f"m{number}", name=name, endpoint=endpoint, remote_name=name, publisher=name
        )
    page = page_of(scene.alice)
    for address in ("/models/", "/pools/", "/"):
        page.goto(address)
        is_harmless(page)
    for number in range(1, 1 + -(-len(PAYLOADS) // 50)):
        page.goto(f"/raters/invitations/?page={number}")
        is_harmless(page)
    for number in range(0, len(PAYLOADS), 4):
        upload = PromptUpload.objects.create(
            filename=text(number)[:200] + ".jsonl",
            data=b'{"id": "1", "prompt": "What?"}\n',
            created_by=scene.alice,
        )
        page.goto(f"/pools/uploads/{upload.pk}/")
        is_harmless(page)
    assert Comparison.objects.exists()
