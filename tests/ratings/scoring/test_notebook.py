"""The worked example of docs/methods.md runs as it stands."""

import re
from pathlib import Path

import numpy as np

METHODS = Path(__file__).parents[3] / "docs" / "methods.md"


def test_the_example_for_notebooks_runs():
    (code,) = re.findall(r"```python\n(.*?)```", METHODS.read_text(encoding="utf-8"), re.DOTALL)
    names: dict = {}
    exec(code, names)  # noqa: S102 - the project's own documentation
    assert names["fit"].items == ("ant", "bee", "cow")
    assert (names["lower"] < names["fit"].strength).all()
    assert np.isfinite(names["upper"]).all()
    assert 0 < names["sure"] < 1
    assert names["verdict"].verdict in {"better", "worse", "equivalent", "unclear"}
