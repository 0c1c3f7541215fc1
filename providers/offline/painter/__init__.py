"""Paints a scene from a prompt: what to show, then sky, land, subjects, weather, and lettering.

Numbers come only from the request's own words, so that the same request gives the same picture.
"""

from __future__ import annotations

from providers.offline.painter.compose import paint

__all__ = ["paint"]
