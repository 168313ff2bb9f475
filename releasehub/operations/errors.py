"""The error of all operations."""


class OperationError(Exception):
    """The operation cannot continue. The message says why, and what the operator can do."""
