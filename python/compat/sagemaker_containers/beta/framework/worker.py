"""The response that output_fn may give."""


class Response:
    def __init__(self, response=None, status=200, headers=None, mimetype=None, **_more):
        # The second parameter was the accept header once.
        self.mimetype = mimetype or (status if isinstance(status, str) else "application/json")
        self.status_code = status if isinstance(status, int) else 200
        self.response = b"" if response is None else response

    def get_data(self):
        return self.response.encode() if isinstance(self.response, str) else bytes(self.response)
