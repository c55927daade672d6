#include "server/quota_commands.h"

#include <stdexcept>

namespace clary::server {

void add_quota_commands(OwnerCommands& commands, api::sagemaker::Quotas& quotas) {
  commands.add("quota-set", [&quotas](const json::object& command) {
    const auto instances = find_int(command, "instances");
    if (!instances) throw std::invalid_argument("the number of instances is missing");
    quotas.set({string_or(command, "account"), string_or(command, "name"), *instances});
    return json::object();
  });
  commands.add("quota-remove", [&quotas](const json::object& command) {
    const std::string account = string_or(command, "account"), name = string_or(command, "name");
    if (!quotas.remove(account, name)) {
      throw std::invalid_argument("there is no quota '" + name + "'" +
                                  (account.empty() ? "" : " of account " + account) +
                                  "; see `clary quota list`");
    }
    return json::object();
  });
  commands.add("quota-list", [&quotas](const json::object&) {
    json::array list;
    for (const api::sagemaker::Quota& quota : quotas.list()) {
      list.push_back(
          {{"account", quota.account}, {"name", quota.name}, {"instances", quota.instances}});
    }
    return json::object{{"quotas", std::move(list)}};
  });
}

}  // namespace clary::server
