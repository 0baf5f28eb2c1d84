"""The first plan: two invoices as objects, the standard policy, and what it wants done today."""

from datetime import date
from decimal import Decimal

from dunning_core.ledger import Account, Creditor, Customer, Ledger, OpenItem
from dunning_core.plan import plan
from dunning_core.policy import policy

creditor = Creditor("abm", "Atelier Brașov S.R.L.", "RO", accounts=(Account("EUR", "RO79DEMO1B31007593840001"),))
customer = Customer("C-2001", "Muebles Peñalara, S.L.", "ES", emails=("administracion@muebles-penalara.example",))
items = (
    OpenItem("ABM-610", customer.id, date(2026, 10, 26), Decimal("1024.05"), "EUR"),
    OpenItem("ABM-655", customer.id, date(2026, 12, 10), Decimal("1680.68"), "EUR"),
)
today = plan(Ledger(creditor, {customer.id: customer}, items), policy({"preset": "standard"}), date(2026, 11, 20))

for decision in today.decisions:
    print(f"{decision.item}: {decision.outcome} ({decision.because})")
for action in today.actions:
    (total,) = action.totals.items()
    print(f"-> {action.level_name} to {', '.join(action.recipients)}: {total[1]} {total[0]} until {action.deadline}")
