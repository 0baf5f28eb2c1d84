import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)[^)]*\)", README))))
def test_what_the_readme_points_to_is_there(target):
    assert (ROOT / target).exists()


def test_the_readme_can_be_read_in_five_minutes():
    assert 80 <= len(README.splitlines()) <= 140
