"""The HTTP client for URLs that users have entered. It cannot reach private networks, unless the operator allows it."""
