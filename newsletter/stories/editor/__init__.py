"""The summarizer `editor`: what is seen in a sentence, what it is worth, and which ones are told together."""
