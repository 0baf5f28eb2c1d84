"""What Odoo loads."""

from . import dunning_event, dunning_run, res_company
