"""How values spread."""

from models_registry.pictures import BARS, spreads


def test_all_series_share_one_axis_and_each_fills_its_height():
    got = spreads({"fast": [10] * 50, "slow": [90, 100] * 50, "none": []})
    assert set(got) == {"fast", "slow"}
    assert got["fast"].bars == ((BARS * 10 // 100, 100),)
    assert got["slow"].bars == ((BARS * 90 // 100, 100), (BARS - 1, 100))
    assert (got["fast"].middle, got["slow"].middle) == (10, 95)


def test_what_is_far_out_stands_in_the_last_bar():
    bars = dict(spreads({"one": [1] * 99 + [1_000_000]})["one"].bars)
    assert bars == {BARS - 1: 100}


def test_zeros_and_nothing_are_drawn_as_well():
    assert spreads({}) == {}
    assert spreads({"one": [0, 0]})["one"].bars == ((0, 100),)
