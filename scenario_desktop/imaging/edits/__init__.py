"""Changes of whole pictures by classical methods: enlarging, fitting, backgrounds and faces.

Each module is a set of pure functions from arrays to arrays; ``imaging.edit_tasks`` reads and
writes the files. What plans without pixels (``refine``, ``adjust``) imports OpenCV only where it is
used.
"""
