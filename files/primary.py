"""The primary file of a version: the one that is offered to someone who names neither a file nor a platform."""

from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from files.models import File
from versions.models import Version
from versions.platforms import architecture_place, fold_architecture, platform_key

KIND_ORDER = (
    File.FileKind.PACKAGE,
    File.FileKind.OTHER,
    File.FileKind.LOCKFILE,
    File.FileKind.SBOM,
    File.FileKind.SIGNATURE,
)
UNDECLARED = 0
# Packages that only some distributions of Linux can install.
DISTRIBUTION_ENDINGS = (".apk", ".deb", ".flatpak", ".ipk", ".pkg.tar.xz", ".pkg.tar.zst", ".rpm", ".snap")
COMPARED_FIELDS = (
    "folded_name",
    "kind",
    "display_order",
    "platform",
    "architecture",
    "is_primary",
    "is_primary_choice",
    "deleted_at",
    "validation_status",
)


def elect_primary_file(version: Version, changed: File | None = None) -> None:
    """Make the right file of the version the primary one, or none if no file passed or waits for its checks.

    A file that the team chose wins. Without a choice, `preference` decides. The result depends on the files alone, so
    parallel uploads give the same primary in whatever order they finish. Call it with the version locked, after every
    change to its files; `changed` is the loaded file that the caller is working with.
    """
    may_win = Q(deleted_at=None) & ~Q(validation_status=File.Validation.FAILED)
    rows = list(
        File.all_objects.filter(may_win | Q(is_primary=True), version=version).only(*COMPARED_FIELDS).order_by()
    )
    winner = min((row for row in rows if can_be_primary(row)), key=preference, default=None)
    elected = winner.pk if winner else 0
    # The caller answers with the `updated_at` it has just saved; for every other row the move is a change.
    own_pk = changed.pk if changed else 0
    moved_at = Case(When(pk=own_pk, then=F("updated_at")), default=Value(timezone.now()))
    # The constraint allows one primary file at any moment, so the previous one steps down first.
    if previous := [row.pk for row in rows if row.is_primary and row.pk != elected]:
        File.all_objects.filter(pk__in=previous).update(is_primary=False, updated_at=moved_at)
    if winner is not None and not winner.is_primary:
        File.objects.filter(pk=elected).update(is_primary=True, updated_at=moved_at)
    if changed is not None:
        changed.is_primary = own_pk == elected


def can_be_primary(file: File) -> bool:
    return file.deleted_at is None and file.validation_status != File.Validation.FAILED


def choose_primary_file(file: File, is_chosen: bool | None) -> None:
    """Set or clear the explicit choice of the primary file. A new choice ends an earlier one; None changes nothing."""
    if is_chosen:
        earlier = File.all_objects.filter(version=file.version_id, is_primary_choice=True)
        earlier.exclude(pk=file.pk).update(is_primary_choice=False)
    if is_chosen is not None:
        file.is_primary_choice = is_chosen


def preference(file: File) -> tuple[bool, int, bool, int, bool, int, bool, str]:
    """Return a sort key; the smallest one is the primary file.

    The order is: the choice, the kind (packages first), the declared display order (1 first, undeclared last), a file
    for every platform, a file for every architecture or else for the most machines, a file for every distribution of
    Linux, the name. Of the names tool-linux.zip and tool-linux-debug.zip, the first one is the ordinary build, so dots
    come before other characters.
    """
    return (
        not file.is_primary_choice,
        KIND_ORDER.index(File.FileKind(file.kind)),
        file.display_order == UNDECLARED,
        file.display_order,
        bool(file.platform),
        architecture_place(file.platform, file.architecture),
        file.folded_name.endswith(DISTRIBUTION_ENDINGS),
        file.folded_name.replace(".", "\0"),
    )


def fitness(file: File, platform: str, architecture: str) -> tuple[bool, bool, bool, bool, bool, tuple[object, ...]]:
    """Return a sort key for files that suit a system; the smallest one is the file to offer.

    A package comes before everything else, then a file that names the system before one that suits all systems,
    and the same spelling before another one.
    """
    return (
        file.kind != File.FileKind.PACKAGE,
        bool(platform) and not file.platform,
        bool(platform) and platform_key(file.platform) != platform_key(platform),
        bool(architecture) and fold_architecture(file.architecture) != fold_architecture(architecture),
        not file.is_primary,
        preference(file),
    )
