#include "cli/audit_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <deque>
#include <fstream>
#include <iostream>
#include <thread>

#include "audit/log_files.h"
#include "audit/verify.h"
#include "base/json.h"
#include "cli/folder_seal.h"
#include "cli/setting_flags.h"

namespace clary::cli {
namespace {

const std::vector<std::string_view> kFlags{"data_dir", "root_key_file", "root_key_command"};

struct Filter {
  std::string user, name, source, since, until;
  bool denied = false, as_json = false;
  std::size_t count = 0;  // the last so many; 0: all
};

std::filesystem::path folder_of(const Settings& settings) {
  const auto folder = settings.data_dir / "audit";
  if (!std::filesystem::exists(folder)) {
    throw std::runtime_error("there is no audit log in " + settings.data_dir.string());
  }
  return folder;
}

audit::ChainPoint parse_point(const std::string& text) {
  audit::ChainPoint point;
  const std::size_t colon = text.find(':');
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), point.seq);
  if (error != std::errc() || colon == std::string::npos || end != text.data() + colon ||
      text.size() - colon - 1 != audit::kHashDigits) {
    throw std::runtime_error("--expect takes what `clary audit head` printed");
  }
  point.hash = text.substr(colon + 1);
  return point;
}

int verify(const Settings& settings, const std::string& expected) {
  const FolderSeal key = folder_seal(settings);
  audit::VerifyOptions options;
  options.live = in_use(settings.data_dir);
  if (!expected.empty()) options.expected = parse_point(expected);
  const audit::Verification result = audit::verify(folder_of(settings), key.seal(), options);
  for (const std::string& note : result.notes) std::cout << "note: " << note << '\n';
  if (!key.sealer) std::cout << "note: without the root key: " << key.why_not << '\n';
  if (result.fault) {
    const audit::Fault& fault = *result.fault;
    std::cout << "DAMAGED: ";
    if (!fault.file.empty()) std::cout << fault.file << " line " << fault.line << ' ';
    std::cout << fault.what << '\n';
    return 1;
  }
  std::cout << fmt::format("whole: records {} to {}, {} of them requests; the last is {}\n",
                           result.before.seq + 1, result.last.seq, result.requests,
                           result.last.hash);
  return 0;
}

int print_head(const Settings& settings) {
  const FolderSeal key = folder_seal(settings);
  const audit::ReadHead read = audit::read_head(folder_of(settings), key.seal());
  if (read.state == audit::HeadState::kAbsent || read.state == audit::HeadState::kDamaged) {
    throw std::runtime_error("the head is missing or damaged; see `clary audit verify`");
  }
  std::cout << read.head.last.seq << ':' << read.head.last.hash << '\n';
  return 0;
}

std::string who_of(const json::object& event) {
  const json::object* identity = find_object(event, "userIdentity");
  if (identity == nullptr) return "-";
  const std::string arn = string_or(*identity, "arn");
  if (!arn.empty()) return arn.substr(arn.find_last_of(':') + 1);
  const std::string type = string_or(*identity, "type", "-");
  const std::string key = string_or(*identity, "accessKeyId");
  return key.empty() ? type : type + " " + key;
}

// Control characters of clients must not reach the terminal.
std::string printable(std::string text) {
  for (char& c : text) {
    if ((c >= 0 && c < 0x20) || c == 0x7f) c = '?';
  }
  return text;
}

std::string line_for_people(const audit::Record& record, const json::object& event) {
  if (!record.mark.empty()) {
    return fmt::format("{}  ** {} **", iso8601_ms(record.at), record.mark);
  }
  std::string resource;
  if (const json::array* resources = find_array(event, "resources"); resources != nullptr) {
    if (!resources->empty() && resources->front().is_object()) {
      resource = string_or(resources->front().get_object(), "ARN");
    }
  }
  std::string source = string_or(event, "eventSource");
  source = source.substr(0, source.find('.'));
  std::string error = string_or(event, "errorCode");
  const json::object* more = find_object(event, "additionalEventData");
  const std::int64_t status = more == nullptr ? 0 : find_int(*more, "httpStatus").value_or(0);
  return printable(fmt::format(
      "{}  {:3} {:<45} {}:{} {} from {}{}", iso8601_ms(record.at), status, who_of(event), source,
      string_or(event, "eventName"), resource.empty() ? "-" : resource,
      string_or(event, "sourceIPAddress"), error.empty() ? "" : "  " + error));
}

