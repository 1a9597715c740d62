"""Reading a text: what is cut off it, where its sentences and numbers are, what a reader stumbles over."""
