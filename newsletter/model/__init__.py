"""The shapes that the rooms share: frozen dataclasses, states and their transitions."""
