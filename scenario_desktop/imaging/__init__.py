"""Pixels: safe decoding, thumbnails and control maps, run in worker processes.

Shared by the engine and the services; knows neither Qt, HTTP nor SQLite. OpenCV, numpy and Pillow
are imported where they are used, so that importing this package costs nothing.
"""
