"""What offers count: SQL that reduces documents to volumes.

:mod:`.measure` describes a measure, :mod:`.query` composes the one statement that
yields the volumes of all offers which share a source of lines. The registry is the
model ``partner.incentive.measure``, so that it holds what the database has installed.
"""

from . import measure, query
