// A request of the registry under way. For registry_face.cc and registry_operations.cc alone.
#pragma once

#include <optional>
#include <string>

#include "api/ecr/access.h"
#include "server/registry_errors.h"
#include "server/registry_face.h"

namespace clary::server {

struct RegistryFace::Request {
  explicit Request(http::Exchange& of) : exchange(of) {}

  http::Exchange& exchange;
  RegistryRoute route{};
  api::ecr::Login login{};
  registry::RepositoryName name{};
  AuditNotes notes{};

  const RequestHead& head() const { return exchange.request; }
  std::string query(const std::string& key) const {
    const auto found = route.query.find(key);
    return found == route.query.end() ? std::string() : found->second;
  }
};

inline ResponseHead registry_head(unsigned status) {
  return {.status = status,
          .headers = {{"Docker-Distribution-Api-Version", "registry/2.0"}},
          .content_length = std::nullopt};
}

}  // namespace clary::server
