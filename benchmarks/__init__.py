"""What is measured by hand: each script says how to run it."""
