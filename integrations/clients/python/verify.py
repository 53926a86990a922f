"""Verifies one token with one published Python client: `verify.py CLIENT`, the case as JSON on standard input.

The case is `{"base", "site_key", "secret", "token"}`; the answer is `{"accepted", "codes"}`, as the client reports it.
"""

import json
import logging
import sys


def django_turnstile(case):
    configured_django(TURNSTILE_SECRET=case["secret"], TURNSTILE_VERIFY_URL=case["base"] + "/turnstile/v0/siteverify")
    from turnstile.fields import TurnstileField

    return validated(TurnstileField(), case["token"])


def django_hcaptcha(case):
    configured_django(HCAPTCHA_SECRET=case["secret"], HCAPTCHA_VERIFY_URL=case["base"] + "/siteverify")
    from hcaptcha.fields import hCaptchaField

    return validated(hCaptchaField(), case["token"])


def flask_xcaptcha(case):
    from flask_xcaptcha import XCaptcha

    verify_url = case["base"] + "/recaptcha/api/siteverify"
    captcha = XCaptcha(site_key=case["site_key"], secret_key=case["secret"], verify_url=verify_url)
    return captcha.verify(response=case["token"], remote_ip="127.0.0.1"), []


def friendly(case):
    from friendly_captcha_client.client import FriendlyCaptchaClient

    logging.disable()
    # Strict, since otherwise it accepts what it could not verify.
    client = FriendlyCaptchaClient(case["secret"], case["site_key"], api_endpoint=case["base"], strict=True)
    result = client.verify_captcha_response(case["token"])
    codes = [FriendlyCaptchaClient._normalize_error_code(result.error.error_code)] if result.error else []
    return result.should_accept, codes


def configured_django(**settings):
    from django.conf import settings as django_settings

    django_settings.configure(**settings)


def validated(field, token):
    from django.forms import ValidationError

    try:
        field.validate(token)
    except ValidationError as error:
        return False, [error.code]
    return True, []


CLIENTS = {
    "django-turnstile": django_turnstile,
    "django-hcaptcha": django_hcaptcha,
    "flask-xcaptcha": flask_xcaptcha,
    "friendly-captcha-client": friendly,
}

accepted, codes = CLIENTS[sys.argv[1]](json.load(sys.stdin))
print(json.dumps({"accepted": accepted, "codes": codes}))
