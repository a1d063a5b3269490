"""The public names: ``from breathcore import analyse, open_session``."""

from breathcore.estimate.offline import Analysis, analyse
from breathcore.model.errors import BreathcoreError
from breathcore.model.estimates import Breath
from breathcore.session.recording import Session, open_session

__all__ = ["Analysis", "Breath", "BreathcoreError", "Session", "analyse", "open_session"]
