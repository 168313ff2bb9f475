"""The tools above a list of the admin: its search, saved filters and exports."""

from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe
from unfold.admin import ModelAdmin

from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.backoffice.lists.checked import CheckedListMixin
from releasehub.backoffice.lists.exports import FORMATS, export_response
from releasehub.backoffice.lists.saved import clean_query, delete_filter, filters_of, save_filter
from releasehub.backoffice.pages import model_url
from releasehub.core.actor import Origin
from releasehub.core.errors import DomainError
from releasehub.core.requests import actor_of

MAX_SEARCHED_ROWS = 250_000


class BoundedSearchMixin(ModelAdmin):
    """Searches the newest rows only, because no index answers which rows contain a text.

    With five million versions, a search of all rows kept the database busy for eleven seconds.
    """

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Return the matches among the newest rows of the list; its filters apply before they are counted."""
        if search_term.strip():
            newest = queryset.order_by("-pk").values_list("pk", flat=True)
            oldest = newest[MAX_SEARCHED_ROWS - 1 :].first()
            if oldest is not None:
                queryset = queryset.filter(pk__gte=oldest)
                self._tell_the_limit(request)
        return super().get_search_results(request, queryset, search_term)

    def _tell_the_limit(self, request: HttpRequest) -> None:
        """Say so on the list itself. Choices in forms and the search of the whole admin have no place for it."""
        match = request.resolver_match
        if match and str(match.url_name).endswith("_changelist"):
            text = f"Only the newest {MAX_SEARCHED_ROWS:,} rows were searched. Filter the list to search older rows."
            messages.info(request, text)


class ListToolsMixin(BoundedSearchMixin, CheckedListMixin):
    """Adds the tools to the list, and the URLs behind them.

    Attributes:
        export_formats: The formats that the list offers; none for a list with an export of its own.
    """

    list_before_template = "admin/releasehub/list_tools.html"
    export_formats: ClassVar[tuple[str, ...]] = FORMATS

    def get_urls(self) -> list[Any]:
        view, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("export.<slug:form>", view(self.list_export_view), name=f"{name}_export"),
            path("filters/", view(self.filters_view), name=f"{name}_filters"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        query = clean_query(request.GET.urlencode())
        context: dict[str, Any] = {
            "saved_filters": filters_of(request.user, self.model._meta.label_lower),  # type: ignore[arg-type]
            "filter_query": query,
            "filters_url": model_url(self.model, "filters"),
            "exports": [(form.upper(), model_url(self.model, "export", form)) for form in self.export_formats],
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @method_decorator(require_safe)
    def list_export_view(self, request: HttpRequest, form: str) -> StreamingHttpResponse:
        """Stream what the list shows, for all rows that match its filters, and record who exported it."""
        if form not in self.export_formats:
            raise Http404
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        rows = self.filtered_rows(request)
        # An export changes no rows; the audit row says who took them out of the hub.
        changes = {"list": self.model._meta.label_lower, "format": form, "query": request.GET.urlencode()[:1000]}
        label = str(self.model._meta.verbose_name_plural)
        actor = actor_of(request, origin=Origin.ADMIN)
        audit.record(actor=actor, action=AuditAction.LIST_EXPORT, label=label, changes=changes)
        names = [name for name in super().get_list_display(request) if name != "action_checkbox"]
        return export_response(form, rows, names, self)

    def filtered_rows(self, request: HttpRequest) -> Any:
        """Return all rows that match the filters of the list.

        Raises:
            BadRequest: A filter is invalid. The list itself shows all rows then, which are not what the user wants to
                export.
        """
        try:
            return self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters as error:
            raise BadRequest from error

    @method_decorator(require_POST)
    def filters_view(self, request: HttpRequest) -> HttpResponse:
        """Save the filter of the list under a name, or delete one, and return to the list."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        model, query = self.model._meta.label_lower, clean_query(request.POST.get("query", ""))
        user: Any = request.user
        try:
            if "delete" in request.POST:
                delete_filter(user=user, model=model, pk=request.POST["delete"])
            else:
                save_filter(user=user, model=model, name=request.POST.get("name", ""), query=query)
        except DomainError as error:
            self.message_user(request, error.message, messages.ERROR)
        url = model_url(self.model, "changelist")
        return HttpResponseRedirect(f"{url}?{query}" if query else url)
