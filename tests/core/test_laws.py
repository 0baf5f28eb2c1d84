import pytest
from hypothesis import given

from dunning_core.policy import PRESETS, policy
from dunning_core.testing.laws import LAWS
from dunning_core.testing.strategies import situations


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@given(situation=situations())
def test_every_policy_obeys(law, situation):
    law(*situation)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_every_preset_obeys(law, preset):
    @given(situation=situations(policy=policy({"preset": preset})))
    def obeys(situation):
        law(*situation)

    obeys()
