#include "api/sagemaker/instance_catalogue.h"

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>

namespace clary::api::sagemaker {
namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024;
// More than any machine has; keeps sums within range.
constexpr double kMost = 1e6;

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw InstanceCatalogueError(where + ": " + what);
}

double number_of(const toml::node& node, const std::string& where) {
  const auto number = node.value<double>();
  if (!number || !std::isfinite(*number) || *number < 0 || *number > kMost) {
    refuse(where, "takes a number from 0 to 1000000");
  }
  return *number;
}

double positive(const toml::node& node, const std::string& where) {
  const double number = number_of(node, where);
  if (number == 0) refuse(where, "takes a number above 0");
  return number;
}

unsigned count_of(const toml::node& node, const std::string& where) {
  const double number = number_of(node, where);
  if (number != std::floor(number)) refuse(where, "takes a whole number");
  return static_cast<unsigned>(number);
}

bool is_known(std::string_view name) {
  return std::ranges::binary_search(instance_types(), name, {}, &InstanceType::name);
}

toml::table parsed(const std::filesystem::path& file) {
  try {
    return toml::parse_file(file.string());
  } catch (const toml::parse_error& bad) {
    refuse(file.string() + " line " + std::to_string(bad.source().begin.line),
           std::string(bad.description()));
  }
}

}  // namespace

InstanceCatalogue::InstanceCatalogue(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return;
  for (const auto& [key, node] : parsed(file)) {
    const std::string name(key.str());
    const std::string where = file.string() + ": " + name;
    if (!is_known(name)) refuse(where, "is no instance type; they are named like \"ml.m5.xlarge\"");
    const toml::table* table = node.as_table();
    if (table == nullptr) refuse(where, "takes a table");
    Own& own = own_[name];
    for (const auto& [member, value] : *table) {
      const std::string place = where + "." + std::string(member.str());
      if (member.str() == "cpus") {
        own.cpus = positive(value, place);
      } else if (member.str() == "memory_gib") {
        own.memory_gib = positive(value, place);
      } else if (member.str() == "gpus") {
        own.gpus = count_of(value, place);
      } else if (member.str() == "dollars_per_hour") {
        own.dollars_per_hour = number_of(value, place);
      } else {
        refuse(place, "is unknown; it takes cpus, memory_gib, gpus and dollars_per_hour");
      }
    }
  }
}

void InstanceCatalogue::put_limits(engine::JobSpec& spec) const {
  const auto found = own_.find(spec.instance_type);
  if (found == own_.end()) return;
  const Own& own = found->second;
  if (own.cpus) spec.limits.cpus = *own.cpus;
  if (own.memory_gib) {
    spec.limits.memory_bytes = static_cast<std::uint64_t>(*own.memory_gib * kGiB);
  }
  if (own.gpus) spec.limits.gpus = *own.gpus;
}

std::vector<PricedInstanceType> InstanceCatalogue::types() const {
  std::vector<PricedInstanceType> all;
  for (const InstanceType& type : instance_types()) {
    PricedInstanceType& priced = all.emplace_back();
    priced.name = type.name;
    engine::JobSpec spec;
    spec.instance_type = type.name;
    spec.limits.cpus = type.cpus;
    spec.limits.memory_bytes = type.memory_mebibytes << 20;
    spec.limits.gpus = type.gpus;
    put_limits(spec);
    priced.cpus = spec.limits.cpus;
    priced.memory_bytes = spec.limits.memory_bytes;
    priced.gpus = spec.limits.gpus;
    if (type.dollars_per_hour > 0) priced.dollars_per_hour = type.dollars_per_hour;
    const auto own = own_.find(type.name);
    if (own != own_.end() && own->second.dollars_per_hour) {
      priced.dollars_per_hour = own->second.dollars_per_hour;
    }
  }
  return all;
}

}  // namespace clary::api::sagemaker
