"""From two CSV files to letters in a folder: settings, a runner, a plan, and what became of every letter."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from dunning_adapters.folder import FolderSettings, FolderTransport
from dunning_adapters.runner import Runner
from dunning_adapters.settings import load

TODAY = date(2026, 11, 20)
settings = load(Path(__file__).parent / "data" / "dunning.toml")

with TemporaryDirectory() as folder:
    # In daily use dunning.toml says where letters go. Here they go into a folder that vanishes.
    letters = FolderTransport(FolderSettings(), Path(folder))
    runner = replace(Runner.of(settings), transport=letters)

    proposal = runner.plan(TODAY)
    run = runner.send(proposal, today=TODAY)

    for delivery in run.deliveries:
        print(f"{delivery.end}: {delivery.customer.name} | {delivery.document.language} | {delivery.document.subject}")
    for decision in run.decisions:
        if decision.outcome != "dun":
            print(f"no letter about {decision.item}: {decision.outcome}")

    files = sorted(letters.folder.iterdir())
    print(f"{len(files)} files, the first is {files[0].name}")
    spanish = run.deliveries[1].document.text
    print(spanish[spanish.index("Importes en EUR") : spanish.index("Datos para el pago")].rstrip())
