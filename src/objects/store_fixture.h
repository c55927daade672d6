// An object store in a folder of its own, with one bucket, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/text.h"
#include "objects/object_store.h"
#include "store/test_folder.h"

namespace clary::objects {

class StoreFixture : public testing::Test {
 protected:
  StoreFixture() {
    reopen();
    EXPECT_TRUE(store_->create_bucket({bucket_, "1", "r", {}}));
  }

  void reopen() {
    store_.reset();
    store_ = std::make_unique<ObjectStore>(folder_.path(), clock_);
  }

  static std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
    return bytes;
  }

  Outcome<ObjectInfo> try_put(const std::string& key, std::string_view bytes,
                              const PutOptions& options = {}) {
    auto writer = store_->open_writer(bytes.size());
    for (std::size_t at = 0; at < bytes.size(); at += 70'000) {
      writer->write(as_bytes(bytes.substr(at, 70'000)));
    }
    return store_->put(bucket_, ObjectKey(key), *writer, options);
  }
  ObjectInfo put(const std::string& key, std::string_view bytes) {
    return try_put(key, bytes).value();
  }

  std::string get(const std::string& key) {
    auto content = store_->get(bucket_, ObjectKey(key));
    if (!content) return "absent";
    std::string bytes(content->info().size, '\0');
    EXPECT_EQ(content->read(0, bytes.data(), bytes.size()), bytes.size());
    return bytes;
  }

  Outcome<ObjectInfo> copy(const std::string& from, const std::string& to,
                           std::optional<PutOptions> replace = {}) {
    return store_->copy(
        {bucket_, ObjectKey(from), bucket_, ObjectKey(to), std::move(replace), {}, {}});
  }

  Outcome<PartInfo> put_part(const std::string& key, const std::string& upload, int number,
                             std::string_view bytes) {
    auto writer = store_->open_writer(bytes.size());
    writer->write(as_bytes(bytes));
    return store_->put_part(bucket_, ObjectKey(key), upload, number, *writer, {});
  }

  // All pages of a listing: keys, [common prefixes], pages parted by " | ".
  std::string listed(const std::string& prefix, const std::string& delimiter, std::size_t limit) {
    ListQuery query{bucket_, prefix, delimiter, "", limit};
    std::string text;
    while (true) {
      const auto page = store_->list(query).value();
      std::vector<std::pair<std::string, std::string>> entries;
      for (const auto& object : page.objects) entries.emplace_back(object.key.str(), "");
      for (const auto& name : page.common_prefixes) entries.emplace_back(name, "p");
      std::ranges::sort(entries);
      std::string line;
      for (const auto& [name, kind] : entries) {
        line += (line.empty() ? "" : " ") + (kind.empty() ? name : "[" + name + "]");
      }
      text += line;
      if (!page.truncated) return text;
      text += " | ";
      query.start_after = page.last;
    }
  }

  std::size_t file_count() const {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder_.path() / "data")) {
      if (entry.is_regular_file()) ++count;
    }
    return count;
  }

  store::TestFolder folder_;
  ManualClock clock_{Timestamp(std::chrono::milliseconds(1'700'000'000'000))};
  BucketName bucket_{"b"};
  std::unique_ptr<ObjectStore> store_;
};

}  // namespace clary::objects
