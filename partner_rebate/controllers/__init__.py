from . import portal_outlook
from . import portal_sell_through
