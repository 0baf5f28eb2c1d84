"""How hard the properties are tried: quickly while writing, longer and repeatably where it counts."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

# A slow machine is no fault of the code.
settings.register_profile("dev", deadline=None, max_examples=50)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    max_examples=100,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# Whether the core runs at all with what a host has: the properties themselves are tried elsewhere.
settings.register_profile("compat", deadline=None, derandomize=True, max_examples=10)
# A mutant is killed by the first failure: shrinking it would be lost time.
settings.register_profile(
    "mutants", deadline=None, derandomize=True, max_examples=40, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(autouse=True)
def armings_of_the_tests(tmp_path_factory, monkeypatch):
    """What a test arms lies neither in its own folder nor in the home of whoever runs it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    monkeypatch.delenv("DUNNING_ARMING_FILE", raising=False)
