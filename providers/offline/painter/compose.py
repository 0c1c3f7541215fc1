"""stub"""
from __future__ import annotations
from PIL import Image
from domain.generation import ImageRequest
def paint(request: ImageRequest) -> Image.Image:
    return Image.new("RGB", (request.width, request.height), (40, 60, 90))
