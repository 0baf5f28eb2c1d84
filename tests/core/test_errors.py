import pytest

from dunning_core import errors
from dunning_core.errors import AlreadyRecorded, ConfigError, DunningError, HistoryError, MissingExtra


def test_an_error_is_one_line_with_where_what_and_the_way_out():
    assert str(DunningError("no due date")) == "no due date"
    assert str(DunningError("no due date", where="open.csv, line 7")) == "open.csv, line 7: no due date"
    assert str(DunningError("no due date", mend="map a column")) == "no due date (map a column)"
    error = ConfigError("no\n  due date", where="open.csv,\nline 7", mend="map\ta column")
    assert str(error) == "open.csv, line 7: no due date (map a column)"
    assert (error.what, error.where, error.mend) == ("no due date", "open.csv, line 7", "map a column")


@pytest.mark.parametrize(
    "name",
    [
        "ConfigError",
        "PolicyError",
        "TemplateError",
        "RenderError",
        "SourceError",
        "HistoryError",
        "TransportError",
        "PlanError",
        "AlreadyRecorded",
        "MissingExtra",
    ],
)
def test_one_class_catches_all_that_is_raised_on_purpose(name):
    assert issubclass(getattr(errors, name), DunningError)


def test_a_letter_recorded_twice_is_a_fault_of_the_history():
    assert issubclass(AlreadyRecorded, HistoryError)


def test_a_missing_extra_names_its_pip_line():
    error = MissingExtra("xlsxwriter", "excel", "writing a workbook")
    assert str(error) == "writing a workbook needs xlsxwriter, which is not installed (pip install 'dunning[excel]')"
