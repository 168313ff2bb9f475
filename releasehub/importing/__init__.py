"""Import releases from other hosts, once or on a schedule. Each kind of host is a source in `sources`."""
