#include "algorithms/xgboost/library.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>

#include "algorithms/container/contract.h"
#include "algorithms/xgboost/own_address.h"
#include "base/json.h"

namespace clary::algorithms::xgboost {
namespace {

using Handle = void*;
using Length = std::uint64_t;

// The part of XGBoost's C API (stable since 1.7) that is used here.
struct Functions {
  const char* (*XGBGetLastError)();
  int (*XGBSetGlobalConfig)(const char*);
  int (*XGDMatrixCreateFromDense)(const char*, const char*, Handle*);
  int (*XGDMatrixCreateFromCSR)(const char*, const char*, const char*, Length, const char*,
                                Handle*);
  int (*XGDMatrixFree)(Handle);
  int (*XGDMatrixSetInfoFromInterface)(Handle, const char*, const char*);
  int (*XGDMatrixSliceDMatrixEx)(Handle, const int*, Length, Handle*, int);
  int (*XGDMatrixNumRow)(Handle, Length*);
  int (*XGDMatrixNumCol)(Handle, Length*);
  int (*XGBoosterCreate)(const Handle*, Length, Handle*);
  int (*XGBoosterFree)(Handle);
  int (*XGBoosterSetParam)(Handle, const char*, const char*);
  int (*XGBoosterUpdateOneIter)(Handle, int, Handle);
  int (*XGBoosterEvalOneIter)(Handle, int, Handle*, const char**, Length, const char**);
  int (*XGBoosterPredictFromDMatrix)(Handle, Handle, const char*, const Length**, Length*,
                                     const float**);
  int (*XGBoosterSetAttr)(Handle, const char*, const char*);
  int (*XGBoosterBoostedRounds)(Handle, int*);
  int (*XGBoosterGetNumFeature)(Handle, Length*);
  int (*XGBoosterSaveJsonConfig)(Handle, Length*, const char**);
  int (*XGBoosterSlice)(Handle, int, int, int, Handle*);
  int (*XGBoosterSaveModelToBuffer)(Handle, const char*, Length*, const char**);
  int (*XGBoosterLoadModelFromBuffer)(Handle, const void*, Length);
  int (*XGBoosterUnserializeFromBuffer)(Handle, const void*, Length);
  int (*XGTrackerCreate)(const char*, Handle*);
  int (*XGTrackerRun)(Handle, const char*);
  int (*XGTrackerWaitFor)(Handle, const char*);
  int (*XGTrackerFree)(Handle);
  int (*XGCommunicatorInit)(const char*);
  int (*XGCommunicatorFinalize)();
  int (*XGCommunicatorBroadcast)(void*, std::size_t, int);
};

std::string library_path() {
  const std::string set = environment_or("CLARY_XGBOOST_LIBRARY", "");
  if (!set.empty()) return set;
  char self[PATH_MAX];
  const ssize_t size = ::readlink("/proc/self/exe", self, sizeof self);
  const std::filesystem::path program =
      size > 0 ? std::filesystem::path(std::string(self, static_cast<std::size_t>(size)))
               : std::filesystem::path("/usr/bin/clary-algo");
  return program.parent_path().parent_path() / "lib/xgboost/lib/libxgboost.so";
}

Functions open_library() {
  ::setenv("OMP_WAIT_POLICY", "passive", 0);
  const std::string path = library_path();
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw XgboostError(std::string("libxgboost cannot be loaded: ") + ::dlerror());
  }
  Functions f{};
  const auto find = [&](auto& function, const char* name) {
    void* symbol = ::dlsym(library, name);
    if (symbol == nullptr) throw XgboostError(path + " has no " + name);
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(symbol);
  };
#define CLARY_FIND(name) find(f.name, #name)
  CLARY_FIND(XGBGetLastError);
  CLARY_FIND(XGBSetGlobalConfig);
  CLARY_FIND(XGDMatrixCreateFromDense);
  CLARY_FIND(XGDMatrixCreateFromCSR);
  CLARY_FIND(XGDMatrixFree);
  CLARY_FIND(XGDMatrixSetInfoFromInterface);
  CLARY_FIND(XGDMatrixSliceDMatrixEx);
  CLARY_FIND(XGDMatrixNumRow);
  CLARY_FIND(XGDMatrixNumCol);
  CLARY_FIND(XGBoosterCreate);
  CLARY_FIND(XGBoosterFree);
  CLARY_FIND(XGBoosterSetParam);
  CLARY_FIND(XGBoosterUpdateOneIter);
  CLARY_FIND(XGBoosterEvalOneIter);
  CLARY_FIND(XGBoosterPredictFromDMatrix);
  CLARY_FIND(XGBoosterSetAttr);
  CLARY_FIND(XGBoosterBoostedRounds);
  CLARY_FIND(XGBoosterGetNumFeature);
  CLARY_FIND(XGBoosterSaveJsonConfig);
  CLARY_FIND(XGBoosterSlice);
  CLARY_FIND(XGBoosterSaveModelToBuffer);
  CLARY_FIND(XGBoosterLoadModelFromBuffer);
  CLARY_FIND(XGBoosterUnserializeFromBuffer);
  CLARY_FIND(XGTrackerCreate);
  CLARY_FIND(XGTrackerRun);
  CLARY_FIND(XGTrackerWaitFor);
  CLARY_FIND(XGTrackerFree);
  CLARY_FIND(XGCommunicatorInit);
  CLARY_FIND(XGCommunicatorFinalize);
  CLARY_FIND(XGCommunicatorBroadcast);
#undef CLARY_FIND
  f.XGBSetGlobalConfig(R"({"verbosity":0})");
  return f;
}

const Functions& lib() {
  static const Functions functions = open_library();
  return functions;
}

// "[20:54:01] /path/file.cc:123: Check failed: a == b: what\nStack trace:..." -> the middle.
std::string readable(std::string_view message) {
  message = message.substr(0, message.find("\nStack trace"));
  if (message.starts_with('[')) {
    const auto stamp = message.find("] ");
    if (stamp != message.npos) message.remove_prefix(stamp + 2);
  }
  if (message.starts_with('/') || message.starts_with("src/")) {
    const auto place = message.find(": ");
    if (place != message.npos) message.remove_prefix(place + 2);
  }
  while (!message.empty() && message.back() == '\n') message.remove_suffix(1);
  return std::string(message);
}

void check(int result) {
  if (result != 0) throw XgboostError(readable(lib().XGBGetLastError()));
}

// numpy's array interface, in which libxgboost takes arrays.
std::string array(const void* data, std::size_t rows, std::size_t columns, const char* type) {
  std::string text = "{\"data\":[" + std::to_string(reinterpret_cast<std::uintptr_t>(data)) +
                     ",true],\"shape\":[" + std::to_string(rows);
  if (columns > 0) text += "," + std::to_string(columns);
  return text + "],\"typestr\":\"" + type + "\",\"version\":3}";
}

constexpr int kJoinSeconds = 300;
constexpr std::chrono::milliseconds kJoinPause{20};

sockaddr_in socket_address(const std::string& address, int port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, address.c_str(), &result.sin_addr);
  return result;
}

