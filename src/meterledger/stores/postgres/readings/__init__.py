"""Tables of received files, register readings, quarantined lines and published lake versions."""
