"""The kit for features: one declaration makes the API, the form, the timer or the effect."""
