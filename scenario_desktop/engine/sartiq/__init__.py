"""The engine's second half, under /api/v1: generations, predictions, refines and training.

It shares the database, the stored files, the signed addresses and the workers with the first half,
and knows nothing else of it.
"""
