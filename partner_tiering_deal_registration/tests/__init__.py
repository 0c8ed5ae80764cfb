from . import test_registration_quality