int listen_at(const std::string& address, int port) {
  const sockaddr_in where = socket_address(address, port);
  const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(file, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 ||
      ::listen(file, 1024) != 0) {
    throw XgboostError("port " + std::to_string(port) + " of " + address + ": " +
                       std::strerror(errno));
  }
  return file;
}

// Until somebody listens there. libxgboost itself would wait for seconds between its attempts.
void wait_for_listener(const std::string& address, int port) {
  const sockaddr_in where = socket_address(address, port);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(kJoinSeconds);
  while (true) {
    const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool there =
        ::connect(file, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
    ::close(file);
    if (there) return;
    if (std::chrono::steady_clock::now() > end) {
      throw XgboostError("the first instance of this job does not answer at " + address);
    }
    std::this_thread::sleep_for(kJoinPause);
  }
}

std::string address_of(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) {
    throw XgboostError("the host " + host + " of this job is not known");
  }
  char text[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(found->ai_addr)->sin_addr, text,
              sizeof text);
  ::freeaddrinfo(found);
  return text;
}

}  // namespace

void load_library() {
  lib();
}

DMatrix::DMatrix(const Table& table, int threads) {
  const std::string config =
      "{\"missing\":NaN,\"nthread\":" + std::to_string(threads) + ",\"data_split_mode\":0}";
  if (table.sparse) {
    check(lib().XGDMatrixCreateFromCSR(
        array(table.row_starts.data(), table.rows + 1, 0, "<u8").c_str(),
        array(table.column_of.data(), table.column_of.size(), 0, "<u4").c_str(),
        array(table.values.data(), table.values.size(), 0, "<f4").c_str(), table.columns,
        config.c_str(), &handle_));
  } else {
    check(lib().XGDMatrixCreateFromDense(
        array(table.dense.data(), table.rows, table.columns, "<f4").c_str(), config.c_str(),
        &handle_));
  }
  if (!table.labels.empty()) set_info("label", table.labels);
  if (!table.weights.empty()) set_info("weight", table.weights);
  if (!table.query_ids.empty()) set_info("qid", table.query_ids);
}

