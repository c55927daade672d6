#include "algorithms/xgboost/training.h"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <future>

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

void run_job(const ContainerPaths& paths) {
  // Loading the library takes about as long as reading small data: both at once.
  auto library = std::async(std::launch::async, load_library);
  const TrainingConfig config = read_training_config(paths);
  const HyperparameterValues values = validate_hyperparameters(config.hyperparameters);
  check_channels(config);
  if (config.hosts.size() > 1) {
    throw ClientError("XGBoost trains on one instance here, the job has " +
                      std::to_string(config.hosts.size()) + ": set InstanceCount to 1");
  }
  TrainingPlan plan = make_plan(values);
  handle_sigterm(plan.save_on_termination);
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
    if (checkpoints) checkpoints->after_round(round, booster);
    const auto now = std::chrono::steady_clock::now();
    if (!plan.save_on_termination || now - last_save < kIntermediatePause) return;
    save_model(paths, booster);
    last_save = now;
  };
  Trainer trainer(
      plan, std::move(watched),
      {.print = print, .stop_asked = [] { return stop_asked.load(); }, .after_round = after_round});
  const Booster booster = trainer.run(std::move(start));
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
