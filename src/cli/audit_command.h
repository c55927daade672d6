// `clary audit`: the audit log of a data folder, for people.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace clary::cli {

// verify, head, tail, list. Reads files only; works beside a server and without one.
std::function<int()> add_audit(CLI::App& app);

}  // namespace clary::cli
