"""The read API `/api/v1/…`.

A request passes through `read_api`, `api_tokens`, `rate`, `parameters`, `cursor` and `operations`, in this
order. `api_documents` has the types of the answers, `description` the whole API in OpenAPI.
"""
