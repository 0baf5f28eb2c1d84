"""A plan in a file: JSON for machines and for approval, an Excel workbook for the person who ticks rows."""

from dunning_adapters.plan_file.edited import Edited
from dunning_adapters.plan_file.json_file import from_json, read_json, to_json, write_json
from dunning_adapters.plan_file.readback import read_xlsx
from dunning_adapters.plan_file.workbook import write_xlsx

__all__ = ["Edited", "from_json", "read_json", "read_xlsx", "to_json", "write_json", "write_xlsx"]
