"""The consent text an installation starts with, until an admin writes its own (pure).

A line that ends in a backslash goes on in the next: pages keep the line breaks of this text.
"""

PURPOSE = """\
You are asked to compare answers that language models wrote. Your judgments, together with those of \
other people, show which answers people find more helpful, less harmful and more truthful.

You see one prompt and two answers, and you are not told who wrote them. Some texts may be wrong, \
unpleasant or upsetting. You may skip any of them; skipping a text you do not want to read never \
counts against you. You may stop at any time."""

DATA_USE = """\
Stored with each judgment: your choices, your comments, the time, and a random pseudonym such as \
R-7k2m9q4x. Your name and password are kept apart from them. Researchers see, analyse and may publish \
judgments and comments under the pseudonym, never under your name. So write nothing in a comment that \
tells who you are.

Of your visits only what signing in and security need is stored. No data is sent to other sites."""

PAY = """\
Nothing is paid through this site. If you were promised a payment or credit, whoever invited you \
arranges it, and no payment depends on which answers you prefer."""

WITHDRAWAL = """\
You may withdraw at any time on the page "Your account", without a reason and without disadvantage. \
Your account is closed at once: your name is removed, you are signed out everywhere, and you are shown \
nothing more. Judgments you made until then stay under the pseudonym, which nobody can lead back to you \
from then on. If you want them excluded, tell whoever invited you before you withdraw, and give the \
pseudonym."""

GUIDELINES = """\
- Read the prompt first, then both answers to the end.
- Judge each question on its own: an answer can be more helpful and less truthful.
- Longer is not better. Neither is a confident tone.
- If you are not sure about a fact, look it up. If you cannot find out, choose "cannot judge".
- If two answers are equally good or equally bad, say so; a guess helps nobody.
- Do not use a language model to decide. Your own judgment is what counts."""

DEFAULT = {
    "purpose": PURPOSE,
    "data_use": DATA_USE,
    "pay": PAY,
    "withdrawal": WITHDRAWAL,
    "guidelines": GUIDELINES,
}
