// The program: every subcommand of `clary`, and nothing else. It alone sees the server, the agent
// and the command line together.
#include <spdlog/sinks/stdout_color_sinks.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <iostream>

#include "agent/agent.h"
#include "base/log.h"
#include "cli/account_command.h"
#include "cli/audit_command.h"
#include "cli/backup_command.h"
#include "cli/client_environment.h"
#include "cli/command.h"
#include "cli/image_command.h"
#include "cli/jobs_command.h"
#include "cli/keys_command.h"
#include "cli/quota_command.h"
#include "cli/scrub_command.h"
#include "cli/setting_flags.h"
#include "cli/shell_command.h"
#include "cli/tune_command.h"
#include "server/coverage.h"
#include "server/environments_command.h"
#include "server/owner_offline.h"
#include "server/serve.h"
#include "server/tls_init.h"

namespace {

using clary::cli::Command;
using clary::cli::SettingFlags;

std::function<int()> add_serve(CLI::App& app) {
  return [flags = SettingFlags(app)] {
    const clary::Settings settings = flags.load();
    // Standard output belongs to the line that says `ready`.
    spdlog::set_default_logger(spdlog::stderr_color_mt("clary"));
    clary::start_log(settings.log_level);
    return clary::server::serve(settings);
  };
}

std::function<int()> add_env(CLI::App& app) {
  return [flags = SettingFlags(app, {"data_dir"})] {
    std::cout << clary::cli::shell_exports(clary::cli::client_environment(flags.load().data_dir));
    return 0;
  };
}

std::function<int()> add_env_create(CLI::App& app) {
  auto name = std::make_shared<std::string>();
  auto list = std::make_shared<bool>(false);
  CLI::Option* const named = app.add_option("NAME", *name, "Which: sklearn, xgboost, pytorch, ...");
  app.add_flag("--list", *list, "Show every environment and whether it is there")->excludes(named);
  return [name, list, flags = SettingFlags(app, {"data_dir", "environments_file"})] {
    if (!*list && name->empty()) {
      throw std::runtime_error("say which environment; --list shows those there are");
    }
    if (*list) {
      clary::server::list_environments(flags.load(), std::cout);
    } else {
      clary::server::create_environment(flags.load(), *name, std::cout);
    }
    return 0;
  };
}

clary::json::object run_owner_command(const clary::Settings& settings,
                                      const clary::json::object& command) {
  // Standard output belongs to the answer.
  spdlog::set_default_logger(spdlog::stderr_color_mt("clary"));
  clary::start_log("warn");
  return clary::server::run_owner_command(settings, command);
}

std::function<int()> add_account(CLI::App& app) {
  return clary::cli::add_account(app, run_owner_command);
}

std::function<int()> add_image(CLI::App& app) {
  return clary::cli::add_image(app, run_owner_command);
}

std::function<int()> add_oidc(CLI::App& app) {
  return clary::cli::add_oidc(app, run_owner_command);
}

std::function<int()> add_quota(CLI::App& app) {
  return clary::cli::add_quota(app, run_owner_command);
}

std::function<int()> add_settings(CLI::App& app) {
  auto markdown = std::make_shared<bool>(false);
  app.add_flag("--markdown", *markdown, "As a page for docs/");
  return [] {
    std::cout << clary::settings_markdown();
    return 0;
  };
}

std::function<int()> add_coverage(CLI::App&) {
  return [] {
    std::cout << clary::server::coverage_markdown();
    return 0;
  };
}

std::function<int()> add_tls(CLI::App& app) {
  app.require_subcommand(1);
  CLI::App* init = app.add_subcommand(
      "init", "Make a local authority and a certificate for this server, and say how to trust it");
  CLI::App* show = app.add_subcommand("show", "Print which certificate is used, and until when");
  auto hosts = std::make_shared<std::vector<std::string>>();
  init->add_option("--host", *hosts, "A name or address clients use; may be given several times");
  const std::vector<std::string_view> flags{"data_dir", "listen", "tls_certificate", "tls_key"};
  return [init, hosts, of_init = SettingFlags(*init, flags), of_show = SettingFlags(*show, flags)] {
    const clary::SystemClock clock;
    if (init->parsed()) {
      clary::server::tls_init(of_init.load(), *hosts, clock, std::cout);
    } else {
      clary::server::tls_show(of_show.load(), clock, std::cout);
    }
    return 0;
  };
}

std::function<int()> add_backup(CLI::App& app) {
  return clary::cli::add_backup(app, CLARY_VERSION);
}

std::function<int()> add_version(CLI::App&) {
  return [] {
    std::cout << "clary " CLARY_VERSION "\n";
    return 0;
  };
}

}  // namespace

int main(int argc, char** argv) {
  // Started by the server, one for each run, and not for people: it skips all that others need.
  if (argc > 1 && std::string_view(argv[1]) == "agent") {
    return clary::agent::agent_main(argc - 1, argv + 1);
  }
  const std::array<Command, 25> commands{{
      {"serve", "Run the server in the foreground", add_serve},
      {"env", "Print the variables that point AWS clients here", add_env},
      {"jobs", "List jobs: what they do or wait for, for how long, whose", clary::cli::add_jobs},
      {"job", "Show one job: timeline, inputs, outputs, metrics, failure", clary::cli::add_job},
      {"cost", "Sum up what jobs cost: by user, day, type or instance", clary::cli::add_cost},
      {"logs", "Print what a job's instances log, and follow it", clary::cli::add_logs},
      {"stop", "Stop a job", clary::cli::add_stop},
      {"tune", "Watch a tuning job: progress, the best so far, what matters", clary::cli::add_tune},
      {"env-create", "Make a Python environment for scripts of one's own", add_env_create},
      {"keys", "Export, import, replace and look at the root key", clary::cli::add_keys},
      {"tls", "Certificates for https", add_tls},
      {"audit", "Look at the log of requests, and check it", clary::cli::add_audit},
      {"backup", "Copy the data folder, also while a server works in it", add_backup},
      {"restore", "Make a data folder of a backup", clary::cli::add_restore},
      {"fsck", "Check that the data folder is whole", clary::cli::add_fsck},
      {"scrub", "Show which stored bytes are damaged", clary::cli::add_scrub},
      {"account", "Make and list accounts, and keys of their root", add_account},
      {"oidc", "Give the signing keys of identity providers", add_oidc},
      {"quota", "Limit how many instances accounts use at once", add_quota},
      {"preempt", "Interrupt a managed spot training job", clary::cli::add_preempt},
      {"shell", "Open a shell in the sandbox of a training job", clary::cli::add_shell},
      {"image", "Load and list images of your own, and map URIs to them", add_image},
      {"settings", "Print every setting with its default", add_settings},
      {"coverage", "Print which AWS operations are built, as Markdown", add_coverage},
      {"version", "Print the version", add_version},
  }};
  return clary::cli::run(argc, argv, commands);
}
