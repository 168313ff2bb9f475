"""Pages of the admin that help people: disable, sign out, transfer and merge accounts."""
