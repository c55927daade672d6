// `clary serve`: the server's life, from the lock on its data folder to the last drained request.
#pragma once

#include "base/settings.h"

namespace clary::server {

// Runs until SIGTERM or SIGINT. Prints "ready http://ADDRESS:PORT" on stdout once requests are
// answered, and nothing else there. Returns the exit code; throws what keeps it from starting, with
// words for people (folder in use, port taken, newer data).
int serve(const Settings& settings);

}  // namespace clary::server
