"""What is served over HTTP; imported by `newsletter web` alone."""
