"""The loopback stands for TLS: bucket policies that refuse plain HTTP see every request on it as secure.

Nothing leaves the machine, and the gateway listens on no other address.
"""

from ministack import app


def install() -> None:
    """Pin each request's origin as secure."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda source_ip, secure_transport: pin(source_ip, True)
