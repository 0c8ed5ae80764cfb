from . import test_access
from . import test_concurrency
from . import test_money
from . import test_periods
from . import test_portal
from . import test_property
from . import test_tours
