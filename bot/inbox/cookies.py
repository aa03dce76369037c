"""The inbox's two cookies: of the session, and the one by which a browser that logged in before is known."""

from __future__ import annotations

from dataclasses import dataclass

from sanic import HTTPResponse, Request

# A year: a device stays known over the summer. Browsers cut off at 400 days.
DEVICE_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class Cookies:
    """Reads and sets the cookies.

    Attributes:
        secure: False only on loopback without TLS, where browsers refuse the ``__Host-`` prefix.
    """

    secure: bool

    @property
    def session_name(self) -> str:
        """Name of the session's cookie."""
        return "__Host-brievenbus" if self.secure else "brievenbus"

    @property
    def device_name(self) -> str:
        """Name of the device's cookie."""
        return "__Host-apparaat" if self.secure else "apparaat"

    def session(self, request: Request) -> str:
        """The session's cookie, or an empty text."""
        return _value(request, self.session_name)

    def device(self, request: Request) -> str:
        """The device's cookie, or an empty text."""
        return _value(request, self.device_name)

    def begin(self, response: HTTPResponse, session: str, device: str = "") -> HTTPResponse:
        """Give the browser a session, until it closes; and when there is one, the device's value for a year."""
        self._set(response, self.session_name, session)
        if device:
            self._set(response, self.device_name, device, DEVICE_SECONDS)
        return response

    def end(self, response: HTTPResponse) -> HTTPResponse:
        """Take the session's cookie back; the device stays known."""
        self._set(response, self.session_name, "", 0)
        return response

    def _set(self, response: HTTPResponse, name: str, value: str, seconds: int | None = None) -> None:
        response.add_cookie(name, value, path="/", secure=self.secure, httponly=True, samesite="Lax", max_age=seconds)


def _value(request: Request, name: str) -> str:
    # Not ``request.cookies.get``: that would also take "__Secure-" + name, which another host of the domain can set.
    values = dict.get(request.cookies, name)
    return str(values[0]) if values else ""
