"""Refine: predictions, refines and pictures made larger, with the plan in words before they go."""
