"""The pages of the steps on an account, and their buttons on the page of a user."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from releasehub.accounts.models import User
from releasehub.accounts.user_policies import user_policy
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.confirming import ask_for_password
from releasehub.backoffice.pages import admin_page
from releasehub.backoffice.people.forms import StepForm
from releasehub.backoffice.people.steps import STEPS, PersonStep
from releasehub.core.errors import DomainError


class PeopleMixin(ModelAdmin):
    """Adds a button for each step to the page of a user, and the page behind it."""

    change_form_outer_before_template = "admin/releasehub/buttons.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.step_view)
        return [path("<int:pk>/step/<slug:name>/", view, name="accounts_user_step"), *super().get_urls()]

    def offers_step(self, request: HttpRequest, step: PersonStep, user: User) -> bool:
        is_open = user.anonymized_at is None and step.applies(user)
        return is_open and user_policy.allows(step.question, admin_actor(request), user)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if (user := kwargs.get("obj")) is not None:
            steps = [step for step in STEPS if self.offers_step(request, step, user)]
            urls = [(step, reverse("admin:accounts_user_step", args=[user.pk, step.name])) for step in steps]
            context["row_actions"] = [*context.get("row_actions", ()), *urls]
        return super().render_change_form(request, context, *args, **kwargs)

    def step_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Show what the step will change, with numbers, and carry it out when the form is submitted."""
        step = next((step for step in STEPS if step.name == name), None)
        user = User.objects.filter(pk=pk).first()
        if step is None or user is None or not self.offers_step(request, step, user):
            raise Http404
        form = step.form(request.POST if request.method == "POST" else None, user=user)
        if form.is_valid():
            ask_for_password(request)
        if form.is_valid() and self._take(request, step, user, form):
            return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[pk]))
        return admin_page(
            request,
            "releasehub/person_step",
            f"{step.label}: {user}",
            model=self.model,
            step=step,
            subject=user,
            counts=step.counts(user),
            form=form,
        )

    def _take(self, request: HttpRequest, step: PersonStep, user: User, form: StepForm) -> bool:
        """Call the service, and return whether it did the step. An error is shown in the form."""
        try:
            step.run(admin_actor(request), user, form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
            return False
        user.refresh_from_db()  # an anonymized account has another name
        self.message_user(request, step.done.format(user=user), messages.SUCCESS)
        return True
