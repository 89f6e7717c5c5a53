"""Every address of the web. A route with no policy does not start."""

from __future__ import annotations

from meterledger.entrypoints.web.policy import refuse_routes_without_policy
from meterledger.entrypoints.web.routes import urlpatterns as pages

urlpatterns = [*pages]

handler400 = "meterledger.entrypoints.web.errors.bad_request"
handler404 = "meterledger.entrypoints.web.errors.no_such_page"
handler500 = "meterledger.entrypoints.web.errors.our_fault"

refuse_routes_without_policy(urlpatterns)
