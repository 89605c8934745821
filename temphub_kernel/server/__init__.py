"""The server process: Voilà on this computer only, the supervisor of the hub kernel, and the page
template."""

from ..jupyter.later import leave_out, put_off_signs

# Jupyter's event log checks its schemas with jsonschema, which builds a grammar for international URIs when
# it is imported: 1.2 s of every start, 5 s when the memory allocator has bad luck. No schema here holds one.
# None makes the import fail, which jsonschema foresees: it then leaves that one check out.
leave_out("rfc3987_syntax")
# Before anybody brings in `html`.
put_off_signs()
