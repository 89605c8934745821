"""What the probe's web server says when a request is no good, by name; loaded for that. {} is the value that
is known only then."""

# name -> (status, code, problem, remedy)
SAID = {
    "bad_json": (400, "bad_json", "The body is not JSON.", "Send one JSON object, encoded in UTF-8."),
    "no_object": (400, "bad_json", "The body is JSON, but not an object.", "Send one JSON object."),
    "bad_form": (400, "bad_form", "The form cannot be read.", "Open the page again and send it once more."),
    "bad_request": (
        400,
        "bad_request",
        "This is not an HTTP/1.1 request.",
        "Send a request line, headers and a blank line.",
    ),
    "bad_length": (
        400,
        "bad_request",
        "Content-Length is not a number.",
        "Send the number of bytes of the body.",
    ),
    "not_found": (404, "not_found", "There is nothing at this path.", "Ask for /, /whoami or /status."),
    "wrong_method": (405, "wrong_method", "This path does not take {0}.", "Use {1}."),
    "too_slow": (408, "too_slow", "The request did not come in {} s.", "Send the whole request at once."),
    "length_required": (
        411,
        "length_required",
        "The request does not say how long its body is.",
        "Send a Content-Length header.",
    ),
    "body_too_large": (413, "body_too_large", "The body is too large.", "Send at most {} bytes."),
    "head_too_large": (
        431,
        "head_too_large",
        "The request head is too large.",
        "Send a head of at most {} bytes.",
    ),
    "busy": (503, "busy", "The probe already serves {} visitors.", "Try again in a few seconds."),
}
REASONS = {
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
}
REASONS.update(
    {408: "Request Timeout", 411: "Length Required", 413: "Content Too Large", 500: "Internal Server Error"}
)
REASONS.update(
    {421: "Misdirected Request", 431: "Request Header Fields Too Large", 503: "Service Unavailable"}
)
