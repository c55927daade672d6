// What an ML instance type promises: processors and memory, from its name.
#pragma once

#include <cstdint>
#include <string_view>

namespace clary::api::sagemaker {

struct InstanceSize {
  double cpus = 0;
  std::uint64_t memory_bytes = 0;
};

// By family and size, as the EC2 instance of the same name has them; a name it cannot read is a
// small general-purpose instance.
InstanceSize instance_size(std::string_view instance_type);

}  // namespace clary::api::sagemaker
