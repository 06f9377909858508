"""Settings every test shares."""

from hypothesis import settings

settings.register_profile("lasercam", deadline=None)
settings.load_profile("lasercam")
