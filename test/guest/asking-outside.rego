# Asks a server: no rule can.
package asking

import rego.v1

allow if http.send({"method": "GET", "url": "http://example.org"}).status_code == 200
