"""The contract that every notifier keeps, on this one."""

from vigie_mypager import PLUGIN

from alertmanager.notifiers import contract_gateways as gateways
from alertmanager.notifiers.contract import Callback
from alertmanager.notifiers.contract_suite import HttpNotifierContract


class TestMyPager(HttpNotifierContract):
    plugin = PLUGIN
    to = "+33639981003"
    bad_to = ("0639981003",)
    report = {"message": "jeton-impossible-a-deviner", "status": "DELIVERED"}
    reply = {"from": "+33639981003", "text": "OK", "id": "7"}
    accepted = ((200, b"OK 12"),)
    temporary = ((500, b"", False), (401, b"", False), (200, b"ERR modem", True))
    permanent = ((400, b""), (422, b"bad number"))

    def block(self, folder, host, port):
        url = f"http://{host}:{port}/sms"
        return {"url": url, "token_file": self.secret_file(folder), "timeout": "1s"}

    def takes(self, seen):
        def script(connection):
            headers, _ = gateways.read_http(connection)
            assert headers["authorization"] == f"Bearer {self.secret}"
            seen.append(headers["idempotency-key"])
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nOK 12")

        return script

    def callback(self, fields):
        return Callback(dict(fields))
