#include "api/sagemaker/instance_types.h"

#include <algorithm>
#include <charconv>

namespace clary::api::sagemaker {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

double cpus_of(std::string_view size) {
  if (size == "medium" || size == "large") return 2;
  if (size == "xlarge") return 4;
  int factor = 0;
  const auto parsed = std::from_chars(size.data(), size.data() + size.size(), factor);
  return parsed.ec == std::errc() && factor > 0 ? 4.0 * factor : 2;
}

// GiB of memory for each processor: compute, general and memory families.
std::uint64_t memory_per_cpu(std::string_view family) {
  switch (family.empty() ? 'm' : family.front()) {
    case 'c':
      return 2;
    case 'r':
    case 'p':
    case 'x':
      return 8;
    default:
      return 4;
  }
}

}  // namespace

InstanceSize instance_size(std::string_view instance_type) {
  const auto known =
      std::ranges::lower_bound(instance_types(), instance_type, {}, &InstanceType::name);
  if (known != instance_types().end() && known->name == instance_type) {
    return {static_cast<double>(known->cpus), known->memory_mebibytes << 20, known->gpus};
  }
  if (instance_type.starts_with("ml.")) instance_type.remove_prefix(3);
  const std::size_t dot = instance_type.find('.');
  const std::string_view family = instance_type.substr(0, dot);
  const std::string_view size =
      dot == std::string_view::npos ? std::string_view() : instance_type.substr(dot + 1);
  const double cpus = cpus_of(size);
  constexpr unsigned kSome = 1;  // how many, only the table above says
  const bool gpus = family.starts_with('p') || family.starts_with('g');
  return {cpus, static_cast<std::uint64_t>(cpus) * memory_per_cpu(family) * kGiB, gpus ? kSome : 0};
}

}  // namespace clary::api::sagemaker
