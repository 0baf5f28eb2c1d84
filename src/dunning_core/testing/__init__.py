"""What an integrator's own test suite can use: strategies, laws, and a player of dated scenarios."""
