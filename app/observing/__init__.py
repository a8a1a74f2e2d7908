"""What operators see of the service: metrics, logs, traces and the time that each phase of a request takes."""
