"""A person decides: a plan is saved, read again, reduced, one level is changed, and exactly that is sent."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from dunning_adapters.plan_file import read_json, write_json
from dunning_adapters.proposal import Proposal
from dunning_adapters.runner import Runner
from dunning_adapters.settings import load
from dunning_core.event import EventKind

TODAY = date(2026, 11, 20)
runner = Runner.of(load(Path(__file__).parent / "data" / "dunning.toml"))

proposal = runner.plan(TODAY)
with TemporaryDirectory() as folder:
    saved = Path(folder) / "plan.json"
    write_json(proposal.plan, saved)
    plan = read_json(saved)  # refused if anything in it was changed
print("proposed:", *(f"{action.customer} {action.level_name}" for action in plan.actions), sep="\n    ")

# Construcții Moldova-Nord promised on the phone to pay today: its letter is left out.
# Meble Świętokrzyskie did not answer the phone for weeks: it gets a demand at once.
keep = {action.key for action in plan.actions if action.customer not in {"C-1004", "C-3001"}}
by_rule = Proposal(plan.reduced(keep), proposal.ledger)
by_hand = runner.choose(TODAY, ["ABM-570"], "demand", by="ioana.marginean", because="nobody answers the phone")

for part in (by_rule, by_hand):
    run = runner.send(part, today=TODAY)
    print("sent:", *(f"{d.action.customer} {d.action.level_name}: {d.end}" for d in run.deliveries), sep="\n    ")

print("the history knows who chose:")
for event in runner.history.events():
    if event.kind is EventKind.DISPATCHED:
        chosen = f"{event.by} ({event.because})" if event.by else "the rules"
        print(f"    {event.customer} {event.level_name}: {chosen}")
