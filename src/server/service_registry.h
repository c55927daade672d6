// The services of this server, by model name: which operations are built and which are only known.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/call.h"
#include "server/request_metrics.h"
#include "wire/codec.h"
#include "wire/model.h"

namespace clary::server {

// One operation of the model; `built` is nullptr when Clary lacks it.
struct KnownOperation {
  const wire::Operation* model = nullptr;
  const api::OperationEntry* built = nullptr;
  OperationCounters* counters = nullptr;
};

// threads: any, after construction, which parses every model.
class ServiceRegistry {
 public:
  struct Entry {
    const wire::ServiceModel* model = nullptr;
    api::Service* service = nullptr;       // nullptr: only its model is known
    std::unique_ptr<wire::Router> router;  // restJson and restXml only
    std::vector<api::OperationEntry> built;
    std::unordered_map<const wire::Operation*, KnownOperation> operations;
    // Requests that name no operation of the model.
    OperationCounters* unknown = nullptr;
    const KnownOperation& operation(const wire::Operation& operation) const {
      return operations.at(&operation);
    }
  };

  // Throws std::logic_error when a service registers an operation that its model lacks, or one
  // twice: our own mistake, found at start.
  ServiceRegistry(const wire::Models& models, const std::vector<api::Service*>& services,
                  RequestMetrics& metrics);

  // Nullptr: no such model.
  const Entry* find(std::string_view model_name) const;

 private:
  std::unordered_map<std::string_view, Entry> entries_;
};

}  // namespace clary::server
