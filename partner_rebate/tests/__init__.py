from . import test_adjustment
from . import test_measures
from . import test_money
from . import test_payout
from . import test_run
from . import test_settlement
from . import test_tours
from . import test_versions
