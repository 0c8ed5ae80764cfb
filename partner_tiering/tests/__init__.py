from . import test_scoring
from . import test_scorecard
from . import test_tier_change
from . import test_demo
from . import test_deployment
from . import test_joint
from . import test_portal
from . import test_access
