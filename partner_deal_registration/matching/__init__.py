"""Tells whether two records are the same customer; values in, values out.

:mod:`.normalise` makes keys of names, addresses, phones and web addresses,
:mod:`.similarity` compares names, :mod:`.evidence` weighs all fields together and
says why. Nothing here knows the ORM.
"""

from . import evidence, normalise, similarity
