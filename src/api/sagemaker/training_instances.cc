#include "api/sagemaker/training_instances.h"

#include <algorithm>

#include "api/sagemaker/resources.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::string_view kOnlyGroup = "homogeneousCluster";

void add_group(std::vector<Instance>& instances, const json::object& group,
               const std::string& name) {
  const std::int64_t count = find_int(group, "InstanceCount").value_or(0);
  for (std::int64_t i = 0; i < count; ++i) {
    instances.push_back({host_of_instance(static_cast<int>(instances.size())), name,
                         string_or(group, "InstanceType")});
  }
}

}  // namespace

std::vector<Instance> instances_of(const json::object& body) {
  std::vector<Instance> instances;
  const json::object* resources = find_object(body, "ResourceConfig");
  if (resources == nullptr) return instances;
  const json::array* groups = find_array(*resources, "InstanceGroups");
  if (groups == nullptr) {
    add_group(instances, *resources, std::string(kOnlyGroup));
    return instances;
  }
  for (const json::value& group : *groups) {
    add_group(instances, group.as_object(), string_or(group.as_object(), "InstanceGroupName"));
  }
  return instances;
}

json::array hosts_of(const std::vector<Instance>& instances) {
  json::array hosts;
  for (const Instance& instance : instances) hosts.emplace_back(instance.host);
  return hosts;
}

json::object resource_config(const std::vector<Instance>& instances, std::size_t index) {
  json::array groups;
  for (const Instance& instance : instances) {
    const bool begins =
        groups.empty() ||
        groups.back().as_object().at("instance_group_name").as_string() != instance.group;
    if (begins) {
      groups.push_back({{"instance_group_name", instance.group},
                        {"instance_type", instance.type},
                        {"hosts", json::array()}});
    }
    groups.back().as_object().at("hosts").as_array().emplace_back(instance.host);
  }
  const Instance& current = instances.at(index);
  return {{"current_host", current.host},         {"current_instance_type", current.type},
          {"current_group_name", current.group},  {"hosts", hosts_of(instances)},
          {"instance_groups", std::move(groups)}, {"network_interface_name", "lo"}};
}

bool is_for_group(const json::object& channel, std::string_view group) {
  const json::value* names = at_path(channel, "DataSource.S3DataSource.InstanceGroupNames");
  if (names == nullptr || names->as_array().empty()) return true;
  return std::ranges::any_of(names->as_array(),
                             [&](const json::value& name) { return name.as_string() == group; });
}

ShareSpec share_of_channel(const std::vector<Instance>& instances, std::size_t index,
                           const json::object& body, std::string_view channel) {
  const json::object* found = nullptr;
  if (const json::array* channels = find_array(body, "InputDataConfig")) {
    for (const json::value& entry : *channels) {
      if (string_or(entry.as_object(), "ChannelName") == channel) found = &entry.as_object();
    }
  }
  ShareSpec share{0, 0};
  for (std::size_t i = 0; i < instances.size(); ++i) {
    if (found != nullptr && !is_for_group(*found, instances[i].group)) continue;
    if (i < index) ++share.index;
    ++share.count;
  }
  return share;
}

}  // namespace clary::api::sagemaker
