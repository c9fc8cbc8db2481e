"""Shows what was decided, in files and on the terminal. Decides nothing, and measures nothing."""
