from . import portal
from . import portal_statement
from . import portal_payouts
from . import portal_dispute
from . import portal_preview
from . import portal_policies
from . import portal_team
from . import statement_files
