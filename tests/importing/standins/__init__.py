"""Stand-ins of other hosts, with the answers that their public documentation shows."""
