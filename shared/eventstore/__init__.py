"""The event store: saving events, group commit, and the relay that publishes them."""
