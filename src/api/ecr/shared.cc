#include <algorithm>
#include <charconv>

#include "api/ecr/operations.h"

namespace clary::api::ecr {

registry::RepositoryName name_in(const json::object& input, const Call& call) {
  return {.account = string_or(input, "registryId", call.account),
          .region = std::string(call.region),
          .name = string_or(input, "repositoryName")};
}

void throw_no_repository(const registry::RepositoryName& name) {
  throw wire::ApiError("RepositoryNotFoundException",
                       "The repository with name '" + name.name +
                           "' does not exist in the registry with id '" + name.account + "'");
}

registry::Repository existing(const Stores& stores, const json::object& input, const Call& call) {
  const registry::RepositoryName name = name_in(input, call);
  auto repository = stores.registry.find(name);
  if (!repository) throw_no_repository(name);
  return *std::move(repository);
}

std::string host_of(const RequestHead& request, const registry::RepositoryName& name) {
  const std::string_view host = request.headers.get("Host");
  if (host.empty() || host.contains(".amazonaws.com")) {
    return name.account + ".dkr.ecr." + name.region + ".amazonaws.com";
  }
  return std::string(host);
}

json::array page_of(json::array all, const json::object& input, json::object& output) {
  constexpr std::int64_t kPage = 100;
  const std::string token = string_or(input, "nextToken");
  std::size_t first = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), first);
  if (!token.empty() && (error != std::errc() || end != token.data() + token.size())) {
    throw wire::ApiError("InvalidParameterException",
                         "Invalid parameter at 'nextToken': the token is not one of this server's");
  }
  const auto size = static_cast<std::size_t>(find_int(input, "maxResults").value_or(kPage));
  json::array page;
  for (std::size_t i = first; i < std::min(all.size(), first + size); ++i) {
    page.push_back(std::move(all[i]));
  }
  if (first + size < all.size()) output["nextToken"] = std::to_string(first + size);
  return page;
}

}  // namespace clary::api::ecr
