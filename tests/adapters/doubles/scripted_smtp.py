"""A mail server that follows a script: ordinary but for one phase, once."""

import socket
import ssl
import struct
import threading
from contextlib import suppress

FAULTS = {"4xx": b"451 not now\r\n", "5xx": b"550 never\r\n", "garbage": b"!? what\r\n"}
OFFERS = b"250-mx.example\r\n250 SIZE 100000000\r\n"
AT_ONCE = b"250-mx.example\r\n250-PIPELINING\r\n250 SIZE 100000000\r\n"


class Gone(Exception):  # noqa: N818 - the end of one connection
    pass


class ScriptedServer:
    """`fault` is a word (close, reset, cut, stall, drip, endless, 4xx, 5xx, garbage, lines) or the reply's very bytes.

    Phases are banner, the verbs (a number tells the second recipient from the first: rcpt2, and further letters on a
    connection: mail2), body (some of it is here), content (all of it but the dot), dot and quit. `letters` are the
    messages whose final dot arrived, `commands` everything that was asked, per connection. `most`: the server hangs up
    when it has said so many bytes. `context` secures every connection from the start, or from STARTTLS on when that is
    offered.
    """

    def __init__(self, phase="", fault=b"", *, offers=OFFERS, context=None, most=None):
        self.phase, self.fault, self.offers, self.context, self.most = phase, fault, offers, context, most
        self.letters, self.commands = [], []
        self.over, self.spoken = threading.Event(), threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)
        assert not self.thread.is_alive()

    def run(self):
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.commands.append([])
            self.line, self.buffer, self.recipients = line, b"", 0
            try:
                with suppress(OSError, Gone):
                    self.session()
            finally:
                self.line.close()  # a reset is only said by this
                self.spoken.set()

    def session(self):
        if self.context is not None and b"STARTTLS" not in self.offers:
            self.secure()
        self.say("banner", b"220 mx.example ESMTP\r\n")
        while True:
            command = self.until(b"\r\n").decode()
            self.commands[-1].append(command)
            verb = command.split()[0].lower()
            said = self.say(self.named(verb), self.reply(verb))
            if verb == "starttls" and said.startswith(b"220") and self.context is not None:
                self.secure()
            if said.startswith(b"354"):
                self.take()
            if verb == "quit":
                return

    def named(self, verb):
        self.recipients = self.recipients + 1 if verb == "rcpt" else 0 if verb == "mail" else self.recipients
        second = self.recipients > 1 if verb == "rcpt" else str(self.commands[-1]).count("MAIL") > 1
        return f"{verb}2" if second and verb in {"rcpt", "mail"} else verb

    def secure(self):
        self.line = self.context.wrap_socket(self.line, server_side=True)

    def reply(self, verb):
        own = {"ehlo": self.offers, "data": b"354 go ahead\r\n", "quit": b"221 bye\r\n", "auth": b"235 welcome\r\n"}
        own["starttls"] = b"220 go ahead\r\n"
        return own.get(verb, b"250 fine\r\n")

    def take(self):
        if self.struck("body"):
            self.more()
            self.strike(b"250 queued\r\n")
            self.spoken.set()
            while True:
                self.more()
        if self.struck("content"):
            while not self.buffer.endswith(b"\r\n"):
                self.more()
            self.strike(b"250 queued\r\n")
            self.spoken.set()
        self.letters.append(self.until(b"\r\n.\r\n"))
        self.say("dot", b"250 queued\r\n")

    def say(self, phase, words):
        if self.struck(phase):
            return self.strike(words)
        self.send(words)
        return words

    def send(self, words):
        if self.most is not None:
            words, self.most = words[: self.most], self.most - len(words)
        self.line.sendall(words)
        if self.most is not None and self.most < 0:
            self.most = None
            raise Gone

    def struck(self, phase):
        struck = phase == self.phase
        if struck:
            self.phase = "none any more"
        return struck

    def strike(self, words):
        match self.fault:
            case "close":
                self.line.shutdown(socket.SHUT_RDWR)
                raise Gone
            case "reset":
                self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                raise Gone
            case "cut":
                self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.line.sendall(b"550 n")
                self.over.wait(0.1)  # so that it is read before the reset, which would take it along
                raise Gone
            case "stall":
                self.over.wait(3)
                raise Gone
            case "drip" | "endless":
                self.drip(b"250-" + b"x" * 76 + b"\r\n" if self.fault == "endless" else b"2")
            case "lines":
                words = words.splitlines(keepends=True)[-1]
                words = words[:3] + b"-more\r\n" + words
            case _:
                words = FAULTS.get(self.fault, self.fault)
        self.line.sendall(words)
        return words

    def drip(self, drop):
        while not self.over.wait(0 if len(drop) > 1 else 0.05):
            self.line.sendall(drop)
        raise Gone

    def more(self):
        received = self.line.recv(65536)
        if not received:
            raise Gone
        self.buffer += received

    def until(self, end):
        while end not in self.buffer:
            self.more()
        found, _, self.buffer = self.buffer.partition(end)
        return found


def secured(folder, **changes):
    """A server's side of TLS with the certificate in the folder."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "host.pem", folder / "host.key")
    for name, value in changes.items():
        setattr(context, name, value)
    return context
