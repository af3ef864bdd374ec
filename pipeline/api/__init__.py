"""The read API `/api/v1/…`; a request goes read_api, api_tokens, rate, parameters, cursor, operations.

`api_documents` says what is answered, `description` says all of it in OpenAPI.
"""
