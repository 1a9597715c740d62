"""What a list has been told already, so that it is not told again."""
