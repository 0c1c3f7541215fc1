"""The page where people review. All of it is files for the browser but `serving.py`, which hands them out."""
