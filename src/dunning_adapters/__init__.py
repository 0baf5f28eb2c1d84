"""Everything of dunning that touches the world: sources, histories, transports, and the runner that joins them."""
