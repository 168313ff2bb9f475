"""Everything the hub sends to addresses that somebody else chose: one guarded HTTP client."""
