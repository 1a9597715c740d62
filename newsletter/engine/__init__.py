"""Who carries out the work: this process alone, or workers on many machines that share a queue."""
