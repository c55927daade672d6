// The one exception of the layers below the API: a broken environment.
#pragma once

#include <stdexcept>
#include <string>

namespace clary {

// An I/O error, a full disk, a database that cannot be opened: what no caller can repair. Only the
// dispatcher and the controllers' loop catch it. `full()` tells a full disk apart, since the user
// can act on that.
class StorageError : public std::runtime_error {
 public:
  enum class Kind { kBroken, kFull };
  explicit StorageError(const std::string& what, Kind kind = Kind::kBroken)
      : std::runtime_error(what), kind_(kind) {}
  bool full() const { return kind_ == Kind::kFull; }

 private:
  Kind kind_;
};

}  // namespace clary
