"""Search over everything in the admin: one box, and results by kind."""