DMatrix::~DMatrix() {
  if (handle_ != nullptr) lib().XGDMatrixFree(handle_);
}

void DMatrix::set_info(const char* name, std::span<const float> values) {
  check(lib().XGDMatrixSetInfoFromInterface(handle_, name,
                                            array(values.data(), values.size(), 0, "<f4").c_str()));
}

void DMatrix::set_info(const char* name, std::span<const std::uint32_t> values) {
  check(lib().XGDMatrixSetInfoFromInterface(handle_, name,
                                            array(values.data(), values.size(), 0, "<u4").c_str()));
}

DMatrix DMatrix::slice(std::span<const int> rows) const {
  void* handle = nullptr;
  check(lib().XGDMatrixSliceDMatrixEx(handle_, rows.data(), rows.size(), &handle, 0));
  return DMatrix(handle);
}

std::uint64_t DMatrix::rows() const {
  Length rows = 0;
  check(lib().XGDMatrixNumRow(handle_, &rows));
  return rows;
}

std::uint64_t DMatrix::columns() const {
  Length columns = 0;
  check(lib().XGDMatrixNumCol(handle_, &columns));
  return columns;
}

Booster::Booster(std::span<const DMatrix* const> cached) {
  std::vector<Handle> handles;
  for (const DMatrix* matrix : cached) handles.push_back(matrix->handle());
  check(lib().XGBoosterCreate(handles.data(), handles.size(), &handle_));
}

Booster::~Booster() {
  if (handle_ != nullptr) lib().XGBoosterFree(handle_);
}

void Booster::set(const std::string& name, const std::string& value) {
  check(lib().XGBoosterSetParam(handle_, name.c_str(), value.c_str()));
}

void Booster::update(int round, const DMatrix& data) {
  check(lib().XGBoosterUpdateOneIter(handle_, round, data.handle()));
}

std::string Booster::evaluate(int round, std::span<const DMatrix* const> data,
                              std::span<const char* const> names) {
  std::vector<Handle> handles;
  for (const DMatrix* matrix : data) handles.push_back(matrix->handle());
  std::vector<const char*> texts(names.begin(), names.end());
  const char* result = nullptr;
  check(lib().XGBoosterEvalOneIter(handle_, round, handles.data(), texts.data(), handles.size(),
                                   &result));
  return result;
}

Predictions Booster::predict(const DMatrix& data, Output output) const {
  const char* config = output == Output::kMargin
                           ? R"({"type":1,"training":false,"iteration_begin":0,)"
                             R"("iteration_end":0,"strict_shape":false})"
                           : R"({"type":0,"training":false,"iteration_begin":0,)"
                             R"("iteration_end":0,"strict_shape":false})";
  const Length* shape = nullptr;
  Length dimensions = 0;
  const float* values = nullptr;
  check(lib().XGBoosterPredictFromDMatrix(handle_, data.handle(), config, &shape, &dimensions,
                                          &values));
  std::size_t size = 1;
  for (Length i = 0; i < dimensions; ++i) size *= shape[i];
  Predictions result;
  result.values.assign(values, values + size);
  if (dimensions > 1 && shape[0] > 0) result.width = size / shape[0];
  return result;
}

