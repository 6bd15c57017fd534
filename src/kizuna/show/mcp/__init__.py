"""What assistants that speak the Model Context Protocol may ask: metrics, their meaning, and who the customers are.

Only reading. `tools` says what there is, `server` gives it the protocol's form (with the extra ``mcp``), `mount` puts
it at ``/mcp`` of the web application; ``kizuna mcp`` speaks it on the standard input and output.
"""
