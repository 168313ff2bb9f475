"""What runs the hub: the bridge between Granian and Django, and the command line of the web server."""
