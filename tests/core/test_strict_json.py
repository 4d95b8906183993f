"""JSON from outside is refused wherever databases or readers would disagree on it."""

import pytest

from core.strict_json import strict_json


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "not JSON"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"a": ["\\ud800"]}', "surrogate"),
        (b'{"\\ud800": 1}', "surrogate"),
        (b'"\xff"', "byte 2 is not UTF-8"),
        (b"[" * 100_000, "deeply"),
        (b"[1] [2]", "Extra data"),
        (b"", "Expecting value"),
        (b"9" * 5_000, "digit"),
    ],
)
def test_refuses_with_a_reason(raw, said):
    with pytest.raises(ValueError, match=said):
        strict_json(raw)


def test_takes_what_is_plain():
    assert strict_json('\ufeff{"a": [1, 2.5, "é\\n", null, true]}'.encode()) == {
        "a": [1, 2.5, "é\n", None, True]
    }
    assert strict_json('"\\ud83d\\ude00"') == "😀"
