"""What a notebook user reads is true: the worked example, the examples of docstrings, their words."""

import doctest
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest

from ratings import scoring

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


MODULES = [f"ratings.scoring.{one.name}" for one in pkgutil.iter_modules(scoring.__path__)]


def test_the_examples_of_all_docstrings_run():
    results = [
        doctest.testmod(importlib.import_module(name)) for name in [*MODULES, "ratings.scoring"]
    ]
    assert sum(one.failed for one in results) == 0
    assert sum(one.attempted for one in results) > 20


@pytest.mark.parametrize(
    "name", [name for name in scoring.__all__ if callable(getattr(scoring, name))]
)
def test_every_public_name_says_what_it_is_and_where_it_is_from(name):
    found = getattr(scoring, name)
    words = inspect.getdoc(found) or ""
    assert words
    source = inspect.getdoc(importlib.import_module(found.__module__)) or ""
    plain = ("types", "labels", "diagnostics")
    assert "References" in words + source or found.__module__.endswith(plain)
    if not inspect.isclass(found) and re.search(
        r"^ +raise \w", inspect.getsource(found), re.MULTILINE
    ):
        assert "Raise" in words
