"""Payment reminders by dunning_core."""

from . import models
