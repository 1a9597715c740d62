"""What is served over HTTP; imported by `newsletter web` and `newsletter run` alone."""
