// Errors of the OCI distribution protocol.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace clary::server {

// Thrown within the registry's face: status and code of the protocol's table.
struct RegistryError {
  unsigned status = 500;
  std::string code, message;
};

// Anything that was thrown, as the protocol says it.
RegistryError registry_error_of(std::exception_ptr thrown, std::string_view request_id);
std::string error_body(const RegistryError& error);

}  // namespace clary::server
