"""A visitor of an application, with a browser's words."""

import http.client

BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Accept": "text/html",
    "Accept-Language": "en", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none",
}
HOST = "shop.example"
CHUNK_BYTES = 10_000


class Visitor:
    """A visitor at an address of the loopback of their own."""

    def __init__(self, port, address="127.0.0.1"):
        self._port, self._address = port, address

    def ask(self, method, path, headers=(), body=None, host=HOST, chunked=False):
        """Status, headers in lower case, and text."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60, source_address=(self._address, 0))
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            sent = {"Host": host, **(dict(headers) if not isinstance(headers, list) else {})}
            for name, value in sent.items():
                connection.putheader(name, value)
            if isinstance(headers, list):
                for name, value in headers:
                    connection.putheader(name, value)
            if chunked:
                connection.putheader("Transfer-Encoding", "chunked")
                body = [body[at:at + CHUNK_BYTES] for at in range(0, len(body), CHUNK_BYTES)]
            elif body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body, encode_chunked=chunked)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()
