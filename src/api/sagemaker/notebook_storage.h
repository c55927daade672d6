// The volumes of notebook instances as their operations and their controller see them: an
// interface, so that their tests need no disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "engine/notebook_volumes.h"

namespace clary::api::sagemaker {

// As engine::NotebookVolumes, which says more.
class NotebookStorage {
 public:
  virtual ~NotebookStorage() = default;
  virtual std::optional<std::string> why_not() = 0;
  virtual std::filesystem::path open(const std::string& id, std::uint64_t bytes,
                                     std::string_view key) = 0;
  virtual bool exists(const std::string& id) = 0;
  virtual void close(const std::string& id) = 0;
  virtual void remove(const std::string& id) = 0;
};

class EngineNotebookStorage final : public NotebookStorage {
 public:
  explicit EngineNotebookStorage(engine::NotebookVolumes& volumes) : volumes_(volumes) {}
  std::optional<std::string> why_not() override { return engine::NotebookVolumes::why_not(); }
  std::filesystem::path open(const std::string& id, std::uint64_t bytes,
                             std::string_view key) override {
    return volumes_.open(id, bytes, key);
  }
  bool exists(const std::string& id) override { return volumes_.exists(id); }
  void close(const std::string& id) override { volumes_.close(id); }
  void remove(const std::string& id) override { volumes_.remove(id); }

 private:
  engine::NotebookVolumes& volumes_;
};

}  // namespace clary::api::sagemaker
