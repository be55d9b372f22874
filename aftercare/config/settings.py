"""Settings: one file, from the environment alone (docs/reference/settings.md lists every variable)."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from aftercare import __version__

from .home import aftercare_home

BASE_DIR = Path(__file__).resolve().parent.parent
AFTERCARE_HOME = aftercare_home()
DEBUG = os.environ.get("AFTERCARE_DEBUG") == "1"


def _secret() -> str:
    from aftercare.privacy.keyring import create_keys, keys_file

    if os.environ.get("AFTERCARE_KEYS"):
        import json

        return str(json.loads(os.environ["AFTERCARE_KEYS"])["secret"])
    if not keys_file(AFTERCARE_HOME).exists():
        create_keys(AFTERCARE_HOME)
    import json

    return str(json.loads(keys_file(AFTERCARE_HOME).read_text())["secret"])


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "aftercare.config.postgres",
        "NAME": unquote(parts.path.lstrip("/")) or "aftercare",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", "") or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": int(os.environ.get("AFTERCARE_CONN_MAX_AGE", "300")),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "application_name": "aftercare",
            "server_side_binding": True,
            "prepare_threshold": 3,
            **query,
        },
        "TEST": {"TEMPLATE": os.environ.get("AFTERCARE_TEST_TEMPLATE", "template0")},
    }


SECRET_KEY = _secret()
ALLOWED_HOSTS = os.environ.get("AFTERCARE_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")
PUBLIC_URL = os.environ.get("AFTERCARE_URL", "http://127.0.0.1:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL.startswith("https://") else []
# open pages served at once, a web process
LIVE_STREAMS = int(os.environ.get("AFTERCARE_LIVE_STREAMS", "100"))
WEBHOOKS_MAY_BE_LOCAL = os.environ.get("AFTERCARE_LOCAL_WEBHOOKS") == "1"
DATABASES = {"default": _database(os.environ.get("DATABASE_URL", "postgresql:///aftercare"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "procrastinate.contrib.django",
    "aftercare.ledger",
    "aftercare.privacy",
    "aftercare.files",
    "aftercare.people",
    "aftercare.policies",
    "aftercare.customers",
    "aftercare.workspace",
    "aftercare.products",
    "aftercare.sla",
    "aftercare.parts",
    "aftercare.triage",
    "aftercare.knowledge",
    "aftercare.intake",
    "aftercare.workorders",
    "aftercare.visits",
    "aftercare.dispatch",
    "aftercare.followup",
    "aftercare.payments",
    "aftercare.supervision",
    "aftercare.quality",
    "aftercare.complaints",
    "aftercare.drafting",
    "aftercare.notices",
    "aftercare.analytics",
    "aftercare.pages",
    "aftercare.config.apps.ConfigApp",
]
MIDDLEWARE = [
    "aftercare.pages.middleware.Compressed",
    "aftercare.pages.middleware.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "aftercare.pages.middleware.ReaderLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "aftercare.pages.middleware.Refusals",
]
ROOT_URLCONF = "aftercare.config.urls"
WSGI_APPLICATION = "aftercare.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "pages" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "aftercare.pages.context.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "aftercare.pages.templatetags.show",
                "aftercare.pages.templatetags.board",
                "aftercare.pages.templatetags.cells",
                "aftercare.pages.templatetags.rows",
            ],
            "string_if_invalid": "",
        },
    }
]

AUTH_USER_MODEL = "people.Staff"
AUTHENTICATION_BACKENDS = ["aftercare.pages.account.StaffBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "number"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PRESERVE_USERNAME_CASING = True
ACCOUNT_ADAPTER = "aftercare.pages.account.StaffAdapter"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "10/m/ip,5/5m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Aftercare"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

SESSION_ENGINE = "aftercare.config.sessions"
SESSION_COOKIE_AGE = int(os.environ.get("AFTERCARE_SESSION_HOURS", "12")) * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
IDLE_MINUTES = int(os.environ.get("AFTERCARE_IDLE_MINUTES", "60"))
CSRF_COOKIE_HTTPONLY = False
CSRF_FAILURE_VIEW = "aftercare.pages.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PUBLIC_URL.startswith("https://") else None
TRUSTED_PROXIES = int(os.environ.get("AFTERCARE_PROXIES", "0"))
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = f"/static/{__version__}/"
STATICFILES_DIRS = [BASE_DIR / "pages" / "static"]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 31536000

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"},
    # the frame of pages, in this process
    "template_fragments": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
EMAIL_HOST = os.environ.get("AFTERCARE_SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("AFTERCARE_SMTP_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("AFTERCARE_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("AFTERCARE_SMTP_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("AFTERCARE_SMTP_TLS") == "1"
EMAIL_TIMEOUT = 10
ALERT_CHANNELS = [name for name in os.environ.get("AFTERCARE_ALERTS", "sms,mail,apprise").split(",") if name]
SMS_GATEWAY = os.environ.get("AFTERCARE_SMS", "generic")
POSITIONS_KEPT_FOR = timedelta(hours=float(os.environ.get("AFTERCARE_POSITION_HOURS", "2")))
TRAVEL = os.environ.get("AFTERCARE_TRAVEL", "")
SEARCH_URL = os.environ.get("AFTERCARE_SEARCH_URL", "").rstrip("/")
PAYMENTS = os.environ.get("AFTERCARE_PAYMENTS", "")
PAYMENT_SECRET = os.environ.get("AFTERCARE_PAYMENT_SECRET", "")
if PAYMENTS not in ("", "sandbox") and not PAYMENTS.startswith(("https://", "http://127.0.0.1")):
    raise ImproperlyConfigured("AFTERCARE_PAYMENTS: expected sandbox, or the https:// address of a gateway")
if PAYMENTS not in ("", "sandbox") and not PAYMENT_SECRET.startswith("whsec_"):
    raise ImproperlyConfigured("AFTERCARE_PAYMENT_SECRET: expected whsec_… shared with the gateway")
DRAFTING_URL = os.environ.get("AFTERCARE_DRAFTING_URL", "").rstrip("/")
DRAFTING_MODEL = os.environ.get("AFTERCARE_DRAFTING_MODEL", "")
DRAFTING_KEY = os.environ.get("AFTERCARE_DRAFTING_KEY", "")
MAP_TILES = os.environ.get("AFTERCARE_MAP", "")
MAP_KEY = os.environ.get("AFTERCARE_MAP_KEY", "")
MAP_SYSTEM = os.environ.get("AFTERCARE_MAP_SYSTEM", "")
if MAP_SYSTEM not in ("", "wgs84", "gcj02", "bd09"):
    raise ImproperlyConfigured("AFTERCARE_MAP_SYSTEM: expected wgs84, gcj02 or bd09")
if (
    MAP_TILES
    and MAP_TILES not in ("osm", "carto", "amap", "tencent", "tianditu")
    and not (MAP_TILES.startswith(("https://", "http://")) and "{x}" in MAP_TILES and "{z}" in MAP_TILES)
):
    raise ImproperlyConfigured(
        "AFTERCARE_MAP: expected osm, carto, amap, tencent, tianditu, or an address with {z}, {x} and {y}"
    )
SMS_URL = os.environ.get("AFTERCARE_SMS_URL", "")
SMS_KEY = os.environ.get("AFTERCARE_SMS_KEY", "")
SMS_SECRET = os.environ.get("AFTERCARE_SMS_SECRET", "")
SMS_SIGN = os.environ.get("AFTERCARE_SMS_SIGN", "")
SMS_TEMPLATE = os.environ.get("AFTERCARE_SMS_TEMPLATE", "")
SMS_APP = os.environ.get("AFTERCARE_SMS_APP", "")
APPRISE_URLS = os.environ.get("AFTERCARE_APPRISE", "").split()
DEFAULT_FROM_EMAIL = os.environ.get("AFTERCARE_MAIL_FROM", "service@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": os.environ.get("AFTERCARE_LOG", "WARNING")},
    "loggers": {"django.request": {"level": "ERROR"}, "procrastinate": {"level": "WARNING"}},
}
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]
