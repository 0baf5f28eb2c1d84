"""`python -m dunning_adapters.demo OUT`."""

from __future__ import annotations

import sys
from pathlib import Path

from dunning_adapters.demo import main

main(Path(*sys.argv[1:2] or ("out",)))
