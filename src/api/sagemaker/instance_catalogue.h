// What instance types are on this server: AWS's, but for what its owner says of machines of his
// own.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/sagemaker/instance_types.h"
#include "engine/job_spec.h"

namespace clary::api::sagemaker {

// The owner's file cannot be used; the message says where and why.
class InstanceCatalogueError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct PricedInstanceType {
  std::string name;
  double cpus = 0;
  std::uint64_t memory_bytes = 0;
  unsigned gpus = 0;
  std::optional<double> dollars_per_hour{};  // absent: not known
};

// threads: any, once made.
class InstanceCatalogue {
 public:
  InstanceCatalogue() = default;  // AWS's types as they are
  // `file`: TOML with a table for each type, ["ml.m5.xlarge"], and in it any of cpus, memory_gib,
  // gpus, dollars_per_hour. One that is not there says nothing. Throws InstanceCatalogueError.
  explicit InstanceCatalogue(const std::filesystem::path& file);

  // Gives a run what its instance type has on this server.
  void put_limits(engine::JobSpec& spec) const;
  // Every type, by name.
  std::vector<PricedInstanceType> types() const;

 private:
  struct Own {
    std::optional<double> cpus, memory_gib, dollars_per_hour;
    std::optional<unsigned> gpus;
  };
  std::map<std::string, Own, std::less<>> own_;
};

}  // namespace clary::api::sagemaker
