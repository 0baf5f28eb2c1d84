"""Dunning rules as pure functions: facts in, decisions and documents out."""