void Booster::set_attribute(const std::string& name, const std::string& value) {
  check(lib().XGBoosterSetAttr(handle_, name.c_str(), value.c_str()));
}

int Booster::rounds() const {
  int rounds = 0;
  check(lib().XGBoosterBoostedRounds(handle_, &rounds));
  return rounds;
}

std::uint64_t Booster::features() const {
  Length features = 0;
  check(lib().XGBoosterGetNumFeature(handle_, &features));
  return features;
}

std::string Booster::config() const {
  Length size = 0;
  const char* text = nullptr;
  check(lib().XGBoosterSaveJsonConfig(handle_, &size, &text));
  return std::string(text, size);
}

Booster Booster::first(int rounds) const {
  void* handle = nullptr;
  check(lib().XGBoosterSlice(handle_, 0, rounds, 1, &handle));
  return Booster(Adopt{}, handle);
}

std::string Booster::save_ubjson() const {
  Length size = 0;
  const char* bytes = nullptr;
  check(lib().XGBoosterSaveModelToBuffer(handle_, R"({"format":"ubj"})", &size, &bytes));
  return std::string(bytes, size);
}

void Booster::load(std::string_view bytes) {
  check(lib().XGBoosterLoadModelFromBuffer(handle_, bytes.data(), bytes.size()));
}

void Booster::unserialize(std::string_view bytes) {
  check(lib().XGBoosterUnserializeFromBuffer(handle_, bytes.data(), bytes.size()));
}

Communicator::Communicator(const std::vector<std::string>& hosts, const std::string& current,
                           std::uint16_t port)
    : exceptions_(std::uncaught_exceptions()) {
  const std::string first = address_of(hosts.at(0));
  bind_only_to(address_of(current));
  if (current == hosts[0]) {
    start_tracker(first, port, hosts.size());
    listener_ = listen_at(first, port + 1);
  } else {
    wait_for_listener(first, port + 1);
  }
  const json::object config{{"dmlc_communicator", "rabit"}, {"dmlc_timeout_sec", kJoinSeconds},
                            {"dmlc_tracker_uri", first},    {"dmlc_tracker_port", port},
                            {"dmlc_task_id", current},      {"dmlc_retry", 3}};
  check(lib().XGCommunicatorInit(json::serialize(config).c_str()));
}

void Communicator::start_tracker(const std::string& address, std::uint16_t port,
                                 std::size_t hosts) {
  const json::object config{
      {"dmlc_communicator", "rabit"}, {"n_workers", hosts}, {"host", address}, {"port", port},
      {"timeout", kJoinSeconds},      {"sortby", 1}};  // by task id
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(kJoinSeconds);
  // An earlier job's connections may hold the port for a minute (TIME_WAIT).
  while (lib().XGTrackerCreate(json::serialize(config).c_str(), &tracker_) != 0) {
    const std::string_view error = lib().XGBGetLastError();
    const bool busy = error.contains("Address already in use");
    if (!busy || std::chrono::steady_clock::now() > end) throw XgboostError(readable(error));
    std::this_thread::sleep_for(kJoinPause);
  }
  check(lib().XGTrackerRun(tracker_, "{}"));
}

Communicator::~Communicator() {
  if (listener_ >= 0) ::close(listener_);
  // After a failure the others will not take part in an end that all agree on.
  if (std::uncaught_exceptions() > exceptions_) return;
  lib().XGCommunicatorFinalize();
  if (tracker_ == nullptr) return;
  lib().XGTrackerWaitFor(tracker_, "{}");
  lib().XGTrackerFree(tracker_);
}

int Communicator::broadcast(int value, std::size_t from) const {
  check(lib().XGCommunicatorBroadcast(&value, sizeof value, static_cast<int>(from)));
  return value;
}

}  // namespace clary::algorithms::xgboost
