from . import controllers, matching, models, report, wizards
from .hooks import post_init_hook
