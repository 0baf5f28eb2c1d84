"""`dunning adapters`: what can be plugged in."""

from __future__ import annotations

import click

from dunning_adapters.cli.screen import show
from dunning_adapters.cli.session import Session, in_session
from dunning_adapters.plugins import Plugins
from dunning_adapters.settings import PluginsTable


@click.command()
@in_session
def adapters(session: Session) -> None:
    """List what can be plugged in.

    Where there is a dunning.toml, the adapters of the plugins that it names are listed as well.
    """
    wanted = session.settings.plugins if session.config.exists() else PluginsTable()
    found = Plugins.of(wanted, session.config.resolve().parent).adapters()
    show(("Port", "Name", ("Summary", "lines")), [(each.port, each.name, each.summary) for each in found])
