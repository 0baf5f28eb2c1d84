"""Two settings of a company."""

from odoo import fields, models


class ResCompany(models.Model):
    """A company that may send reminders."""

    _inherit = "res.company"

    dunning_active = fields.Boolean("Sends payment reminders")
    dunning_policy = fields.Selection(
        [
            ("standard", "Notice, demand, final demand"),
            ("three_notices", "Three notices"),
            ("until_paid", "Notices until it is paid"),
        ],
        "Reminder policy",
        default="standard",
    )
