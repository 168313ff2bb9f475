"""The base of the view sets of the native API, whose error format is that of the hub, in `common.envelope`."""

from releasehub.api.common.envelope import HubEnvelopeMixin
from releasehub.api.common.viewsets import HubViewSet


class NativeViewSet(HubEnvelopeMixin, HubViewSet):
    """A view set with the error format of the hub. Its URLs contain public ids."""

    lookup_field = "public_id"
    lookup_value_regex = "[a-z0-9]{1,24}"
