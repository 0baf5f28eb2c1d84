"""The wizard: look first, then send."""

from odoo import _, api, fields, models


class DunningRun(models.TransientModel):
    """Today's letters of one company."""

    _name = "dunning.run"
    _description = "Payment reminders of a day"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    today = fields.Date(required=True, default=fields.Date.context_today)
    preview = fields.Text(compute="_compute_preview")

    @api.depends("company_id", "today")
    def _compute_preview(self):
        for run in self:
            if not run.company_id or not run.today:
                run.preview = ""
                continue
            proposal, ledger = self.env["dunning.event"].propose(run.company_id, run.today)
            letters = [
                f"{ledger.customers[action.customer].name}: {action.level_name}, "
                f"{', '.join(f'{amount} {code}' for code, amount in action.totals.items())}, "
                f"{', '.join(action.recipients)}"
                for action in proposal.actions
            ]
            others = [
                f"{decision.item}: {decision.outcome.value}; {decision.because}"
                for decision in proposal.decisions
                if decision.outcome.value in {"held", "unreachable", "no_account"}
            ]
            run.preview = "\n".join([_("%s letters", len(letters)), *letters, "", *others])

    def action_send(self):
        """Queue the letters. Only today's: a preview of another day is for looking."""
        self.ensure_one()
        self.env["dunning.event"].remind(self.company_id, fields.Date.context_today(self))
        return {"type": "ir.actions.act_window_close"}
