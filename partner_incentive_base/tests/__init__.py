from . import (
    test_engine_accrual,
    test_engine_allocation,
    test_engine_calculation,
    test_engine_guarantee,
    test_engine_scale,
    test_engine_settlement,
    test_engine_windows,
)
