#include "api/sagemaker/kind.h"

#include <iterator>
#include <stdexcept>

namespace clary::api::sagemaker {
namespace {

std::vector<Kind> collect() {
  std::vector<Kind> all;
  for (auto part : {workload_kinds, experiment_kinds, lineage_kinds, registry_kinds, studio_kinds,
                    monitoring_kinds}) {
    std::vector<Kind> kinds = part();
    all.insert(all.end(), std::make_move_iterator(kinds.begin()),
               std::make_move_iterator(kinds.end()));
  }
  return all;
}

}  // namespace

std::span<const Kind> all_kinds() {
  static const std::vector<Kind> all = collect();
  return all;
}

const Kind& kind_named(std::string_view kind) {
  for (const Kind& candidate : all_kinds()) {
    if (candidate.kind == kind) return candidate;
  }
  throw std::out_of_range("undeclared kind: " + std::string(kind));
}

}  // namespace clary::api::sagemaker
