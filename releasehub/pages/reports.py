"""The page on which visitors report a download, a version, a comment or a review to the moderators."""

from django import forms
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from releasehub.community.models import Report
from releasehub.community.report_policy import Reportable, report_policy
from releasehub.community.services.reports import create_report, download_of, find_reportable, label_of
from releasehub.core.actor import Actor
from releasehub.pages.form_pages import form_page, require_form_methods
from releasehub.pages.forms import ServiceForm
from releasehub.pages.viewers import viewer_of

THANKS = _("Thank you. A moderator will look at your report.")


class ReportForm(ServiceForm):
    """The form of a report. Browsers hide the field `website`, so only programs that fill in every field send it."""

    reason = forms.ChoiceField(label=_("What is wrong?"), choices=Report.Reason.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("Description"),
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Say what you found and where. Only moderators read it."),
    )
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    @property
    def is_from_a_robot(self) -> bool:
        return bool(self.cleaned_data["website"])


@never_cache
@require_form_methods
def report(request: HttpRequest, kind: str, public_id: str) -> HttpResponseBase:
    actor = viewer_of(request)
    if report_policy.needs_account(actor):  # before anything else, so that the answer does not tell what exists
        return redirect_to_login(request.get_full_path())
    target = find_reportable(kind, public_id)
    report_policy.ensure_report(actor, target)
    form, download = ReportForm(request.POST or None), download_of(target)
    if form.is_valid() and _send(form, actor, target):
        messages.success(request, THANKS)
        return redirect(download.path)
    return form_page(request, "pages/report.html", form, download=download, label=label_of(target), kind=kind)


def _send(form: ReportForm, actor: Actor, target: Reportable) -> bool:
    """Create the report and return whether it was accepted. The report of a robot is dropped without telling it."""
    if form.is_from_a_robot:
        return True
    with form.refusals():
        create_report(actor=actor, target=target, reason=form.cleaned_data["reason"], text=form.cleaned_data["text"])
        return True
    return False
