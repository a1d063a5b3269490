"""breathcore: see your breath.

``import breathcore`` loads nothing else; the public names of :mod:`breathcore._api` are fetched on first use.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from breathcore._api import Analysis, Breath, BreathcoreError, Session, analyse, open_session

__version__ = "0.1.0"
__all__ = ["Analysis", "Breath", "BreathcoreError", "Session", "analyse", "open_session"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from breathcore import _api

        return getattr(_api, name)
    raise AttributeError(f"module 'breathcore' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
