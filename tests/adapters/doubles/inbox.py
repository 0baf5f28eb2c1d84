"""A mail server of this machine, and what it was given."""

import socket
from contextlib import contextmanager
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller


class Inbox:
    """Takes letters for everybody but those in `refuse`, and `later`, who is not there yet.

    `envelopes` are the recipients of each letter.
    """

    def __init__(self, port):
        self.messages, self.envelopes, self.refuse, self.later = [], [], set(), ""
        self.port = port

    @property
    def transport(self):
        """The table of dunning.toml that leads here."""
        table = f'[transport]\nadapter = "smtp"\nhost = "127.0.0.1"\nport = {self.port}\nsecurity = "none"\n'
        return table + 'domain = "levente.example"\n'

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if address in self.refuse:
            return "550 5.1.1 mailbox unknown"
        if address == self.later:
            return "450 not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.envelopes.append(tuple(envelope.rcpt_tos))
        self.messages.append((envelope.rcpt_tos[0], message_from_bytes(envelope.content, policy=policy.default)))
        self.arrived()
        return "250 taken"

    def arrived(self):
        """What else happens when a letter was taken."""

    def take(self):
        taken, self.messages, self.envelopes = self.messages, [], []
        return dict(taken)


@contextmanager
def mail_server():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    handler = Inbox(port)
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield handler
    finally:
        server.stop()
