"""What scorecards measure: SQL that reduces records to sums per partner.

:mod:`.source` describes a source, :mod:`.query` composes the statement per metric. The
registry is the model ``partner.metric.source``, so that it holds what is installed.
"""

from . import query, source
