#include "server/service_registry.h"

#include <stdexcept>

namespace clary::server {
namespace {

bool is_rest(wire::Protocol protocol) {
  return protocol == wire::Protocol::kRestJson || protocol == wire::Protocol::kRestXml;
}

}  // namespace

ServiceRegistry::ServiceRegistry(const wire::Models& models,
                                 const std::vector<api::Service*>& services,
                                 RequestMetrics& metrics) {
  for (const std::string_view name : models.names()) {
    Entry& entry = entries_[name];
    entry.model = &models.get(name);
    if (is_rest(entry.model->protocol()))
      entry.router = std::make_unique<wire::Router>(*entry.model);
    entry.unknown = &metrics.of(name, "unknown");
    for (const wire::Operation& operation : entry.model->operations()) {
      entry.operations[&operation] = {.model = &operation, .built = nullptr, .counters = nullptr};
    }
  }
  for (api::Service* service : services) {
    Entry& entry = entries_.at(service->model_name());
    entry.service = service;
    for (api::OperationEntry& built : service->operations())
      entry.built.push_back(std::move(built));
  }
  for (auto& [name, entry] : entries_) {
    for (const api::OperationEntry& built : entry.built) {
      const wire::Operation* operation = entry.model->find_operation(built.name);
      if (operation == nullptr || entry.operations.at(operation).built != nullptr) {
        throw std::logic_error(std::string(name) + "." + std::string(built.name) +
                               " is not in the model, or registered twice");
      }
      KnownOperation& known = entry.operations.at(operation);
      known.built = &built;
      known.counters = &metrics.of(name, built.name);
    }
    for (auto& [operation, known] : entry.operations) {
      if (known.counters == nullptr) known.counters = &metrics.of(name, "unbuilt");
    }
  }
}

const ServiceRegistry::Entry* ServiceRegistry::find(std::string_view model_name) const {
  const auto found = entries_.find(model_name);
  return found == entries_.end() ? nullptr : &found->second;
}

}  // namespace clary::server
