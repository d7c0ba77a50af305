"""The job bar at the bottom of the window, and the list of jobs that opens from it."""
