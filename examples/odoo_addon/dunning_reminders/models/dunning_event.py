"""What happened, and the day's work."""

import logging

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from dunning_core.plan import plan
from dunning_core.policy import policy
from dunning_core.render import Templates, render

from ..ledger import as_ledger, open_items, preset, written

_logger = logging.getLogger(__name__)


class DunningEvent(models.Model):
    """One thing that happened to a customer. Levels and quiet periods are folded from these each time."""

    _name = "dunning.event"
    _description = "Payment reminder event"
    _order = "id"

    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    partner_id = fields.Many2one("res.partner", index=True, readonly=True, ondelete="restrict")
    on = fields.Date(required=True, readonly=True)
    kind = fields.Char(required=True, readonly=True)
    level = fields.Char(readonly=True)
    subject = fields.Char(readonly=True)
    key = fields.Char(readonly=True, index=True)
    attempt = fields.Integer(readonly=True)
    data = fields.Text(required=True, readonly=True)

    # A letter has a key; what is no letter has none, and NULL is equal to nothing.
    _sql_constraints = [
        ("once", "unique(company_id, key, attempt, kind)", "This reminder was recorded already."),
    ]

    def write(self, vals):
        """Events stay as they are."""
        raise UserError(_("What happened cannot be changed."))

    def unlink(self):
        """Events stay."""
        raise UserError(_("What happened cannot be deleted."))

    @api.model
    def propose(self, company, today):
        """The plan of a day and the ledger it was made on. Changes nothing."""
        lines = self.env["account.move.line"].search(open_items(company.id))
        events = self.search([("company_id", "=", company.id)]).mapped("data")
        ledger = as_ledger(company, lines, events)
        return plan(ledger, policy(preset(company.dunning_policy)), today), ledger

    @api.model
    def remind(self, company, today):
        """Queue today's letters and record them in the same transaction. Returns how many."""
        proposal, ledger = self.propose(company, today)
        for action in proposal.actions:
            letter = render(action, ledger, Templates.stock(), on=today)
            self._record(company, action.dispatched(today), letter.subject)
            self._mail(company, action, letter)
        for event in proposal.events:
            self._record(company, event)
        return len(proposal.actions)

    @api.model
    def cron_remind(self):
        """The cron job. A company that fails does not keep the others from their work."""
        for company in self.env["res.company"].search([("dunning_active", "=", True)]):
            try:
                with self.env.cr.savepoint():
                    self.with_company(company).remind(company, fields.Date.context_today(self))
            except Exception:
                _logger.exception("No payment reminders of %s today", company.name)

    @api.model
    def ensure_cron(self):
        """Make the daily job, once. Done here and not in XML because its fields differ between versions."""
        if self.env.ref("dunning_reminders.cron", raise_if_not_found=False):
            return
        values = {
            "name": "Payment reminders",
            "model_id": self.env["ir.model"]._get_id(self._name),
            "state": "code",
            "code": "model.cron_remind()",
            "interval_number": 1,
            "interval_type": "days",
        }
        if "numbercall" in self.env["ir.cron"]._fields:  # up to 17: without it the job would run once
            values["numbercall"] = -1
        cron = self.env["ir.cron"].create(values)
        self.env["ir.model.data"].create(
            {"module": "dunning_reminders", "name": "cron", "model": "ir.cron", "res_id": cron.id, "noupdate": True}
        )

    def _record(self, company, event, subject=""):
        partner = int(event.customer) if event.customer.isdigit() else False
        self.create(
            {
                "company_id": company.id,
                "partner_id": partner,
                "on": event.on,
                "kind": event.kind.value,
                "level": event.level_name,
                "subject": subject,
                "key": event.key or False,
                "attempt": event.attempt,
                "data": written(event),
            }
        )

    def _mail(self, company, action, letter):
        self.env["mail.mail"].sudo().create(
            {
                "subject": letter.subject,
                "body_html": letter.html,
                "email_from": company.partner_id.email_formatted,
                "email_to": ", ".join(action.recipients),
                "model": "res.partner",
                "res_id": int(action.customer),
                "auto_delete": False,
            }
        )
