"""Settings of the whole test run."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from loops import LOOPS, can_compile

from wsgi_headers import _program

# Messages of failing asserts in these modules show both sides, as in a test module.
pytest.register_assert_rewrite("assertions", "interpreter", "wsgi")

# No deadline: a shared machine is slow now and then. No database: a run leaves nothing behind it.
_COMMON = {"deadline": None, "database": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("local", max_examples=150, **_COMMON)  # type: ignore[arg-type]
# The same examples in each run, so that a red build is about its change.
settings.register_profile("ci", max_examples=150, derandomize=True, **_COMMON)  # type: ignore[arg-type]
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_collection_finish() -> None:
    """The tests stay to the end: from here on no cycle collection looks through all of them again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", params=["compiled", "in-python"])
def each_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """The tests of a module run once on each form of the innermost loop: what is built meanwhile uses that one."""
    if request.param not in LOOPS:
        assert not can_compile(), "install the package again: .venv/bin/pip install -e ."
        pytest.skip("built without a compiler")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_program, "innermost", LOOPS[request.param])
        yield
