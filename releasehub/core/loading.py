"""Load code without garbage collections.

They visited all modules and classes that were loaded before, again and again, which took a quarter of the CPU time of a
start. Loaded code lives as long as the process, so later collections leave it out, too.
"""

import gc


def pause_collections() -> None:
    gc.disable()


def resume_collections() -> None:
    """Collect garbage again, but only among the objects that are created from now on."""
    gc.freeze()
    gc.enable()
