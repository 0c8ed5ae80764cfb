from . import metrics
from . import models
from . import report
from . import scoring
