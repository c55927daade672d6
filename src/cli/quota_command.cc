#include "cli/quota_command.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/owner_client.h"
#include "cli/setting_flags.h"

namespace clary::cli {
namespace {

const std::vector<std::string_view> kFlags{"data_dir", "root_key_file", "root_key_command"};

struct Given {
  std::string account, name;
  std::int64_t instances = 0;
};

json::object run_command(const SettingFlags& flags, const OwnerOffline& offline,
                         const json::object& command) {
  const Settings settings = flags.load();
  if (auto answer = send_owner_command(settings.data_dir, command)) return *std::move(answer);
  return offline(settings, command);
}

void print_list(const json::object& answer) {
  for (const json::value& each : *find_array(answer, "quotas")) {
    const json::object& quota = each.as_object();
    const std::string account = string_or(quota, "account");
    std::cout << (account.empty() ? "every account" : account) << "  "
              << find_int(quota, "instances").value_or(0) << "  " << string_or(quota, "name")
              << '\n';
  }
}

}  // namespace

std::function<int()> add_quota(CLI::App& app, const OwnerOffline& offline) {
  app.require_subcommand(1);
  const auto given = std::make_shared<Given>();
  CLI::App* const set = app.add_subcommand("set", "Limit the instances that are used at once");
  CLI::App* const remove = app.add_subcommand("remove", "Take a limit away");
  CLI::App* const list = app.add_subcommand("list", "Print account, instances and name of each");
  for (CLI::App* const one : {set, remove}) {
    one->add_option("NAME", given->name, "Such as 'ml.m5.xlarge for training job usage'")
        ->required();
    one->add_option("--account", given->account, "Whose; every account's without it");
  }
  set->add_option("INSTANCES", given->instances, "How many; 0 forbids the type")->required();
  const SettingFlags set_flags(*set, kFlags), remove_flags(*remove, kFlags),
      list_flags(*list, kFlags);
  return [=] {
    json::object command{{"account", given->account}, {"name", given->name}};
    if (set->parsed()) {
      command["do"] = "quota-set";
      command["instances"] = given->instances;
      run_command(set_flags, offline, command);
    } else if (remove->parsed()) {
      command["do"] = "quota-remove";
      run_command(remove_flags, offline, command);
    } else {
      print_list(run_command(list_flags, offline, {{"do", "quota-list"}}));
    }
    return 0;
  };
}

}  // namespace clary::cli
