"""Import every module of dunning_core, and fail when anything came along that an ERP add-on would not have.

`dunning_core.testing` is for test suites and may need what its extra brings.
"""

import importlib
import importlib.util
import pkgutil
import sys

import dunning_core

ABSENT = ("sqlalchemy", "pluggy", "hypothesis", "pytest", "click", "rich", "polars")


def main() -> None:
    there = [name for name in ABSENT if importlib.util.find_spec(name)]
    if there:
        sys.exit(f"not alone: {', '.join(there)} can be imported")
    names = [
        module.name
        for module in pkgutil.walk_packages(dunning_core.__path__, "dunning_core.")
        if not module.name.startswith("dunning_core.testing")
    ]
    for name in names:
        importlib.import_module(name)
    if "dunning_adapters" in sys.modules:
        sys.exit("dunning_core brought dunning_adapters along")
    print(f"{len(names)} modules of dunning_core import alone")


if __name__ == "__main__":
    main()
