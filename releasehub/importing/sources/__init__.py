"""Hosts that releases can be imported from. `base` is the interface, and `registry` has all kinds by name."""
