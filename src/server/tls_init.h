// `clary tls`: certificates of a data folder's own authority, for people.
#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/settings.h"

namespace clary::server {

// Makes the authority if there is none, and a certificate for `names`, which a server that runs
// takes up within seconds; says how clients are made to trust it. Throws as TlsAuthority.
void tls_init(const Settings& settings, const std::vector<std::string>& names, const Clock& clock,
              std::ostream& out);

// What clients get now, until when, and for which names.
void tls_show(const Settings& settings, const Clock& clock, std::ostream& out);

}  // namespace clary::server
