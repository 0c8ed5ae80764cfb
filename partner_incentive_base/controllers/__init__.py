from . import portal
from . import portal_statement
from . import portal_payouts
from . import statement_files
