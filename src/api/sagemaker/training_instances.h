// The instances of a training job: hosts algo-1, algo-2, ..., in groups, and what each gets to see.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/job_spec.h"
#include "base/json.h"

namespace clary::api::sagemaker {

struct Instance {
  std::string host;   // "algo-1"
  std::string group;  // "homogeneousCluster" when the job has no groups
  std::string type;   // "ml.m5.xlarge"
};

// From ResourceConfig, in the order of hosts.
std::vector<Instance> instances_of(const json::object& body);
json::array hosts_of(const std::vector<Instance>& instances);

// resourceconfig.json as instances[index] finds it.
json::object resource_config(const std::vector<Instance>& instances, std::size_t index);

// Whether a channel (of InputDataConfig) is for the instances of the group: InstanceGroupNames.
bool is_for_group(const json::object& channel, std::string_view group);

// Which share instances[index] has of a sharded channel: among those the channel is for.
ShareSpec share_of_channel(const std::vector<Instance>& instances, std::size_t index,
                           const json::object& body, std::string_view channel);

}  // namespace clary::api::sagemaker
