from . import test_credit
from . import test_deadline
from . import test_duplicate
from . import test_state