bool passes(const Filter& filter, const audit::Record& record, const json::object& event) {
  const std::string time = iso8601(record.at);
  if (!filter.since.empty() && time < filter.since) return false;
  if (!filter.until.empty() && time > filter.until) return false;
  if (!filter.name.empty() && string_or(event, "eventName") != filter.name) return false;
  if (!filter.source.empty() && !string_or(event, "eventSource").starts_with(filter.source)) {
    return false;
  }
  if (!filter.user.empty() && who_of(event).find(filter.user) == std::string::npos) return false;
  return !filter.denied || !string_or(event, "errorCode").empty();
}

// The line as it is shown; nullopt when it is filtered out or is no record.
std::optional<std::string> shown(const Filter& filter, const std::string& line) {
  const auto record = audit::read_record(line);
  if (!record) return std::nullopt;
  boost::system::error_code error;
  const json::value value = json::parse(audit::event_document(*record), error);
  if (error || !value.is_object()) return std::nullopt;
  if (!passes(filter, *record, value.get_object())) return std::nullopt;
  return filter.as_json ? line : line_for_people(*record, value.get_object());
}

int list(const Settings& settings, const Filter& filter) {
  std::deque<std::string> last;
  for (const audit::LogFile& file : audit::log_files(folder_of(settings))) {
    std::ifstream in(file.path, std::ios::binary);
    for (std::string line; std::getline(in, line);) {
      auto text = shown(filter, line);
      if (!text) continue;
      if (filter.count == 0) {
        std::cout << *text << '\n';
        continue;
      }
      last.push_back(std::move(*text));
      if (last.size() > filter.count) last.pop_front();
    }
  }
  for (const std::string& line : last) std::cout << line << '\n';
  return 0;
}

// Prints what comes, until it is interrupted.
[[noreturn]] void follow(const Settings& settings, const Filter& filter) {
  const auto folder = folder_of(settings);
  std::uint32_t number = 0;
  std::ifstream in;
  std::string part;
  while (true) {
    const auto files = audit::log_files(folder);
    if (!files.empty() && number == 0) {
      number = files.back().number;
      in.open(files.back().path, std::ios::binary);
      in.seekg(0, std::ios::end);
    }
    for (std::string line; std::getline(in, line);) {
      part += line;
      if (in.eof()) break;  // no newline yet
      if (const auto text = shown(filter, part)) std::cout << *text << '\n';
      part.clear();
    }
    std::cout.flush();
    in.clear();
    if (!files.empty() && files.back().number > number) {
      ++number;
      in.close();
      in.open(audit::log_file_path(folder, number), std::ios::binary);
      continue;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
}

void add_filter(CLI::App& app, Filter& filter) {
  app.add_option("--user", filter.user, "Only of principals whose name holds this");
  app.add_option("--event", filter.name, "Only of this operation, such as CreateTrainingJob");
  app.add_option("--service", filter.source, "Only of this service, such as s3");
  app.add_flag("--denied", filter.denied, "Only what ended in an error");
  app.add_flag("--json", filter.as_json, "Whole records, one a line");
}

}  // namespace

std::function<int()> add_audit(CLI::App& app) {
  app.require_subcommand(1);
  CLI::App* check = app.add_subcommand(
      "verify", "Check that no record was changed, removed, added or moved (exit code 1: damaged)");
  auto expected = std::make_shared<std::string>();
  check->add_option("--expect", *expected, "What `clary audit head` printed, kept elsewhere");
  CLI::App* head = app.add_subcommand(
      "head", "Print where the log stands, to keep outside of this machine for `verify --expect`");
  CLI::App* tail = app.add_subcommand("tail", "Print the last requests");
  CLI::App* all = app.add_subcommand("list", "Print requests, oldest first");
  auto tail_filter = std::make_shared<Filter>();
  tail_filter->count = 20;
  auto following = std::make_shared<bool>(false);
  tail->add_option("-n", tail_filter->count, "How many [20]");
  tail->add_flag("-f,--follow", *following, "Go on with those that come");
  add_filter(*tail, *tail_filter);
  auto filter = std::make_shared<Filter>();
  all->add_option("--since", filter->since, "From this time on, such as 2026-11-22T20:00:00Z");
  all->add_option("--until", filter->until, "Up to this time");
  add_filter(*all, *filter);

  return [check, head, all, expected, tail_filter, filter, following,
          of_check = SettingFlags(*check, kFlags), of_head = SettingFlags(*head, kFlags),
          of_tail = SettingFlags(*tail, kFlags), of_all = SettingFlags(*all, kFlags)] {
    if (check->parsed()) return verify(of_check.load(), *expected);
    if (head->parsed()) return print_head(of_head.load());
    if (all->parsed()) return list(of_all.load(), *filter);
    const Settings settings = of_tail.load();
    const int code = list(settings, *tail_filter);
    if (*following) follow(settings, *tail_filter);
    return code;
  };
}

}  // namespace clary::cli
