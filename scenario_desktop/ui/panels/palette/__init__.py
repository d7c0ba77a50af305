"""The command palette: everything there is to do, find and open, by typing."""
