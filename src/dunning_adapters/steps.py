"""A delivery step by step, by any transport: those that cannot stop on the way take one step."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

from dunning_adapters.marking import UNMARKED
from dunning_adapters.ports import Mark, Receipt, Steps, Transport, Verdict, Wait
from dunning_core.document import Document

Result = TypeVar("Result")


def delivery(transport: Transport, document: Document, mark: Mark) -> Steps:
    """Deliver a document, marked as late as the transport can. Raises what the transport and the mark raise."""
    own: Any = transport  # to ask for a Protocol takes much longer
    if hasattr(own, "in_steps"):
        receipt: Receipt = yield from own.in_steps(document, mark)
        return receipt
    if hasattr(own, "deliver_marked"):
        receipt = own.deliver_marked(document, mark)
        return receipt
    if (yield mark) is None:
        return Receipt(document.letter, Verdict.LATER, UNMARKED)
    return transport.deliver(document)


def alone(steps: Generator[Wait | Mark, float | None, Result]) -> Result:
    """Take all steps of a delivery, one after the other; it does its own waiting. Raises what the mark raises, unless
    the delivery makes something else of it."""
    try:
        step = next(steps)
        while True:
            try:
                until = step() if callable(step) else None
            except BaseException as error:  # noqa: BLE001 - it belongs to the delivery, which has to leave its line
                step = steps.throw(error)
            else:
                step = steps.send(until)
    except StopIteration as end:
        result: Result = end.value
        return result
