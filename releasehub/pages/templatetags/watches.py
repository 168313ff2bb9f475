"""The form that watches a download or a category."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext

from downloads.models import Category, Download
from releasehub.accounts.mail_frequency import MailFrequency
from releasehub.community.models import Watch

register = template.Library()


@register.inclusion_tag("pages/parts/watch.html", takes_context=True)
def watch_form(
    context: dict[str, Any], target: Download | Category, watch: Watch | None, *, is_in_account: bool = False
) -> dict[str, Any]:
    """Render the button that starts a watch, or the menu of an existing one. Anonymous visitors have none."""
    user = context["request"].user
    usual = MailFrequency(user.version_mail) if user.is_authenticated else MailFrequency.AT_ONCE
    as_usual = gettext("Default: %(frequency)s") % {"frequency": usual.label}
    return {
        "csrf_token": context.get("csrf_token"),
        "is_signed_in": user.is_authenticated,
        "is_in_account": is_in_account,
        "target": target,
        "watch": watch,
        "url": reverse(f"pages:watch-{'download' if isinstance(target, Download) else 'category'}", args=[target.pk]),
        "usual": usual,
        "choices": [("", as_usual), *MailFrequency.choices],
    }
