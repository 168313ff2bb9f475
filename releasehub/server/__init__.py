"""Run the hub: web server, worker, scheduler, and what an operator looks at.

In: the command line, the environment and connections. Out: processes that serve requests and tasks, and their health.
Start with `management/commands/serve.py` for `make run`, with `wsgi.py` and `celery.py` for a deployment, and with
`bridge.py` for how a request gets from Granian to Django.
"""
