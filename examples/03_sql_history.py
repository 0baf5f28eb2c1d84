"""A history in SQLite: levels climb from run to run, nothing goes out twice, and every letter can be listed later."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import create_engine

from dunning_adapters.contacts import chosen, entries
from dunning_adapters.runner import Runner
from dunning_adapters.settings import load
from dunning_adapters.sql import SqlHistory

settings = load(Path(__file__).parent / "data" / "dunning.toml")

with TemporaryDirectory() as folder:
    engine = create_engine(f"sqlite:///{folder}/history.db")
    # The second run of the day and the one after the weekend find nothing to do.
    for day in (date(2026, 11, 20), date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 30), date(2026, 12, 10)):
        # A new runner each time: what it knows of the past stands in the database alone.
        runner = replace(Runner.of(settings), history=SqlHistory(engine))
        run = runner.send(runner.plan(day), today=day)
        print(f"{day}: {len(run.deliveries)} letters")
        for delivery in run.deliveries:
            print(f"    {delivery.action.level_name} to {delivery.customer.name}")

    print("What Muebles Peñalara was told:")
    for contact in chosen(entries(SqlHistory(engine).events()), customer="C-2001"):
        items = ", ".join(contact.items)
        print(f"    {contact.on}: level {contact.level}, {contact.document}, {items}: {contact.subject}")
    engine.dispose()
