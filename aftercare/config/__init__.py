"""Config: settings from the environment, URLs, the embedded database, and the whole schedule on one screen."""
