"""Plain text that an admin wrote, on the pages that raters read."""

from accounts.consent_text import DEFAULT
from core.templatetags.prose import prose


def test_lines_with_a_hyphen_are_a_list_and_the_rest_stays_paragraphs():
    html = prose("Please:\r\n- read <b>both</b>\r\n- say so\r\n\r\nThank\r\nyou")
    assert html.split("\n") == [
        "<p>Please:</p>",
        "<ul><li>read &lt;b&gt;both&lt;/b&gt;</li><li>say so</li></ul>",
        "<p>Thank<br>you</p>",
    ]


def test_the_consent_text_as_shipped_breaks_no_line_inside_a_sentence():
    for part in ("purpose", "data_use", "pay", "withdrawal"):
        assert "<br>" not in prose(DEFAULT[part])
    assert prose(DEFAULT["guidelines"]).count("<li>") == 6
