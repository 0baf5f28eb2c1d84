"""Source `files`: open items and customers out of CSV files and workbooks, through a declared mapping of columns."""

from __future__ import annotations

from collections.abc import Iterable

from dunning_adapters.files.inspection import ColumnSeen, Inspection, inspect
from dunning_adapters.files.mapping import Column, Mapping, load_mapping, ready
from dunning_adapters.files.settings import FilesSettings
from dunning_adapters.files.source import FilesSource
from dunning_adapters.hookspecs import Adapter, hookimpl

ADAPTERS = (
    Adapter(
        port="source",
        name="files",
        summary="CSV files and Excel or OpenDocument workbooks",
        settings=FilesSettings,
        build=FilesSource,
    ),
)

__all__ = [
    "ADAPTERS",
    "Column",
    "ColumnSeen",
    "FilesSettings",
    "FilesSource",
    "Inspection",
    "Mapping",
    "inspect",
    "load_mapping",
    "ready",
]


@hookimpl
def dunning_adapters() -> Iterable[Adapter]:
    """The source `files`."""
    return ADAPTERS
