"""Presets for the most frequent uses of API keys, and snippets that use a new key."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from downloads.models import Download
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.scopes import Scope
from releasehub.core.site import site_url

LABELS = dict(Scope.choices)


@dataclass(frozen=True)
class KeyPreset:
    """A filled-in form.

    Attributes:
        slug: The value of the parameter `preset`.
        label: The text of the link.
        name: The name of the key.
        scopes: The chosen scopes.
        days: The lifetime.
    """

    slug: str
    label: Any
    name: str
    scopes: tuple[Scope, ...]
    days: int

    @property
    def initial(self) -> dict[str, Any]:
        return {"name": self.name, "scopes": list(self.scopes), "days": self.days}


PRESETS = (
    KeyPreset("ci", _("Publish from CI to one download"), "CI", (Scope.DOWNLOAD_READ, Scope.DOWNLOAD_WRITE), 365),
    KeyPreset("read", _("Read only"), "Reader", (Scope.DOWNLOAD_READ, Scope.CATEGORY_READ, Scope.RELEASE_READ), 365),
    KeyPreset("webhooks", _("Manage webhooks"), "Webhooks", (Scope.WEBHOOK_READ, Scope.WEBHOOK_WRITE), 365),
)


def initial_of(slug: str) -> dict[str, Any]:
    """Return the initial values of a preset. An unknown preset has none."""
    return next((preset.initial for preset in PRESETS if preset.slug == slug), {})


def scopes_in_words(key: ApiKey) -> list[str]:
    return [str(LABELS.get(scope, scope)) for scope in key.scopes]


def snippets_of(key: ApiKey, secret: str) -> list[tuple[str, str]]:
    """Return titles and texts that use the key, for the download that it is bound to."""
    bound = Download.objects.filter(pk__in=key.download_ids).values_list("slug", flat=True).first()
    hub, slug = site_url(), bound or "my-download"
    return [
        ("curl", f'curl -H "XF-Api-Key: {secret}" {hub}/api/mc-dm-downloads/'),
        ("releasehub", f"export RELEASEHUB_URL={hub}\nexport RELEASEHUB_API_KEY={secret}\n"
         f"releasehub publish {slug}@1.0.0 dist/*"),
        ("GitHub Actions", "- name: Publish\n  env:\n"
         f"    RELEASEHUB_URL: {hub}\n    RELEASEHUB_API_KEY: ${{{{ secrets.RELEASEHUB_API_KEY }}}}\n"
         f'  run: releasehub publish "{slug}@${{GITHUB_REF_NAME#v}}" dist/* --strict'),
    ]  # fmt: skip
