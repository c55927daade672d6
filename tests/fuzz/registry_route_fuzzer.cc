// Requests to the registry: a name or reference that comes out of a path can be no path itself.
#include <cstdlib>
#include <string_view>

#include "registry/store.h"
#include "server/registry_route.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace clary::server;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  clary::RequestHead head;
  const auto space = std::min(text.find(' '), text.size());
  head.method = text.substr(0, space);
  const std::string_view target = text.substr(std::min(space + 1, text.size()));
  const auto mark = std::min(target.find('?'), target.size());
  head.path = target.substr(0, mark);
  head.query = target.substr(std::min(mark + 1, target.size()));
  if (const auto route = registry_route(head)) {
    using What = RegistryRoute::What;
    const bool named = route->what != What::kBase && route->what != What::kCatalog;
    if (named && !clary::registry::is_repository_name(route->repository)) std::abort();
    if (route->reference.find('/') != std::string::npos || route->reference == "..") std::abort();
    if (operation_of(route->what).empty()) std::abort();
  }
  if (const auto range = upload_range(text); range && range->first > range->last) std::abort();
  return 0;
}
