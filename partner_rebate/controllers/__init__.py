from . import portal_outlook
from . import portal_sell_through
from . import portal_seller
from . import portal_terms
