"""The same content has the same digest, however it is ordered."""

import pytest

from core.canonical import canonical_json, digest


def test_order_of_keys_does_not_matter():
    assert digest({"a": 1, "b": [2, "é"]}) == digest({"b": [2, "é"], "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})


def test_is_the_sha256_of_compact_utf8():
    assert canonical_json({"b": "é", "a": None}) == '{"a":null,"b":"é"}'
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_refuses_what_json_does_not_have():
    with pytest.raises(ValueError, match="JSON"):
        digest(float("nan"))
