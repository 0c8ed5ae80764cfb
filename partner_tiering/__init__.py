from . import controllers
from . import metrics
from . import models
from . import report
from . import scoring
from . import wizards
