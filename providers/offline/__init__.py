"""The provider that needs no network, no key and no model: rules for words, a painter for pictures.

Everything is deterministic: the same request gives the same answer.
"""

from __future__ import annotations

from providers.offline.images import OfflineImages
from providers.offline.text import OfflineText

__all__ = ["OfflineImages", "OfflineText"]
