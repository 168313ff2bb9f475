"""Errors that only the mc-dm dialect raises. Its error format is that of the hub, in `common.envelope`."""

from __future__ import annotations

from rest_framework import exceptions

from releasehub.api.common.envelope import PHRASE


class ParentFilterRequired(exceptions.APIException):
    """A list was requested across all parents, which only super-user keys may do."""

    status_code = 400
    default_code = PHRASE + "parent_filter_required"

    def __init__(self, parameter: str) -> None:
        super().__init__(f"The parameter {parameter} is required for this key.")
        self.params = {"field": parameter}
