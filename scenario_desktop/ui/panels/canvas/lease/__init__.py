"""The lock as the user meets it: the bar, the questions, strokes that were put aside."""
