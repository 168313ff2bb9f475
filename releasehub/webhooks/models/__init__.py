"""The models of webhooks: events, endpoints, deliveries and attempts."""

from releasehub.webhooks.models.delivery import Attempt, Delivery, Payload
from releasehub.webhooks.models.endpoint import Endpoint
from releasehub.webhooks.models.event import Event, EventPruning, TrafficSignal
