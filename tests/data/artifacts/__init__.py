"""Files as release tools write them: packages, images, installers and archives, each as small as its form allows.

`ARTIFACTS` maps a file name to the function that builds it and to the codes of the findings it may have: legitimate
artifacts have warnings at most. `DECEIVING` has the same forms with a trick in them. The samples in
`tests/data/archives` were written by real tools; these are forms whose tools are rarely installed.

    python -m tests.data.artifacts.write FOLDER
"""

from tests.data.artifacts.deceiving import DECEIVING
from tests.data.artifacts.forms import FORMS
from tests.data.artifacts.programs import PROGRAMS
from tests.data.artifacts.systems import SYSTEMS

ARTIFACTS = SYSTEMS | PROGRAMS | FORMS

__all__ = ["ARTIFACTS", "DECEIVING"]
