"""The GraphQL face: decodes, calls one command or read of `workflow`, encodes. It knows no rule and no table."""
