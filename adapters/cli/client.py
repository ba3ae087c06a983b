"""Client: one way to the HTTP API, whether it runs in this process or behind an address."""

import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from adapters.cli.errors import ProblemAnswer, ServerTrouble, WrongUse

if TYPE_CHECKING:
    import asyncio

    import httpx2

    from engine.secret import Secret

PAGE = 500
T = TypeVar("T")
_IN_PROCESS = "http://in-process"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answered: `body` is parsed JSON, or text where it is none."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def etag(self) -> str:
        """The version of what was answered, for If-Match."""
        return self.headers.get("etag", "")


class Client:
    """Sends requests as one principal to one sandbox. Close it when done."""

    def __init__(
        self,
        *,
        token: "Secret",
        sandbox: str | None,
        address: str = _IN_PROCESS,
        app: Any = None,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        """Talk to *address*; with *app*, to that ASGI application in this process, of which nobody need know."""
        self.address = address
        self._token, self._sandbox, self._app, self._close = token, sandbox, app, close
        self._runner: asyncio.Runner | None = None
        self._http: httpx2.AsyncClient | None = None

    @property
    def embedded(self) -> bool:
        """Whether this process itself holds the store."""
        return self._app is not None

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        expect: tuple[int, ...] = (),
    ) -> Answer:
        """Send one request and return what came back; a status in *expect* is no error.

        Raises:
            ProblemAnswer: the API refused.
            ServerTrouble: there was no answer, or none that Interlock gives.
            WrongUse: something cannot be sent at all.
        """
        sent = self._headers(headers)
        content = None
        if body is not None:
            content = json.dumps(body, default=_reveal).encode("utf-8", "surrogatepass")
            sent["content-type"] = "application/json"
        response = self._send(method, path, params=_asked(params), headers=sent, content=content)
        if response.status_code < 300 or response.status_code in expect:
            return Answer(response.status_code, _parsed(response), response.headers)
        raise self._refusal(response)

    def lines(
        self, path: str, *, params: Mapping[str, Any], headers: Mapping[str, str], patience: float
    ) -> Iterator[str]:
        """Yield the lines of an answer that goes on, as they come; *patience* is for how many seconds none may come.

        Raises:
            ProblemAnswer, ServerTrouble, WrongUse: as from `request`; ServerTrouble also when it breaks off.
        """
        import httpx2

        sent, patient = self._headers(headers), httpx2.Timeout(patience, connect=10)
        response = self._send("GET", path, params=_asked(params), headers=sent, timeout=patient, whole=False)
        try:
            if response.status_code >= 300:
                self._run(response.aread())
                raise self._refusal(response)
            lines = response.aiter_lines()
            while (line := self._run(_next(lines))) is not None:
                yield line
        finally:
            self._run(response.aclose())

    def _headers(self, more: Mapping[str, str] | None) -> dict[str, str]:
        sent = {"authorization": f"Bearer {self._token.reveal()}", "accept": "application/json", **(more or {})}
        if self._sandbox:
            sent["x-sandbox"] = self._sandbox
        for name, value in sent.items():
            if not (value.isascii() and value.isprintable()):
                shown = "the token" if name == "authorization" else name
                raise WrongUse(f"{shown} must be printable ASCII", "write it without other characters")
        return sent

    def _refusal(self, response: "httpx2.Response") -> Exception:
        answer = Answer(response.status_code, _parsed(response), response.headers)
        if not isinstance(answer.body, Mapping) or not ("detail" in answer.body or "title" in answer.body):
            return ServerTrouble(
                f"{self.address} answered with status {response.status_code}, and not as Interlock does",
                "check the address; it may belong to something else, or to a proxy in front",
            )
        return ProblemAnswer(response.status_code, answer.body)

    def get(self, path: str, **params: Any) -> Any:
        """Return what stands at *path*."""
        return self.request("GET", path, params=params).body

    def pages(self, path: str, **params: Any) -> list[Any]:
        """Return every item of a list, however many pages it takes."""
        return list(self._walk(path, params))

    def _walk(self, path: str, params: dict[str, Any]) -> Iterator[Any]:
        cursor = None
        while True:
            page = self.get(path, limit=PAGE, cursor=cursor, **params)
            yield from page["items"]
            cursor = page.get("next")
            if not cursor:
                return

    def _send(self, method: str, path: str, *, whole: bool = True, **request: Any) -> "httpx2.Response":
        import asyncio

        import httpx2

        if self._http is None:
            # The application answers for its own errors; none may come through as an exception.
            inside = httpx2.ASGITransport(self._app, raise_app_exceptions=False) if self.embedded else None
            self._runner = asyncio.Runner()
            try:
                self._http = httpx2.AsyncClient(
                    base_url=self.address, transport=inside, timeout=httpx2.Timeout(120, connect=10), trust_env=False
                )
            except httpx2.InvalidURL:
                raise ServerTrouble("the address of the server is none", "give --url like http://host:8484") from None
        return self._run(self._http.send(self._http.build_request(method, path, **request), stream=not whole))

    def _run(self, work: "Coroutine[Any, Any, T]") -> T:
        import httpx2

        assert self._runner is not None
        try:
            return self._runner.run(work)
        except httpx2.UnsupportedProtocol:
            raise ServerTrouble("the address of the server is none", "give --url like http://host:8484") from None
        except httpx2.TimeoutException:
            raise ServerTrouble(
                f"{self.address} did not answer in time", "look whether the command was done before sending it again"
            ) from None
        except httpx2.HTTPError as error:
            raise ServerTrouble(
                f"{self.address} cannot be talked to: {type(error).__name__}",
                "start the server (interlock serve), or name another one with --url",
            ) from None

    def close(self) -> None:
        """Let go of the connection, and of the store if this process holds it; idempotent."""
        if self._runner is not None:
            if self._http is not None:
                self._runner.run(self._http.aclose())
            self._runner.close()
            self._runner = self._http = None
        close, self._close = self._close, lambda: None
        close()


async def _next(lines: AsyncIterator[str]) -> str | None:
    return await anext(lines, None)


def _asked(params: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: _parameter(value) for name, value in (params or {}).items() if value not in (None, "", False)}


def _parameter(value: Any) -> Any:
    return "true" if value is True else value


def _reveal(value: Any) -> str:
    """Return what goes over the wire: the one place where the command line uses a secret."""
    from engine.secret import Secret

    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"{type(value).__name__} cannot be sent")


def _parsed(response: "httpx2.Response") -> Any:
    if "json" in response.headers.get("content-type", ""):
        try:
            return response.json()
        except ValueError:
            return ""
    return response.text
