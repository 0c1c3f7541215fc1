"""Text and pictures from OpenAI and from every server that speaks its protocol.

The only package that imports `openai`, which costs half a second and 40 MB: it belongs in the worker. This file and
`options` import nothing heavy.
"""
