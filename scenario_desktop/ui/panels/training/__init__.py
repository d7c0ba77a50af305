"""Trainings: how one is doing, by its id; where a server has more, a list, a start, an end."""
