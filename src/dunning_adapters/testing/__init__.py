"""What the ports promise, as pytest classes: subclass one, say how your adapter is made, and run pytest.

    from dunning_adapters.testing import HistoryConformance

    class TestMyHistory(HistoryConformance):
        def make(self, tmp_path):
            return MyHistory(tmp_path / "events")

Needs the extra `testing`. Every adapter of this distribution passes them.
"""

from __future__ import annotations

from dunning_adapters.testing.history import HistoryConformance
from dunning_adapters.testing.source import SourceConformance
from dunning_adapters.testing.transport import MarkingConformance, StepwiseConformance, TransportConformance

__all__ = [
    "HistoryConformance",
    "MarkingConformance",
    "SourceConformance",
    "StepwiseConformance",
    "TransportConformance",
]
