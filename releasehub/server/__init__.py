"""The processes of the hub: web server, worker and scheduler, with health checks and metrics for the operator.

Start reading with `management/commands/serve.py` for `make run`, with `wsgi.py` and `celery.py` for a deployment, and
with `bridge.py` for the way of a request from Granian to Django.
"""
