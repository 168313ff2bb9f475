"""The HTTP APIs of the hub: one folder per dialect above the same domain services, and `common` for what they share.

A dialect is an adapter: it parses a request, calls a service, and writes the response in its own names, statuses and
error format. It contains no business rule. Dialects do not import each other.

Every dialect uses the same module names; it leaves out a module that it does not need:

- `urls.py`: the routes.
- `viewsets.py`: the base view set of the dialect. `<resource>_viewsets.py`: the view sets of one resource, such as
  `version_viewsets.py`. Plain Django views are in `<resource>_views.py`.
- `serializers.py`: the shapes of responses. `input_serializers.py`: the shapes of request bodies and queries.
  `<resource>_serializers.py`: both, when only that resource uses them.
- `errors.py`: the error format, and exceptions that only this dialect raises.
- `pagination.py`, `filters.py`, `loading.py`, `throttling.py`: pages, filters and ordering of lists, bulk loading for
  serializers, and rate limits.
- `schema.py`: what the OpenAPI schema says beyond the fields of the serializers.
- `webhook_payloads.py`: the `data` of webhooks in the format of the dialect. `webhook_terms.py`: its event names.
"""
