"""Tell the layers above when an actor gives a version content: a file was added or restored."""

from releasehub.core.actor import Actor
from releasehub.core.listeners import Listeners
from versions.models import Version

announce_new_content = Listeners[[Actor, Version]]()
