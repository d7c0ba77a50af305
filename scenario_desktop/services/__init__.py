"""What a user can do, without Qt.

Services raise AppError and emit psygnal signals on the loop's thread. They may import api, store,
imaging, items, paths and errors, and know neither the window nor the engine.
"""
