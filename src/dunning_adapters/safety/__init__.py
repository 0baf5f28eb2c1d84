"""What holds sending back: a copy that rehearses, caps, a window, a switch. `guard` puts them before every run."""
