from . import (
    test_access,
    test_allocate,
    test_analysis,
    test_concurrency,
    test_money,
    test_periods,
    test_portal,
    test_mail,
    test_property,
    test_results,
)
from . import test_tours
