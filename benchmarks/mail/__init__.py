"""Parts of the benchmarks of sending: a store to send from, a process that is measured, and peers."""
