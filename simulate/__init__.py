"""Delivery played through in the small: a model of the outbox, everything that can happen to it, and what must hold."""
