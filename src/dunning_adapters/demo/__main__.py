"""`python -m dunning_adapters.demo OUT`."""

from __future__ import annotations

import sys
from pathlib import Path

from dunning_adapters.demo import main
from dunning_core.errors import DunningError

try:
    main(Path(*sys.argv[1:2] or ("out",)))
except DunningError as error:
    sys.exit(str(error))
