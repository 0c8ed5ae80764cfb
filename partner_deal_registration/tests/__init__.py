from . import test_access
from . import test_concurrency
from . import test_credit
from . import test_deadline
from . import test_duplicate
from . import test_portal
from . import test_state
from . import test_tour
