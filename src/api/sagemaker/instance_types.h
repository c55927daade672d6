// What an ML instance type promises: processors, memory, GPUs; and what an hour of it costs.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace clary::api::sagemaker {

struct InstanceType {
  std::string_view name;  // "ml.m5.xlarge"
  unsigned cpus = 0;
  std::uint64_t memory_mebibytes = 0;
  unsigned gpus = 0;
  double dollars_per_hour = 0;  // instance_prices.csv; 0: not known
};

// Every type that SageMaker's service model names and EC2 describes, by name. Written by the build
// (tools/build_instance_types.py) from what EC2 answers about the type of the same name.
std::span<const InstanceType> instance_types();

struct InstanceSize {
  double cpus = 0;
  std::uint64_t memory_bytes = 0;
  unsigned gpus = 0;
};

// Of one of those types; of another name by its family and size, as EC2 scales them; a name that
// cannot be read is a small general-purpose instance.
InstanceSize instance_size(std::string_view instance_type);

}  // namespace clary::api::sagemaker
