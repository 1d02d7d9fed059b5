"""Marks every request as sent by TLS, for bucket policies that refuse plain HTTP.

The gateway listens on the loopback alone, so no request leaves the machine.
"""

from ministack import app


def install() -> None:
    """Pin each request's origin as secure."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda source_ip, secure_transport: pin(source_ip, True)
