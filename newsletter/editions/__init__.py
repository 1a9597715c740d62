"""When an edition is due, what weighs more, and how an edition is composed."""
