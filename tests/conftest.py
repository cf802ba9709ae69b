"""Settings of the whole test run."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# Messages of failing asserts in these modules show both sides, as in a test module.
pytest.register_assert_rewrite("assertions", "interpreter", "wsgi")

# No deadline: a shared machine is slow now and then. No database: a run leaves nothing behind it.
_COMMON = {"deadline": None, "database": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("local", max_examples=150, **_COMMON)  # type: ignore[arg-type]
# The same examples in each run, so that a red build is about its change.
settings.register_profile("ci", max_examples=150, derandomize=True, **_COMMON)  # type: ignore[arg-type]
settings.load_profile("ci" if os.environ.get("CI") else "local")
