#include "algorithms/xgboost/training.h"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <future>
#include <thread>

#include "algorithms/container/failure.h"
#include "algorithms/data/channel.h"
#include "algorithms/xgboost/checkpoints.h"
#include "algorithms/xgboost/cross_validation.h"

namespace clary::algorithms::xgboost {
namespace {

// Set by SIGTERM; a signal handler may touch nothing else.
std::atomic<bool> stop_asked{false};

// How often an unfinished model is saved for a job that wants it when it is stopped: a stop in the
// middle of a long round may end in SIGKILL.
constexpr std::chrono::seconds kIntermediatePause{2};

void print(const std::string& line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

// As the container's log: "[2026-11-22:20:41:37:INFO] text".
void log_info(const std::string& text) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char stamp[40];
  std::strftime(stamp, sizeof stamp, "[%Y-%m-%d:%H:%M:%S:INFO] ", &parts);
  print(stamp + text);
}

// Errors of libxgboost that come from data or hyperparameters rather than from a fault.
bool is_users(std::string_view message) {
  constexpr auto kMarks = std::to_array<std::string_view>(
      {"label must be", "num_class", "feature_names mismatch", "preds.size() == info.labels",
       "only contains pos or neg samples", "base_score must be", "label_correct", "reg_lambda",
       "should be", "must be", "Invalid", "Unknown", "Parameter", "not supported", "expect",
       "group", "qid", "valid"});
  return std::ranges::any_of(kMarks, [&](std::string_view mark) { return message.contains(mark); });
}

// Errors of the talk among instances: another one has gone.
bool is_of_others(std::string_view message) {
  constexpr auto kSources = std::to_array<std::string_view>(
      {"[allreduce.cc", "[allgather.cc", "[broadcast.cc", "[comm.cc", "[socket.h", "[socket.cc"});
  return std::ranges::any_of(kSources,
                             [&](std::string_view source) { return message.contains(source); });
}

// Why the other one ended is what the job failed of, and whoever runs the job ends this instance
// for it. Only when nobody does that this one has something to say.
void wait_to_be_ended() {
  constexpr std::chrono::seconds kLongest{60};
  const auto end = std::chrono::steady_clock::now() + kLongest;
  while (!stop_asked && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

struct Channels {
  Table train;
  Table validation;
  bool validates = false;
};

void check_channels(const TrainingConfig& config) {
  if (!config.channels.contains("train")) throw ClientError("Missing required channel: train");
  for (const auto& [name, channel] : config.channels) {
    if (name != "train" && name != "validation" && name != "code") {
      throw ClientError("Extraneous channel found: " + name);
    }
  }
}

Channels read_channels(const ContainerPaths& paths, const TrainingConfig& config, bool weights) {
  Channels data;
  const auto read = [&](const std::string& name) {
    return read_channel(paths.channel(name), {.name = name,
                                              .config = config.channels.at(name),
                                              .weight_column = weights,
                                              .threads = usable_processors()});
  };
  data.train = read("train");
  data.validates = config.channels.contains("validation");
  if (!data.validates) return data;
  data.validation = read("validation");
  if (!data.train.sparse && !data.validation.sparse &&
      data.train.columns != data.validation.columns) {
    throw ClientError("The validation channel has " + std::to_string(data.validation.columns) +
                      " feature columns, the training channel has " +
                      std::to_string(data.train.columns));
  }
  // Sparse tables only know the largest index they saw.
  const std::size_t columns = std::max(data.train.columns, data.validation.columns);
  if (data.train.sparse) data.train.columns = columns;
  if (data.validation.sparse) data.validation.columns = columns;
  return data;
}

DMatrix make_matrix(const Table& table, const TrainingPlan& plan, unsigned threads) {
  DMatrix matrix(table, static_cast<int>(threads));
  if (plan.objective == "survival:aft") {
    // Labels without bounds are uncensored times.
    matrix.set_info("label_lower_bound", table.labels);
    matrix.set_info("label_upper_bound", table.labels);
  }
  return matrix;
}

void save_model(const ContainerPaths& paths, const Booster& booster) {
  std::filesystem::create_directories(paths.model());
  write_file_atomically(paths.model() / kModelName, booster.save_ubjson());
}

void handle_sigterm(bool save) {
  if (!save) return;  // the default action ends the process at once
  struct sigaction action{};
  action.sa_handler = [](int) { stop_asked.store(true); };
  ::sigaction(SIGTERM, &action, nullptr);
}

void check_hosts(const TrainingConfig& config, const TrainingPlan& plan) {
  if (config.hosts.size() > 1 && plan.folds > 0) {
    throw ClientError("Cross-validation (_kfold) runs on one instance, the job has " +
                      std::to_string(config.hosts.size()) + ": set InstanceCount to 1");
  }
}

// The instances of a job that train together. One whose channels hold no files, as may happen when
// they are sharded, takes no part; the others have to know that before they begin.
class Together {
 public:
  Together(const ContainerPaths& paths, const TrainingConfig& config) {
    if (config.hosts.size() < 2) return;
    std::vector<std::string> hosts = config.hosts;
    // "algo-2" comes before "algo-10".
    std::ranges::sort(hosts, {},
                      [](const std::string& host) { return std::pair(host.size(), host); });
    std::vector<std::string> with_data;
    {
      const Communicator all(hosts, config.current_host, kFirstPort);
      for (std::size_t i = 0; i < hosts.size(); ++i) {
        const bool mine = hosts[i] == config.current_host;
        if (all.broadcast(mine && has_data(paths, config) ? 1 : 0, i) == 1) {
          with_data.push_back(hosts[i]);
        }
      }
    }
    if (with_data.empty()) with_data.push_back(hosts[0]);  // which will say that there is none
    takes_part_ = std::ranges::find(with_data, config.current_host) != with_data.end();
    is_first_ = with_data[0] == config.current_host;
    if (takes_part_ && with_data.size() > 1) {
      communicator_.emplace(with_data, config.current_host, kFirstPort + 2);
    }
  }
  bool takes_part() const { return takes_part_; }
  bool is_first() const { return is_first_; }
  int agree(int decisions) const {
    return communicator_ ? communicator_->broadcast(decisions, 0) : decisions;
  }

 private:
  static constexpr std::uint16_t kFirstPort = 9099;  // as the container's tracker

  static bool has_data(const ContainerPaths& paths, const TrainingConfig& config) {
    const auto is_there = [&](const std::string& name) {
      const auto channel = config.channels.find(name);
      return channel != config.channels.end() &&
             (channel->second.input_mode == "Pipe" || !channel_files(paths.channel(name)).empty());
    };
    const bool train = is_there("train");
    if (train && config.channels.contains("validation") && !is_there("validation")) {
      throw ClientError("The validation channel has no data on host " + config.current_host +
                        ": give it at least as many objects as instances, or FullyReplicated as "
                        "its S3DataDistributionType");
    }
    return train;
  }

  bool takes_part_ = true, is_first_ = true;
  std::optional<Communicator> communicator_;
};

void run_job(const ContainerPaths& paths) {
  // Loading the library takes about as long as reading small data: both at once.
  auto library = std::async(std::launch::async, load_library);
  const TrainingConfig config = read_training_config(paths);
  const HyperparameterValues values = validate_hyperparameters(config.hyperparameters);
  check_channels(config);
  TrainingPlan plan = make_plan(values);
  check_hosts(config, plan);
  handle_sigterm(plan.save_on_termination);
  const Together together(paths, config);
  if (!together.takes_part()) {
    log_info("Host " + config.current_host + " does not have data, and takes no part.");
    return;
  }
  const auto csv_weights = values.find("csv_weights");
  const Channels data =
      read_channels(paths, config, csv_weights != values.end() && csv_weights->second == "1");

  const auto class_count = values.find("num_class");
  const int classes = class_count == values.end() ? 0 : std::stoi(class_count->second);
  check_labels(data.train, plan, classes, "train");
  if (data.validates) check_labels(data.validation, plan, classes, "validation");
  const unsigned threads =
      plan.threads > 0 ? plan.threads : threads_for(data.train, usable_processors());
  plan.parameters.emplace_back("nthread", std::to_string(threads));
  log_info("Train matrix has " + std::to_string(data.train.rows) + " rows and " +
           std::to_string(data.train.columns) + " columns");
  if (data.validates) {
    log_info("Validation matrix has " + std::to_string(data.validation.rows) + " rows");
  }
  library.get();

  if (plan.folds > 0) {
    cross_validate(paths, plan, data.train, data.validates ? &data.validation : nullptr, print);
    return;
  }
  const DMatrix train_matrix = make_matrix(data.train, plan, threads);
  std::optional<DMatrix> validation_matrix;
  std::vector<Watched> watched{{"train", &data.train, &train_matrix}};
  if (data.validates) {
    validation_matrix.emplace(make_matrix(data.validation, plan, threads));
    watched.push_back({"validation", &data.validation, &*validation_matrix});
  }

  std::optional<Checkpoints> checkpoints;
  std::optional<std::string> start;
  if (!config.checkpoints.empty()) {
    checkpoints.emplace(config.checkpoints, plan.rounds);
    start = checkpoints->newest();
    if (start) log_info("Checkpoint loaded from " + config.checkpoints.string());
  }
  auto last_save = std::chrono::steady_clock::now();
  const auto after_round = [&](int round, const Booster& booster) {
    if (!together.is_first()) return;
    if (checkpoints) checkpoints->after_round(round, booster);
    const auto now = std::chrono::steady_clock::now();
    if (!plan.save_on_termination || now - last_save < kIntermediatePause) return;
    save_model(paths, booster);
    last_save = now;
  };
  const auto print_once = [&](const std::string& line) {
    if (together.is_first()) print(line);
  };
  Trainer trainer(plan, std::move(watched),
                  {.print = print_once,
                   .stop_asked = [] { return stop_asked.load(); },
                   .after_round = after_round,
                   .agree = [&](int decisions) { return together.agree(decisions); }});
  const Booster booster = trainer.run(std::move(start));
  if (!together.is_first()) return;
  if (trainer.stopped()) log_info("Stopped; saving the model so far");
  save_model(paths, booster);
}

}  // namespace

int train(const ContainerPaths& paths) {
  try {
    run_job(paths);
    return 0;
  } catch (const ClientError& error) {
    report_failure(paths, "ClientError", error.what());
  } catch (const XgboostError& error) {
    if (is_of_others(error.what())) wait_to_be_ended();
    const bool users = is_users(error.what());
    report_failure(paths, users ? "ClientError" : "AlgorithmError",
                   std::string("XGB train call failed with exception: ") + error.what());
  } catch (const std::bad_alloc&) {
    report_failure(paths, "AlgorithmError",
                   "out of memory: choose an instance type with more memory");
  } catch (const std::exception& error) {
    report_failure(paths, "AlgorithmError", error.what());
  }
  return 1;
}

}  // namespace clary::algorithms::xgboost
