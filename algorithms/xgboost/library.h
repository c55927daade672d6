// libxgboost behind C++ types. It is loaded at run time: a process that only evaluates trees never
// loads it, and one that trains loads it while it reads data.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "algorithms/data/table.h"

namespace clary::algorithms::xgboost {

// What libxgboost says, without its time stamp, source path and stack trace.
class XgboostError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Loads the library once (later calls return at once) and quiets its log to errors. Looks in
// CLARY_XGBOOST_LIBRARY, then in ../lib/xgboost beside the program. blocks: a few milliseconds.
// Throws XgboostError when it is not there. Sets OMP_WAIT_POLICY=passive unless it is set: spinning
// OpenMP threads take the processor from everything else on the machine.
void load_library();

// Rows with their labels. threads: one at a time.
class DMatrix {
 public:
  // The table may go away afterwards.
  DMatrix(const Table& table, int threads);
  ~DMatrix();
  DMatrix(DMatrix&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  DMatrix& operator=(DMatrix&&) = delete;

  void set_info(const char* name, std::span<const float> values);
  void set_info(const char* name, std::span<const std::uint32_t> values);
  DMatrix slice(std::span<const int> rows) const;
  std::uint64_t rows() const;
  std::uint64_t columns() const;
  void* handle() const { return handle_; }

 private:
  explicit DMatrix(void* handle) : handle_(handle) {}
  void* handle_ = nullptr;
};

enum class Output { kTransformed, kMargin };

// One prediction a row, or `width` of them.
struct Predictions {
  std::vector<float> values;
  std::size_t width = 1;
};

// threads: one at a time.
class Booster {
 public:
  // `cached` matrices keep their margins between rounds; they must outlive the booster.
  explicit Booster(std::span<const DMatrix* const> cached = {});
  ~Booster();
  Booster(Booster&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Booster& operator=(Booster&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }

  void set(const std::string& name, const std::string& value);
  void update(int round, const DMatrix& data);
  // "[3]\ttrain-auc:0.98\tvalidation-auc:0.91", with all digits.
  std::string evaluate(int round, std::span<const DMatrix* const> data,
                       std::span<const char* const> names);
  Predictions predict(const DMatrix& data, Output output) const;
  void set_attribute(const std::string& name, const std::string& value);
  int rounds() const;
  std::uint64_t features() const;
  std::string config() const;
  // The first `rounds` rounds as a booster of their own.
  Booster first(int rounds) const;

  std::string save_ubjson() const;
  // JSON, UBJSON and the old binary format.
  void load(std::string_view bytes);
  // What pickled Boosters of XGBoost 1.0 and later hold: model and configuration together.
  void unserialize(std::string_view bytes);

 private:
  struct Adopt {};
  Booster(Adopt, void* handle) : handle_(handle) {}
  void* handle_ = nullptr;
};

// Instances that train one model together: libxgboost's collective operations among them, over TCP.
// The first of the hosts runs the tracker that makes them known to each other. While one exists,
// every training call is one of all instances. threads: one at a time, one per process.
class Communicator {
 public:
  // blocks until all have joined. Uses `port` and the one after it of the first host. Throws
  // XgboostError when they do not join in time.
  Communicator(const std::vector<std::string>& hosts, const std::string& current,
               std::uint16_t port);
  ~Communicator();
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  // Every instance calls it; all get the value of hosts[from].
  int broadcast(int value, std::size_t from) const;

 private:
  void start_tracker(const std::string& address, std::uint16_t port, std::size_t hosts);

  void* tracker_ = nullptr;
  int listener_ = -1;  // the first host's: who reaches it knows that the tracker is there
  const int exceptions_;
};

}  // namespace clary::algorithms::xgboost
