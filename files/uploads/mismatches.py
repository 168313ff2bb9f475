"""The errors for bytes that are not the ones a client declared."""

from releasehub.core.errors import ErrorCode, Rejected

UPLOAD_AGAIN = "Upload the file again."


def size_differs(received_bytes: int, declared_bytes: int) -> Rejected:
    message = f"{received_bytes} bytes arrived, but {declared_bytes} were declared. {UPLOAD_AGAIN}"
    return Rejected(ErrorCode.FILE_INCOMPLETE, message, received=received_bytes)


def digest_differs(
    algorithm: str, received: str, declared: str, *, field: str = "", advice: str = UPLOAD_AGAIN
) -> Rejected:
    """Return the error for bytes with a different digest than the declared one.

    Args:
        algorithm: The name of the algorithm, such as `SHA-256`.
        field: The input that declared the digest.
        advice: A sentence that says how to fix it.
    """
    message = f"The {algorithm} of the file is {received}, but {declared} was declared. {advice}"
    return Rejected(ErrorCode.FILE_DIGEST_DIFFERS, message, field=field, received=received)
