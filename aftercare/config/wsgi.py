"""The web application, for `aftercare up` and any other WSGI server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aftercare.config.settings")
application = get_wsgi_application()
